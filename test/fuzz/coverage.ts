/** The coverage of this package's code in this process, by V8's block coverage. */
import { type Profiler, Session } from 'node:inspector';

export class Coverage implements Disposable {
  readonly #session: Session = new Session();
  /** Known blocks. */
  readonly #seen: Set<string> = new Set();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The number of known blocks. */
  get size(): number {
    return this.#seen.size;
  }

  /** @returns The blocks that were executed since the last call, and are not known. */
  takeNew(): Set<string> {
    let found = new Set<string>();
    this.#session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      found = this.#newOnes(result);
    });
    return found;
  }

  /** From now on these blocks are known. */
  add(blocks: Iterable<string>): void {
    for (const block of blocks) this.#seen.add(block);
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  #newOnes(scripts: readonly Profiler.ScriptCoverage[]): Set<string> {
    const found = new Set<string>();
    for (const { url, functions } of scripts) {
      if (!url.includes('/src/')) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${url}:${startOffset}:${endOffset}`;
          if (count > 0 && !this.#seen.has(block)) found.add(block);
        }
      }
    }
    return found;
  }
}
