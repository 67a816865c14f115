/** Programs of others that tests talk to: found on this machine, or else the test is skipped aloud. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Pulse, within } from './deadline.js';

export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}

/** A Python that has Twisted: the first one of the PATH need not. */
export const TWISTED_PYTHON: string | undefined = ['python3', '/usr/bin/python3'].find((python) =>
  imports(python, 'twisted'),
);

/** Whether {@link TWISTED_PYTHON} has a module. A missing one is named aloud. */
export function hasPython(module: string): boolean {
  const found = TWISTED_PYTHON !== undefined && imports(TWISTED_PYTHON, module);
  if (!found) console.warn(`skipped: there is no module ${module} of Python here`);
  return found;
}

function imports(python: string, module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
}

/** A program that runs until the test is over. */
export class PeerProgram implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly pulse: Pulse = new Pulse();
  stdout = '';
  stderr = '';
  readonly #ended: Promise<void>;
  #gone = false;

  constructor(command: string, args: readonly string[], cwd: string = process.cwd()) {
    this.process = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.process.stdin?.on('error', () => {});
    this.process.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.stdout += text;
      this.pulse.notify();
    });
    this.process.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.stderr += text;
      this.pulse.notify();
    });
    this.#ended = new Promise((resolve) => {
      this.process.on('error', () => resolve());
      this.process.on('close', () => {
        this.#gone = true;
        this.pulse.notify();
        resolve();
      });
    });
  }

  /** A Python program of test/interop/programs, once it says that it is ready. */
  static async python(name: string, ...args: string[]): Promise<PeerProgram> {
    const program = fileURLToPath(new URL(`../interop/programs/${name}.py`, import.meta.url));
    const peer = new PeerProgram(TWISTED_PYTHON ?? 'python3', [program, ...args]);
    await peer.until(() => peer.stdout.includes('ready'), 'to be ready');
    return peer;
  }

  get running(): boolean {
    return !this.#gone;
  }

  async until(condition: () => boolean, what: string, ms = 15_000): Promise<void> {
    const soFar = (): string => `a program ${what}; it printed ${this.stdout}${this.stderr}`;
    await this.pulse.until(() => condition() || this.#gone, soFar, ms);
    if (!condition()) throw new Error(`the program ended: ${this.stdout}${this.stderr}`);
  }

  write(text: string): void {
    this.process.stdin?.write(text);
  }

  end(): Promise<void> {
    this.process.stdin?.end();
    return within(this.#ended, 'a program to end');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#gone) this.process.kill('SIGKILL');
    await this.#ended;
  }
}
