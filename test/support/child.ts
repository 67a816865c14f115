/**
 * Programs in processes and threads of their own: TypeScript files beside the tests and examples, compiled by
 * compile-programs.ts or tools/portable-tests.mjs; others are run through tsx.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { compiled } from './compiled.js';
import { Pulse, within } from './deadline.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly env?: Record<string, string>;
  /** Run in a shell before the program, such as `ulimit -n 64`. */
  readonly before?: string;
  readonly nodeFlags?: readonly string[];
  /** Default `ignore`: the end of the input at once. */
  readonly stdin?: 'ignore' | 'pipe';
}

/** The program as Node is to be given it. */
export function command(program: URL): readonly string[] {
  const run = compiled(program);
  return [...(run.pathname.endsWith('.ts') ? ['--import', 'tsx'] : []), fileURLToPath(run)];
}

/** A running program. What it prints can be waited for. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly exited: Promise<ChildResult>;
  readonly pulse: Pulse = new Pulse();
  stdout = '';
  stderr = '';
  #gone = false;

  constructor(program: URL, args: readonly string[] = [], options: ChildOptions = {}) {
    const node = [...(options.nodeFlags ?? []), ...command(program), ...args];
    const [file, fileArgs] =
      options.before === undefined
        ? [process.execPath, node]
        : ['/bin/sh', ['-c', `${options.before} && exec "$@"`, 'sh', process.execPath, ...node]];
    this.process = spawn(file, fileArgs, {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '', ...options.env },
      stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
    });
    this.process.stdin?.on('error', () => {}); // the program may end before it has read everything
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.pulse.notify();
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.pulse.notify();
    });
    this.exited = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      this.process.on('close', (code, signal) => {
        this.#gone = true;
        this.pulse.notify();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Whether it and all processes with its pipes have ended. */
  get closed(): boolean {
    return this.#gone;
  }

  /** Settles with the match once standard output matches; rejects if the program ends first. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const match = (): RegExpExecArray | null => pattern.exec(this.stdout);
    await this.pulse.until(
      () => match() !== null || this.#gone,
      () => `a program to print ${pattern}; it printed ${this.stdout}${this.stderr}`,
      15_000,
    );
    const found = match();
    if (found === null) {
      throw new Error(`the program ended without ${pattern}: ${this.stdout}${this.stderr}`);
    }
    return found;
  }

  /** Settles when the program has ended. */
  async result(ms = 15_000): Promise<ChildResult> {
    const soFar = (): string => `a program to end; it printed ${this.stdout}${this.stderr}`;
    return within(this.exited, soFar, ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#gone) this.process.kill('SIGKILL');
    await this.exited;
  }
}

/** Runs a program to its end. */
export async function runProgram(
  program: URL,
  args: readonly string[] = [],
  options: ChildOptions & { readonly deadlineMs?: number } = {},
): Promise<ChildResult> {
  const child = new Child(program, args, options);
  try {
    return await child.result(options.deadlineMs);
  } finally {
    await child[Symbol.asyncDispose]();
  }
}

/** A worker thread that runs a TypeScript program; its messages can be waited for. */
export class ProgramWorker implements AsyncDisposable {
  readonly worker: Worker;
  readonly messages: unknown[] = [];
  readonly exited: Promise<number>;
  readonly pulse: Pulse = new Pulse();
  error: Error | undefined = undefined;

  constructor(program: URL, data: Record<string, unknown> = {}) {
    this.worker = new Worker(compiled(program), {
      workerData: data,
      execArgv: [],
    });
    this.worker.on('message', (message: unknown) => {
      this.messages.push(message);
      this.pulse.notify();
    });
    this.worker.on('error', (error) => {
      this.error = error;
      this.pulse.notify();
    });
    this.exited = new Promise((resolve) => void this.worker.on('exit', resolve));
  }

  /** Settles with the nth message, counted from 0. */
  async message<T>(index = 0): Promise<T> {
    await this.pulse.until(
      () => this.messages.length > index || this.error !== undefined,
      `message ${index} of a worker`,
      15_000,
    );
    if (this.error !== undefined) throw this.error;
    return this.messages[index] as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.terminate();
  }
}
