// The processes that a run starts. They are tracked by pid, so that the end of the run, an error or
// SIGINT ends exactly these.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { REPOSITORY } from './paths.js';

const living = new Set<Child>();
const GRACE_MS = 2_000;

/** A child that exchanges lines: writes to its standard input, reads its standard output. */
export class Child {
  readonly pid: number;
  readonly #name: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #waiting: (() => void) | undefined;
  #stderr = '';
  #ended = false;

  private constructor(name: string, started: ChildProcessWithoutNullStreams, pid: number) {
    this.#name = name;
    this.#process = started;
    this.pid = pid;
    createInterface({ input: started.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#waiting?.();
    });
    started.stderr.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-8_000);
    });
    started.stdin.on('error', () => {});
    started.once('close', () => {
      this.#ended = true;
      living.delete(this);
      this.#waiting?.();
    });
    living.add(this);
  }

  /** Starts `command`; rejects when it cannot be started. */
  static async start(name: string, command: readonly string[]): Promise<Child> {
    const [program = '', ...args] = command;
    const started = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    await once(started, 'spawn');
    if (started.pid === undefined) throw new Error(`${name} has no pid`);
    return new Child(name, started, started.pid);
  }

  get ended(): boolean {
    return this.#ended;
  }

  writeLine(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** The next line of its standard output; rejects when it ends first or `deadlineMs` pass. */
  async nextLine(deadlineMs: number): Promise<string> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#ended) throw new Error(`${this.#name} ended: ${this.#lastWords()}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.#name} said nothing for ${deadlineMs} ms`);
      await this.#something(left);
    }
  }

  /** Closes its standard input, then SIGTERM, then SIGKILL, each after a grace; resolves at its end. */
  async end(): Promise<void> {
    if (this.#ended) return;
    const closed = once(this.#process, 'close');
    this.#process.stdin.end();
    const term = setTimeout(() => this.#process.kill('SIGTERM'), GRACE_MS);
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), 2 * GRACE_MS);
    await closed;
    clearTimeout(term);
    clearTimeout(kill);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  #something(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
    });
  }

  /** The most informative line of its standard error. */
  #lastWords(): string {
    const lines = this.#stderr.replaceAll(join(REPOSITORY, '/'), '').split('\n');
    const words = lines.map((line) => line.trim()).filter((line) => line !== '');
    const telling = words.find((line) => /^[\w.]*(Error|Exception)\b|cannot|not found/i.test(line));
    return telling ?? words.at(-1) ?? `exit status ${this.#process.exitCode ?? 'none'}`;
  }
}

/** Ends all children that are still running. */
export async function endChildren(): Promise<void> {
  await Promise.all([...living].map((child) => child.end()));
}

/** From now on SIGINT and SIGTERM end the children at once, and then this process. */
export function endChildrenOnSignals(): void {
  const stop = (status: number): void => {
    for (const child of living) child.kill('SIGKILL');
    process.exit(status);
  };
  process.once('SIGINT', () => stop(130));
  process.once('SIGTERM', () => stop(143));
  process.once('SIGHUP', () => stop(129));
}
