/** Programs for `ropewalk run`, in a folder of their own. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type ChildOptions, type ChildResult, runProgram } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';

export const MAIN: URL = new URL('../../dist/cli/main.js', import.meta.url);

/** Listens on the port that is its argument; 0 by default. `exit` ends the process. */
export const ECHO = `
export default (reactor, [port = '0']) => {
  let listening;
  return {
    name: 'echo',
    startService() {
      const factory = () => ({
        dataReceived(data, transport) {
          if (String(data) === 'exit') process.exit(7);
          transport.write(String(data) === 'pid' ? String(process.pid) : data);
        },
      });
      listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
    },
    stopService: () => listening.stopListening(),
  };
};
`;

export class RunFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'ropewalk-run-'));

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a program. @returns Its path. */
  write(text: string, name = 'program.mjs'): string {
    writeFileSync(this.file(name), text);
    return this.file(name);
  }

  get pidFile(): string {
    return this.file('pid');
  }

  get names(): string[] {
    return readdirSync(this.path).sort();
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  /** Runs a program to its end. */
  run(args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
    return runProgram(MAIN, ['run', ...args], options);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A program that has started. */
export class RunningProgram extends Child {
  port = 0;
  pid = 0;

  static async start(
    args: readonly string[],
    options: ChildOptions = {},
    command = 'run',
  ): Promise<RunningProgram> {
    const program = new RunningProgram(MAIN, [command, ...args], options);
    try {
      const [, pid, port] = await program.printed(
        /started, process (\d+).*listening: (?:\S*:(\d+)|\S+)/,
      );
      program.pid = Number(pid);
      program.port = Number(port);
      return program;
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Settles when that many processes have started. @returns The number of the last. */
  async started(count: number): Promise<number> {
    const all = (): RegExpMatchArray[] => [...this.stdout.matchAll(/started, process (\d+)/g)];
    await this.pulse.until(
      () => all().length >= count,
      () => `${count} starts; it printed ${this.stdout}${this.stderr}`,
      15_000,
    );
    return Number(all()[count - 1]?.[1]);
  }

  /** Ends the successors too: they have the pipes of the first process. */
  override async [Symbol.asyncDispose](): Promise<void> {
    for (const [, pid] of this.stdout.matchAll(/started, process (\d+)/g)) {
      if (!this.closed && Number(pid) !== this.process.pid) kill(Number(pid));
    }
    await super[Symbol.asyncDispose]();
  }

  async ask(text: string): Promise<string> {
    await using peer = await RawPeer.connect(this.port);
    peer.write(text);
    await peer.until(() => peer.text !== '', 'an answer');
    return peer.text;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
