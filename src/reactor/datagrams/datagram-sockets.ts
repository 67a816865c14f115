/** The datagram sockets of one implementation of the reactor. */
import type { UDPSettings, UNIXDatagramSettings } from './datagram-settings.js';
import type { UDPPort, UDPSocket } from './udp-port.js';
import type { UNIXDatagramPort, UNIXDatagramSocket } from './unix-datagram-port.js';

export interface UDPSockets {
  /** @throws CannotListenError, UnsupportedError */
  bind(settings: UDPSettings, port: UDPPort): UDPSocket;
}

export interface UNIXDatagramSockets {
  /** Connected if the settings name a peer. @throws CannotListenError, ConnectError, UnsupportedError */
  bind(settings: UNIXDatagramSettings, port: UNIXDatagramPort): UNIXDatagramSocket;
}
