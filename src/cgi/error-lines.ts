/** Logs the standard error output of a script by lines, up to a limit. */
import type { Logger } from '../logger/logger.js';

/** Longer lines are logged in parts. */
const MAX_LINE_LENGTH = 1_024;

export class ErrorLines {
  readonly #log: Logger;
  readonly #script: string;
  #left: number;
  #line = '';
  #isCut = false;

  constructor(log: Logger, script: string, maxBytes: number) {
    this.#log = log;
    this.#script = script;
    this.#left = maxBytes;
  }

  received(data: Buffer): void {
    const kept = data.subarray(0, this.#left);
    this.#left -= kept.length;
    if (kept.length < data.length) this.#isCut = true;
    this.#line += kept.toString();
    let from = 0;
    for (let at = this.#line.indexOf('\n'); at !== -1; at = this.#line.indexOf('\n', from)) {
      this.#write(this.#line.slice(from, at));
      from = at + 1;
    }
    this.#line = this.#line.slice(from);
    while (this.#line.length >= MAX_LINE_LENGTH) {
      this.#write(this.#line.slice(0, MAX_LINE_LENGTH));
      this.#line = this.#line.slice(MAX_LINE_LENGTH);
    }
  }

  end(): void {
    if (this.#line !== '') this.#write(this.#line);
    this.#line = '';
    if (this.#isCut) this.#write('(more was dropped)');
    this.#isCut = false;
  }

  #write(line: string): void {
    const script = this.#script;
    for (let at = 0; at < Math.max(line.length, 1); at += MAX_LINE_LENGTH) {
      this.#log.warn('{script}: {line}', { script, line: line.slice(at, at + MAX_LINE_LENGTH) });
    }
  }
}
