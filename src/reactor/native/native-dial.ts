/** A connect(2) of the native reactor under way. */
import { type Address, UNIXAddress } from '../../core/address.js';
import { systemError } from '../../internal/system-error.js';
import type { Dial, DialListener } from '../stream-connector.js';
import type { NativeSocket, NativeSockets } from './native-sockets.js';
import { NativeTransport } from './native-transport.js';
import { NativeUNIXTransport } from './native-unix-transport.js';
import {
  EVENT_CONNECTED,
  EVENT_KIND_MASK,
  EVENT_LOST,
  EVENT_SCOPE_SHIFT,
} from './shared-memory.js';

const UNNAMED = new UNIXAddress('');

export class NativeDial implements Dial, NativeSocket {
  readonly handle: number;
  readonly #sockets: NativeSockets;
  readonly #peer: Address;
  readonly #listener: DialListener;

  constructor(sockets: NativeSockets, handle: number, peer: Address, listener: DialListener) {
    this.#sockets = sockets;
    this.handle = handle;
    this.#peer = peer;
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
        ? new NativeUNIXTransport(sockets, this.handle, this.#listener, peer, UNNAMED)
        : new NativeTransport(
            sockets,
            this.handle,
            this.#listener,
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
