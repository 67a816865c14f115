/** The UNIX stream sockets of one implementation of the reactor. */
import type { Dial, DialListener } from './dial.js';
import type { ListenSocket } from './listen-socket.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamPort } from './stream-port.js';
import type { UNIXConnectSettings, UNIXListenSettings, UNIXSettings } from './unix-settings.js';

export interface UNIXSockets {
  /** Whether `listen` and `dial` carry out `wantPID` and `checkPID` themselves, without lock files. */
  readonly ownLocks?: boolean;
  /** @throws UnsupportedError the settings ask for an option that these sockets do not have. */
  checkSupported(settings: UNIXSettings): void;
  /** @throws CannotListenError, UnsupportedError */
  listen(settings: UNIXListenSettings, port: StreamPort): ListenSocket;
  /** Starts a connect(2) to a UNIX socket. */
  dial(settings: UNIXConnectSettings, owner: StreamOwner, listener: DialListener): Dial;
}
