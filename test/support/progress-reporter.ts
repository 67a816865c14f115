/** Prints how many test files are done, every few seconds, where vitest has no terminal to show it on. */
import type { Reporter } from 'vitest/node';

const EVERY_MS = 5000;

export default class ProgressReporter implements Reporter {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  #files = 0;
  #done = 0;
  #failed = 0;
  #begun = 0;
  #printed = 0;

  /** @param options Vitest passes an empty object. */
  constructor(options: { print?: (line: string) => void; now?: () => number } = {}) {
    this.#print = options.print ?? ((line) => process.stdout.write(`${line}\n`));
    this.#now = options.now ?? (() => performance.now());
  }

  onTestRunStart(files: readonly unknown[]): void {
    this.#files = files.length;
    this.#done = 0;
    this.#failed = 0;
    this.#begun = this.#printed = this.#now();
  }

  onTestModuleEnd(file: { ok(): boolean }): void {
    this.#done += 1;
    if (!file.ok()) this.#failed += 1;
    const now = this.#now();
    if (now - this.#printed < EVERY_MS) return;
    this.#printed = now;
    const seconds = Math.round((now - this.#begun) / 1000);
    const failed = this.#failed === 0 ? '' : `, ${this.#failed} failed`;
    this.#print(`-- ${this.#done} of ${this.#files} files${failed} (${seconds} s)`);
  }
}
