/** How one implementation of the reactor adopts sockets. A method that throws has not taken the descriptor over. */
import type { AdoptedUDPSettings } from '../datagrams/datagram-settings.js';
import type { UDPPort, UDPSocket } from '../datagrams/udp-port.js';
import type { ListenSocket } from '../streams/listen-socket.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamPort } from '../streams/stream-port.js';
import type { StreamTransport } from '../streams/stream-transport.js';

export interface AdoptedSockets {
  /** @throws DescriptorError, UnsupportedError */
  listening(fd: number, takeOver: boolean, port: StreamPort): ListenSocket;
  /** @throws DescriptorError, UnsupportedError */
  connection(fd: number, takeOver: boolean, owner: StreamOwner): StreamTransport;
  /** @throws DescriptorError, UnsupportedError */
  udp(fd: number, takeOver: boolean, settings: AdoptedUDPSettings, port: UDPPort): UDPSocket;
}
