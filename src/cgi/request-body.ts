/** Passes the content of a request to the standard input of a process, as fast as that reads. */
import type { ProcessTransport } from '../core/process.js';
import type { PullProducer } from '../core/producer.js';

export class RequestBody implements PullProducer {
  readonly #input: ProcessTransport;
  readonly #pieces: AsyncIterator<Buffer, unknown>;
  readonly #failed: (error: unknown) => void;
  #isStopped = false;
  #isReading = false;

  /** @param failed The content will not become complete. */
  constructor(
    content: AsyncIterable<Buffer>,
    input: ProcessTransport,
    failed: (error: unknown) => void,
  ) {
    this.#input = input;
    this.#pieces = content[Symbol.asyncIterator]();
    this.#failed = failed;
  }

  start(): void {
    this.#input.registerProducer(this, false);
  }

  /** Everything was written: read the next piece. */
  resumeProducing(): void {
    if (this.#isReading || this.#isStopped) return;
    this.#isReading = true;
    this.#pieces.next().then(
      ({ done, value }) => {
        this.#isReading = false;
        if (this.#isStopped) return;
        if (done === true) this.#end();
        else this.#input.write(value as Buffer);
      },
      (error: unknown) => this.#failed(error),
    );
  }

  /** The process reads no more: a script need not. The rest is dropped. */
  stopProducing(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    void this.#pieces.return?.();
  }

  #end(): void {
    this.#isStopped = true;
    this.#input.unregisterProducer();
    this.#input.closeStdin();
  }
}
