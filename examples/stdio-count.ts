// Counts lines and bytes of standard input, like wc: `node --import tsx examples/stdio-count.ts < README.md`.
import { createReactor, openStdio, Protocol } from 'ropewalk';

class Count extends Protocol {
  override readonly acceptsLentBytes = true;
  #lines = 0;
  #bytes = 0;

  override dataReceived(data: Buffer): void {
    for (const byte of data) if (byte === 10) this.#lines += 1;
    this.#bytes += data.length;
  }

  // The input has ended. Without this method, the output would be closed too.
  readConnectionLost(): void {
    this.transport.write(`${this.#lines} lines, ${this.#bytes} bytes\n`);
    this.transport.loseConnection();
  }
}

openStdio(createReactor(), Count);
