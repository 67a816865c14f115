/** Opens the pure-JS reactor's UDP sockets: when these functions return they are bound, or the error is known. */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { SystemError } from '../../core/errors/base.js';
import { CannotListenError, DescriptorError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { systemError } from '../../internal/system-error.js';
import type {
  AdoptedUDPSettings,
  DatagramSettings,
  UDPSettings,
} from '../datagrams/datagram-settings.js';
import { checkSocket } from './adopt.js';
import { turnToIPv6 } from './dgram-handle.js';
import { bindsUDPAtOnce, canReusePort } from './net-handle.js';

const WANTED = 'a bound UDP socket';

type Lookup = NonNullable<SocketOptions['lookup']>;

/** Addresses need no lookup. Because it answers at once, `bind` and `send` act at once. */
const noLookup: Lookup = (host, _options, callback) => callback(null, host, isIPv6(host) ? 6 : 4);

/** @throws CannotListenError, SystemError */
export function bindUDP(settings: UDPSettings): Socket {
  const { port, listenMultiple, ipv6Only, reusePort } = settings;
  const ipv6 = isIPv6(settings.interface);
  const address = settings.interface || '0.0.0.0';
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    reuseAddr: listenMultiple,
    lookup: noLookup,
    ...(ipv6 && { ipv6Only }),
    ...(reusePort && { reusePort }),
  });
  let cause: Error | undefined;
  const failed = (error: Error): void => {
    cause = error;
  };
  socket.once('error', failed);
  // Exclusive: a worker of a cluster would ask the primary process for its socket, which takes time.
  socket.bind({ address, port, exclusive: true });
  socket.off('error', failed);
  if (cause !== undefined) {
    socket.close();
    throw new CannotListenError(settings, { cause });
  }
  try {
    configure(socket, settings);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

/**
 * @throws DescriptorError
 * @throws UnsupportedError the socket is of IPv6, and this Node exposes too little of it; it is closed. An option is not supported.
 */
export function adoptUDP(fd: number, settings: AdoptedUDPSettings): Socket {
  checkOptionsSupported(settings);
  checkSocket(fd, WANTED);
  const socket = createSocket({ type: 'udp4', lookup: noLookup });
  try {
    socket.bind({ fd, exclusive: true });
  } catch (error) {
    socket.close();
    const { errno } = error as Partial<SystemError>;
    // An error without a number is Node's own: this is not a UDP socket.
    const cause = systemError('open', errno === undefined ? 'EPROTOTYPE' : -errno);
    throw new DescriptorError(WANTED, fd, { cause });
  }
  const { family, port } = socket.address();
  if (port === 0) {
    socket.close();
    throw new DescriptorError(WANTED, fd, { cause: systemError('bind', 'EINVAL') });
  }
  if (family === 'IPv6' && !turnToIPv6(socket)) {
    socket.close();
    throw new UnsupportedError('adopting an IPv6 socket', 'this Node exposes too little of it');
  }
  configure(socket, settings);
  return socket;
}

/** @throws UnsupportedError */
export function checkUDPSupported(settings: UDPSettings): void {
  checkOptionsSupported(settings);
  if (settings.reusePort && !canReusePort()) {
    throw new UnsupportedError('reusePort', 'this Node cannot set it');
  }
  if (!bindsUDPAtOnce) {
    throw new UnsupportedError('listening', 'this engine cannot bind a UDP socket at once');
  }
}

/** @throws UnsupportedError */
function checkOptionsSupported(settings: AdoptedUDPSettings): void {
  const { packetInfo, receiveTrafficClass, receiveOffload } = settings;
  const asked = { packetInfo, receiveTrafficClass, receiveOffload };
  for (const [option, wanted] of Object.entries(asked)) {
    if (wanted) throw new UnsupportedError(option, 'Node cannot set it');
  }
}

function configure(socket: Socket, settings: DatagramSettings & { broadcast?: boolean }): void {
  const { broadcast, receiveBufferBytes, sendBufferBytes } = settings;
  if (broadcast === true) socket.setBroadcast(true);
  if (receiveBufferBytes !== undefined) socket.setRecvBufferSize(receiveBufferBytes);
  if (sendBufferBytes !== undefined) socket.setSendBufferSize(sendBufferBytes);
}
