/** Connecting on the native reactor. */
import { addressFrom, type SocketAddress, UNIXAddress } from '../../core/address.js';
import { systemError } from '../../internal/system-error.js';
import type { Dial, DialListener } from '../streams/dial.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { ConnectSettings } from '../streams/tcp-settings.js';
import type { UNIXConnectSettings } from '../streams/unix-settings.js';
import { asSystemError, unsupportedOption } from './errors.js';
import { connectInts, unixConnectInts } from './settings.js';
import {
  EVENT_CONNECTED,
  EVENT_KIND_MASK,
  EVENT_LOST,
  EVENT_SCOPE_SHIFT,
} from './shared-memory.js';
import type { NativeSocket, NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';
import { NativeUNIXTransport } from './unix-transport.js';

const UNNAMED = new UNIXAddress('');

/** A connect(2) in progress. */
class NativeDial implements Dial, NativeSocket {
  readonly handle: number;
  readonly #sockets: NativeSockets;
  readonly #peer: SocketAddress;
  readonly #owner: StreamOwner;
  readonly #listener: DialListener;

  constructor(
    sockets: NativeSockets,
    handle: number,
    peer: SocketAddress,
    owner: StreamOwner,
    listener: DialListener,
  ) {
    this.#sockets = sockets;
    this.handle = handle;
    this.#peer = peer;
    this.#owner = owner;
    this.#listener = listener;
  }

  cancel(): void {
    this.#sockets.loop.close(this.handle);
    this.#sockets.forget(this.handle);
  }

  nativeEvent(kind: number, a: number, b: number, at: number): void {
    switch (kind & EVENT_KIND_MASK) {
      case EVENT_CONNECTED:
        this.#connected(b, kind >> EVENT_SCOPE_SHIFT, at);
        return;
      case EVENT_LOST:
        this.#sockets.forget(this.handle);
        this.#listener.dialFailed(this.#failure(a));
        return;
    }
  }

  #connected(b: number, scope: number, at: number): void {
    const sockets = this.#sockets;
    const peer = this.#peer;
    const transport =
      peer.type === 'UNIX'
        ? new NativeUNIXTransport(sockets, this.handle, this.#owner, peer, UNNAMED)
        : new NativeTransport(
            sockets,
            this.handle,
            this.#owner,
            peer,
            sockets.eventAddress(b, scope, at),
          );
    sockets.add(transport);
    this.#listener.dialSucceeded(transport, peer);
  }

  #failure(errno: number): Error {
    const peer = this.#peer;
    if (peer.type === 'UNIX') return systemError('connect', errno, peer.path);
    return systemError('connect', errno, peer.host, peer.port);
  }
}

/**
 * Refuses options that only Linux has: the system refuses them when it makes the socket, long after `connectTCP` has returned.
 * @throws UnsupportedError
 */
export function checkConnectSupported(
  { fastOpen, userTimeoutMs }: ConnectSettings,
  platform: string = process.platform,
): void {
  if (platform === 'linux') return;
  if (fastOpen) throw unsupportedOption('setsockopt TCP_FASTOPEN_CONNECT');
  if (userTimeoutMs !== undefined) throw unsupportedOption('setsockopt TCP_USER_TIMEOUT');
}

/** Starts a connect(2) to an IP address. */
export function dialTCP(
  sockets: NativeSockets,
  address: string,
  port: number,
  settings: ConnectSettings,
  owner: StreamOwner,
  listener: DialListener,
): Dial {
  const { localPort } = settings;
  const anyAddress = address.includes(':') ? '::' : '0.0.0.0';
  const localHost = settings.localAddress ?? (localPort === 0 ? '' : anyAddress);
  let handle: number;
  try {
    handle = sockets.loop.connect(address, port, localHost, localPort, connectInts(settings));
  } catch (error) {
    return failedDial(sockets, asSystemError(error, address, port), listener);
  }
  const peer = addressFrom('TCP', address, port);
  return sockets.add(new NativeDial(sockets, handle, peer, owner, listener));
}

/** Starts a connect(2) to a UNIX socket. */
export function dialUNIX(
  sockets: NativeSockets,
  settings: UNIXConnectSettings,
  owner: StreamOwner,
  listener: DialListener,
): Dial {
  const { path } = settings;
  let handle: number;
  try {
    handle = sockets.loop.connectUnix(path, unixConnectInts(settings));
  } catch (error) {
    return failedDial(sockets, asSystemError(error, path), listener);
  }
  return sockets.add(new NativeDial(sockets, handle, new UNIXAddress(path), owner, listener));
}

/** A connect(2) that could not be started; this is reported in a later turn, too. */
function failedDial({ reactor }: NativeSockets, cause: Error, listener: DialListener): Dial {
  let cancelled = false;
  reactor.soon(() => {
    if (!cancelled) listener.dialFailed(cause);
  });
  return {
    cancel: () => {
      cancelled = true;
    },
  };
}
