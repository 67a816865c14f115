/** A listening socket of the native reactor. */
import type { Address } from '../../core/address.js';
import { AcceptError } from '../../core/errors.js';
import { systemError } from '../../internal/system-error.js';
import type { ListenSocket, TCPPort } from '../tcp-port.js';
import type { NativeSocket, NativeSockets } from './native-sockets.js';
import { NativeTransport } from './native-transport.js';
import {
  COMMAND_PAUSE,
  COMMAND_RESUME,
  EVENT_ACCEPT_FAILED,
  EVENT_ACCEPTED,
  EVENT_KIND_MASK,
  EVENT_SCOPE_SHIFT,
} from './shared-memory.js';

/** How long no connection is accepted after the system had no descriptor or memory for one. */
const ACCEPT_BACK_OFF_MS = 100;

export class NativeListenSocket implements ListenSocket, NativeSocket {
  readonly handle: number;
  readonly address: Address;
  readonly #sockets: NativeSockets;
  readonly #port: TCPPort;
  #backOff: NodeJS.Timeout | undefined;

  constructor(sockets: NativeSockets, handle: number, port: TCPPort) {
    this.handle = handle;
    this.#sockets = sockets;
    this.#port = port;
    this.address = sockets.localAddress(handle) as Address;
  }

  close(): void {
    clearTimeout(this.#backOff);
    this.#sockets.loop.close(this.handle);
    this.#sockets.forget(this.handle);
  }

  nativeEvent(kind: number, a: number, b: number, at: number): void {
    switch (kind & EVENT_KIND_MASK) {
      case EVENT_ACCEPTED: {
        const peer = this.#sockets.eventAddress(b, kind >> EVENT_SCOPE_SHIFT, at);
        const transport = new NativeTransport(this.#sockets, a, this.#port, peer, undefined);
        this.#sockets.add(transport);
        this.#port.accepted(transport, peer);
        return;
      }
      case EVENT_ACCEPT_FAILED:
        this.#acceptFailed(a, b === 1);
        return;
    }
  }

  /** Told once for a row of failures: the next connection accepted ends it. */
  #acceptFailed(errno: number, first: boolean): void {
    if (first) {
      const cause = systemError('accept', errno, this.address.host, this.address.port);
      this.#sockets.reactor.report(new AcceptError(cause), 'accept');
    }
    this.#sockets.outgoing.command(this.handle, COMMAND_PAUSE);
    this.#backOff = setTimeout(() => {
      this.#sockets.outgoing.command(this.handle, COMMAND_RESUME);
    }, ACCEPT_BACK_OFF_MS);
  }
}
