/** The programs of examples/, started as their users start them. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Child, type ChildOptions, command } from '../support/child.js';
import { REACTORS } from '../support/reactors.js';

/** The kinds of reactor that the tests are run on. */
export const KINDS: readonly ('native' | 'node')[] = [
  ...new Set(REACTORS.map(({ native }) => (native ? 'native' : 'node'))),
];

/** Options of a child that runs on the reactor of that kind. */
export function on(kind: 'native' | 'node'): { readonly env: Record<string, string> } {
  return { env: { ROPEWALK_REACTOR: kind } };
}

export function exampleUrl(name: string): URL {
  return new URL(`../../examples/${name}.ts`, import.meta.url);
}

/** A server of examples/ and the port that it says it listens on. */
export class ExampleServer extends Child {
  port = 0;

  static async start(
    name: string,
    args: readonly string[],
    options: ChildOptions = {},
  ): Promise<ExampleServer> {
    const server = new ExampleServer(exampleUrl(name), ['--port', '0', ...args], options);
    try {
      const [line] = await server.printed(/^.*\n/);
      server.port = Number(/(\d+)\D*$/.exec(line)?.[1]);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** Runs a program of examples/ with something to read on standard input. */
export function runWithInput(
  name: string,
  args: readonly string[],
  input: Uint8Array,
  { env }: Pick<ChildOptions, 'env'> = {},
): Promise<{ code: number | null; stdout: Buffer; stderr: string }> {
  const child = spawn(process.execPath, [...command(exampleUrl(name)), ...args], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => void stdout.push(data));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // the program may end before it has read everything
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }));
  });
}
