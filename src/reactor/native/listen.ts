/** Opens the native reactor's sockets: when these functions return they are bound and listening, or the error is known. */
import { type IPAddress, UNIXAddress } from '../../core/address.js';
import { connectErrorFrom } from '../../core/errors/connecting.js';
import { CannotListenError } from '../../core/errors/listening.js';
import type { UDPSettings, UNIXDatagramSettings } from '../datagrams/datagram-settings.js';
import type { UDPPort } from '../datagrams/udp-port.js';
import type { UNIXDatagramPort } from '../datagrams/unix-datagram-port.js';
import type { StreamPort } from '../streams/stream-port.js';
import type { ListenSettings } from '../streams/tcp-settings.js';
import type { UNIXListenSettings } from '../streams/unix-settings.js';
import { asSystemError, unsupportedOption } from './errors.js';
import { NativeListenSocket } from './listen-socket.js';
import { datagramInts, listenInts, unixListenInts } from './settings.js';
import type { NativeSockets } from './sockets.js';
import { NativeUDPSocket } from './udp-socket.js';
import { NativeUNIXDatagramSocket } from './unix-datagram-socket.js';

/** @throws CannotListenError, UnsupportedError */
export function listenTCP(
  sockets: NativeSockets,
  settings: ListenSettings,
  port: StreamPort,
): NativeListenSocket {
  let handle: number;
  try {
    handle = listenHandle(sockets, settings);
  } catch (error) {
    throw cannotListen(error, settings.interface || '::', settings);
  }
  const address = sockets.ipAddressOf(handle, false) as IPAddress;
  return sockets.add(new NativeListenSocket(sockets, handle, address, port, false));
}

/** @throws CannotListenError */
export function listenUNIX(
  sockets: NativeSockets,
  settings: UNIXListenSettings,
  port: StreamPort,
): NativeListenSocket {
  const { path } = settings;
  const address = new UNIXAddress(path);
  let handle: number;
  try {
    handle = sockets.loop.listenUnix(path, unixListenInts(settings));
  } catch (error) {
    throw new CannotListenError(address, { cause: asSystemError(error, path) });
  }
  return sockets.add(new NativeListenSocket(sockets, handle, address, port, !address.abstract));
}

/** @throws CannotListenError, UnsupportedError */
export function bindUDP(
  sockets: NativeSockets,
  settings: UDPSettings,
  port: UDPPort,
): NativeUDPSocket {
  const host = settings.interface || '0.0.0.0';
  let handle: number;
  try {
    handle = sockets.loop.listenUdp(host, settings.port, datagramInts(settings));
  } catch (error) {
    throw cannotListen(error, host, settings);
  }
  return sockets.add(new NativeUDPSocket(sockets, handle, port, settings));
}

/** Connected if the settings name a peer. @throws CannotListenError, ConnectError */
export function bindUNIXDatagrams(
  sockets: NativeSockets,
  settings: UNIXDatagramSettings,
  port: UNIXDatagramPort,
): NativeUNIXDatagramSocket {
  const { path, peer, mode } = settings;
  let handle: number;
  try {
    handle = sockets.loop.listenUnixDatagram(path, mode, datagramInts(settings));
  } catch (error) {
    throw new CannotListenError(new UNIXAddress(path), { cause: asSystemError(error, path) });
  }
  const socket = sockets.add(new NativeUNIXDatagramSocket(sockets, handle, port, path, peer));
  if (peer === undefined) return socket;
  try {
    sockets.loop.connectUnixDatagram(handle, peer);
  } catch (error) {
    socket.close();
    throw connectErrorFrom(asSystemError(error, peer), new UNIXAddress(peer));
  }
  return socket;
}

function listenHandle({ loop }: NativeSockets, settings: ListenSettings): number {
  const { port, interface: host } = settings;
  const ints = listenInts(settings);
  if (host !== '') return loop.listen(host, port, ints);
  try {
    return loop.listen('::', port, ints);
  } catch (error) {
    // This machine has no IPv6.
    if (asSystemError(error).code !== 'EAFNOSUPPORT') throw error;
    return loop.listen('0.0.0.0', port, ints);
  }
}

function cannotListen(error: unknown, host: string, settings: ListenSettings | UDPSettings): Error {
  const cause = asSystemError(error, host, settings.port);
  return cause.code === 'ENOTSUP'
    ? unsupportedOption(cause.syscall)
    : new CannotListenError(settings, { cause });
}
