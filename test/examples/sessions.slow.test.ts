/** The sessions shown in Markdown: each command of a `console` block runs, and prints what the page shows. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { ExampleServer, exampleUrl } from './programs.js';

const ROOT = new URL('../../', import.meta.url);
const PAGES = [
  'README.md',
  'docs/tutorial.md',
  ...readdirSync(new URL('docs/howto/', ROOT)).map((file) => `docs/howto/${file}`),
];
const EXAMPLE = /^(.*\| )?node --import tsx examples\/([\w-]+)\.ts ?(.*)$/;

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a page's `console` blocks, each with the output shown below it. */
function stepsOf(page: string): Step[] {
  const blocks = readFileSync(new URL(page, ROOT), 'utf8').matchAll(/```console\n([\s\S]*?)```/g);
  return [...blocks]
    .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
    .map((text) => {
      const end = text.indexOf('\n');
      return { command: text.slice(0, end), output: text.slice(end + 1) };
    });
}

/** Runs the steps of one page. Servers listen on ports of their own, which later steps use in place of those shown. */
class Session implements AsyncDisposable {
  /** By the port that the page shows. */
  readonly #servers = new Map<string, ExampleServer>();

  async run({ command, output }: Step): Promise<void> {
    const [, input = '', name = '', flags = ''] = EXAMPLE.exec(command.replace(/ &$/, '')) ?? [];
    expect(name, `an example run by "${command}"`).not.toBe('');
    const shown = /listening on port (\d+)\n$/.exec(output)?.[1];
    if (shown !== undefined) await this.#serve(name, this.#withPorts(flags), output, shown);
    else if (/[<|']/.test(input + flags)) await this.#runByShell(input, name, flags, output);
    else await this.#runAlone(name, flags, output);
  }

  async #serve(name: string, flags: string, output: string, shown: string): Promise<void> {
    const server = await ExampleServer.start(name, flags === '' ? [] : flags.split(' '));
    this.#servers.set(shown, server);
    expect(normalised(server.stdout.replace(String(server.port), shown))).toBe(normalised(output));
  }

  async #runAlone(name: string, flags: string, output: string): Promise<void> {
    const args = [...this.#portFlag(name), ...flags.split(' ')].filter((flag) => flag !== '');
    const { code, stdout, stderr } = await runProgram(exampleUrl(name), args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: output, stderr: '' });
  }

  async #runByShell(input: string, name: string, flags: string, output: string): Promise<void> {
    const program = `node --import tsx examples/${name}.ts`;
    const command = `${input}${program} ${this.#portFlag(name).join(' ')} ${flags}`;
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], {
      cwd: fileURLToPath(ROOT),
      timeout: 15_000,
    });
    expect(stdout).toBe(output);
  }

  /** A client talks to the server of the same family that the page started first. */
  #portFlag(name: string): string[] {
    const [server] = this.#servers.values();
    return name.endsWith('-client') && server !== undefined ? ['--port', `${server.port}`] : [];
  }

  #withPorts(flags: string): string {
    return flags.replace(/\b\d{4,5}\b/, (port) => String(this.#servers.get(port)?.port ?? port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) await server[Symbol.asyncDispose]();
  }
}

/** Where the native reactor is not available, the pure-JS one prints its own name. */
function normalised(line: string): string {
  return line.replace(/\((?:native|node), \w+\)/, '(reactor)');
}

const sessions = PAGES.map((page) => ({ page, steps: stepsOf(page) })).filter(
  ({ steps }) => steps.length > 0,
);

describe('the sessions of', () => {
  it.each(sessions)('$page print what the page shows', { timeout: 60_000 }, async ({ steps }) => {
    await using session = new Session();
    for (const step of steps) await session.run(step);
  });

  it('the tutorial and the how-to guides are found', () => {
    expect(sessions.length).toBeGreaterThan(4);
  });
});
