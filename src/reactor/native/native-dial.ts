/** A connect(2) of the native reactor under way. */
import type { Address } from '../../core/address.js';
import { systemError } from '../../internal/system-error.js';
import type { Dial, DialListener } from '../tcp-connector.js';
import type { NativeSocket, NativeSockets } from './native-sockets.js';
import { NativeTransport } from './native-transport.js';
import {
  EVENT_CONNECTED,
  EVENT_KIND_MASK,
  EVENT_LOST,
  EVENT_SCOPE_SHIFT,
} from './shared-memory.js';

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
      case EVENT_CONNECTED: {
        const host = this.#sockets.eventAddress(b, kind >> EVENT_SCOPE_SHIFT, at);
        const transport = new NativeTransport(
          this.#sockets,
          this.handle,
          this.#listener,
          this.#peer,
          host,
        );
        this.#sockets.add(transport);
        this.#listener.dialSucceeded(transport, this.#peer);
        return;
      }
      case EVENT_LOST:
        this.#sockets.forget(this.handle);
        this.#listener.dialFailed(systemError('connect', a, this.#peer.host, this.#peer.port));
        return;
    }
  }
}
