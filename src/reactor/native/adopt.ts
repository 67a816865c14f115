/** Sockets that were opened elsewhere, given to the native reactor. A function that throws has not taken the descriptor over. */
import { type SocketAddress, UNIXAddress } from '../../core/address.js';
import type { AdoptedUDPSettings } from '../datagrams/datagram-settings.js';
import type { UDPPort } from '../datagrams/udp-port.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamPort } from '../streams/stream-port.js';
import { descriptorError } from './errors.js';
import { NativeListenSocket } from './listen-socket.js';
import { datagramInts } from './settings.js';
import type { NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';
import { NativeUDPSocket } from './udp-socket.js';
import { NativeUNIXTransport } from './unix-transport.js';

const UNNAMED = new UNIXAddress('');

/** @throws DescriptorError */
export function adoptListening(
  sockets: NativeSockets,
  fd: number,
  takeOver: boolean,
  port: StreamPort,
): NativeListenSocket {
  let handle: number;
  try {
    handle = sockets.loop.adoptListener(fd, takeOver);
  } catch (error) {
    throw descriptorError(error, 'a listening stream socket', fd);
  }
  const address = sockets.addressOf(handle, false) as SocketAddress;
  return sockets.add(new NativeListenSocket(sockets, handle, address, port, false));
}

/** @throws DescriptorError */
export function adoptConnection(
  sockets: NativeSockets,
  fd: number,
  takeOver: boolean,
  owner: StreamOwner,
): NativeTransport {
  let handle: number;
  try {
    handle = sockets.loop.adoptStream(fd, takeOver);
  } catch (error) {
    throw descriptorError(error, 'a connected stream socket', fd);
  }
  const peer = sockets.addressOf(handle, true) ?? UNNAMED;
  const host = sockets.addressOf(handle, false);
  const Transport = peer.type === 'UNIX' ? NativeUNIXTransport : NativeTransport;
  return sockets.add(new Transport(sockets, handle, owner, peer, host));
}

/** @throws DescriptorError */
export function adoptUDP(
  sockets: NativeSockets,
  fd: number,
  takeOver: boolean,
  settings: AdoptedUDPSettings,
  port: UDPPort,
): NativeUDPSocket {
  let handle: number;
  try {
    handle = sockets.loop.adoptDatagram(fd, takeOver, datagramInts(settings));
  } catch (error) {
    throw descriptorError(error, 'a UDP socket', fd);
  }
  return sockets.add(new NativeUDPSocket(sockets, handle, port, { ...settings, ipv6Only: false }));
}
