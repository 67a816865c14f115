/** A listening socket of the native reactor, TCP or UNIX, opened here or elsewhere. */
import { type SocketAddress, UNIXAddress } from '../../core/address.js';
import { AcceptError } from '../../core/errors/listening.js';
import { systemError } from '../../internal/system-error.js';
import type { ListenSocket } from '../streams/listen-socket.js';
import type { StreamPort } from '../streams/stream-port.js';
import { failedCallName } from './errors.js';
import {
  COMMAND_DRAIN_LISTENER,
  EVENT_ACCEPT_FAILED,
  EVENT_ACCEPTED,
  EVENT_KIND_MASK,
  EVENT_LISTENER_DRAINED,
  EVENT_SCOPE_SHIFT,
} from './shared-memory.js';
import type { NativeSocket, NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';
import { NativeUNIXTransport } from './unix-transport.js';

/** In an accept event's `b`: the UNIX peer has a path. */
const HAS_PATH = 1 << 17;

const UNNAMED = new UNIXAddress('');

export class NativeListenSocket implements ListenSocket, NativeSocket {
  readonly handle: number;
  readonly address: SocketAddress;
  readonly #sockets: NativeSockets;
  readonly #port: StreamPort;
  readonly #unlinks: boolean;
  #drained: (() => void) | undefined;

  /** @param unlinks Whether this socket removes the file of a UNIX socket. */
  constructor(
    sockets: NativeSockets,
    handle: number,
    address: SocketAddress,
    port: StreamPort,
    unlinks: boolean,
  ) {
    this.handle = handle;
    this.#sockets = sockets;
    this.#port = port;
    this.#unlinks = unlinks;
    this.address = address;
  }

  fileno(): number {
    return this.#sockets.loop.descriptor(this.handle);
  }

  close(keepFile = false): void {
    const { loop } = this.#sockets;
    if (this.#unlinks && !keepFile) loop.unlinkUnix(this.handle);
    loop.close(this.handle);
    this.#sockets.forget(this.handle);
    this.#drained?.();
  }

  drain(drained: () => void): void {
    this.#drained = drained;
    this.#sockets.outgoing.command(this.handle, COMMAND_DRAIN_LISTENER);
  }

  nativeEvent(kind: number, a: number, b: number, at: number): void {
    switch (kind & EVENT_KIND_MASK) {
      case EVENT_ACCEPTED:
        this.#accepted(a, b, kind >> EVENT_SCOPE_SHIFT, at);
        return;
      case EVENT_ACCEPT_FAILED:
        this.#acceptFailed(a, b);
        return;
      case EVENT_LISTENER_DRAINED:
        this.#drained?.();
        return;
    }
  }

  #accepted(handle: number, b: number, scope: number, at: number): void {
    const sockets = this.#sockets;
    const port = this.#port;
    let transport: NativeTransport;
    if (this.address.type === 'UNIX') {
      const path = (b & HAS_PATH) === 0 ? null : sockets.loop.unixPath(handle, true);
      const peer = path === null ? UNNAMED : new UNIXAddress(path.toString());
      transport = new NativeUNIXTransport(sockets, handle, port, peer, this.address);
    } else {
      const peer = sockets.eventAddress(b, scope, at);
      transport = new NativeTransport(sockets, handle, port, peer, undefined);
    }
    sockets.add(transport);
    port.accepted(transport, transport.getPeer());
  }

  /** Reported once for a series of failures; the next accepted connection ends the series. Until then the core retries. */
  #acceptFailed(errno: number, failedCall: number): void {
    const { address } = this;
    const { reactor, loop } = this.#sockets;
    const call = failedCallName(failedCall, loop.poller);
    const cause =
      address.type === 'UNIX'
        ? systemError(call, errno, address.path)
        : systemError(call, errno, address.host, address.port);
    reactor.report(new AcceptError(cause), 'accept');
  }
}
