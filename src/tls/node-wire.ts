/**
 * The stream below a `TLSSocket` of {@link NodeTLSEngine}: it has no queues and no states, because Node's wrapper for streams needs
 * none of them. It calls `write` for ciphertext and listens to `data`.
 */
import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** Where ciphertext goes. */
export interface WireListener {
  /** @param bytes Not changed afterwards. */
  wireWritten(bytes: Buffer): void;
  /** Nothing more will be written. */
  wireFinished(): void;
}

export class NodeWire extends Duplex {
  readonly #listener: WireListener;
  /** Node reads. Otherwise received bytes are copied and kept. */
  #flowing = false;
  #held: Buffer[] = [];

  constructor(listener: WireListener) {
    super();
    this.#listener = listener;
  }

  /** @param bytes Ciphertext of the peer, lent. */
  receive(bytes: Buffer): void {
    if (this.#flowing) this.emit('data', bytes);
    else this.#held.push(Buffer.from(bytes));
  }

  override resume(): this {
    this.#flowing = true;
    while (this.#flowing) {
      const bytes = this.#held.shift();
      if (bytes === undefined) break;
      this.emit('data', bytes);
    }
    return this;
  }

  override pause(): this {
    this.#flowing = false;
    // Otherwise `on('data')` would resume.
    return super.pause();
  }

  override write(bytes: Buffer, ...rest: (BufferEncoding | Done | undefined)[]): boolean {
    this.#listener.wireWritten(bytes);
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  }

  override _final(done: Done): void {
    this.#listener.wireFinished();
    done();
  }

  override _read(): void {}
}
