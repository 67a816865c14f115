/** The TCP sockets of one implementation of the reactor. */
import type { Dial, DialListener } from './dial.js';
import type { ListenSocket } from './listen-socket.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamPort } from './stream-port.js';
import type { ConnectSettings, ListenSettings } from './tcp-settings.js';

export interface TCPSockets {
  /** @throws UnsupportedError the settings ask for an option that these sockets do not have. */
  checkSupported(settings: ListenSettings | ConnectSettings): void;
  /** @throws CannotListenError, UnsupportedError */
  listen(settings: ListenSettings, port: StreamPort): ListenSocket;
  /** Starts a connect(2) to one IP address. */
  dial(
    address: string,
    port: number,
    settings: ConnectSettings,
    owner: StreamOwner,
    listener: DialListener,
  ): Dial;
}
