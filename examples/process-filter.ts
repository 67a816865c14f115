// Sorts lines with the program `sort`: `node --import tsx examples/process-filter.ts pear apple fig`.
import { createReactor, type ProcessClosed, ProcessProtocol } from 'ropewalk';

class Sorter extends ProcessProtocol {
  readonly #lines: readonly string[];

  constructor(lines: readonly string[]) {
    super();
    this.#lines = lines;
  }

  override connectionMade(): void {
    for (const line of this.#lines) this.transport.write(`${line}\n`);
    this.transport.closeStdin(); // sort writes when its input has ended
  }

  override outReceived(data: Buffer): void {
    process.stdout.write(data);
  }

  override errReceived(data: Buffer): void {
    process.stderr.write(data);
  }

  // It has exited, and all of its output has been received.
  override processEnded(reason: ProcessClosed): void {
    console.log(`sort: ${reason.message}`);
  }
}

const reactor = createReactor();
reactor.spawnProcess(new Sorter(process.argv.slice(2)), 'sort', { env: { LC_ALL: 'C' } });
