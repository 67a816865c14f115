/** `ropewalk completion`, in the shells that are installed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createReactor, ProcessProtocol } from '../../src/index.js';
import { runProgram } from '../support/child.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { MAIN, RunFolder } from './run-program.js';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(MAIN, ['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/**
 * A folder with a project that has plug-ins, and a program `ropewalk` that prints its arguments unless it is asked for completions.
 */
class Shells extends RunFolder {
  constructor() {
    super();
    const plugins = { commands: { deploy: './a.js' }, services: { mailer: './a.js' } };
    this.write('', 'a.js');
    this.write(JSON.stringify({ name: 'shells', ropewalk: plugins }), 'package.json');
    const script = `#!/bin/sh
case "$1" in
completion|plugins) exec '${process.execPath}' '${fileURLToPath(MAIN)}' "$@" ;;
*) echo "GOT:$*:" ;;
esac
`;
    mkdirSync(this.file('bin'));
    this.write(script, 'bin/ropewalk');
    chmodSync(this.file('bin/ropewalk'), 0o755);
  }
}

/** A shell on a terminal. */
class Shell extends ProcessProtocol {
  output = '';
  ended = false;
  readonly pulse: Pulse = new Pulse();

  override outReceived(data: Buffer): void {
    this.output += data.toString();
    this.pulse.notify();
  }

  override processEnded(): void {
    this.ended = true;
    this.pulse.notify();
  }

  async printed(text: string): Promise<void> {
    await this.pulse.until(
      () => this.output.includes(text) || this.ended,
      () => `a shell to print ${text}; it printed ${JSON.stringify(this.output)}`,
      15_000,
    );
    expect(this.output).toContain(text);
  }
}

const TAB = '\t';
const SHELLS: [string, readonly string[], string][] = [
  ['bash', ['--norc', '--noprofile', '-i'], 'source <(ropewalk completion bash)'],
  ['zsh', ['-f', '-i'], 'autoload -U compinit; compinit -u -D; source <(ropewalk completion zsh)'],
  ['fish', ['--no-config', '-i'], 'ropewalk completion fish | source'],
];

describe.runIf(process.platform === 'linux').each(SHELLS)(
  'the completion of %s',
  (name, args, load) => {
    it.skipIf(!has(name))('completes on a terminal', async () => {
      needs('descriptors');
      using folder = new Shells();
      await using reactor = createReactor({ kind: 'native' });
      const shell = new Shell();
      const PATH = `${folder.file('bin')}:${process.env.PATH}`;
      reactor.spawnProcess(shell, name, {
        args,
        cwd: folder.path,
        env: { PATH, HOME: folder.path, TERM: 'dumb', PS1: '$ ', LANG: 'C.UTF-8' },
        pty: { columns: 200, rows: 50 },
      });
      const complete = async (typed: string, expected: string): Promise<void> => {
        shell.transport.write(`ropewalk ${typed}${TAB}\r`);
        await shell.printed(`GOT:${expected}:`);
      };
      shell.transport.write(`${load}; echo LOA''DED\r`);
      await shell.printed('LOADED');
      await complete('soc', 'socks');
      await complete('dep', 'deploy');
      await complete('run --wor', 'run --workers');
      await complete('run mail', 'run mailer');
      await complete('run --log j', 'run --log json');
      await complete('run --reactor nat', 'run --reactor native');
      await complete('run --log-file pack', 'run --log-file package.json');
      await complete('help proc', 'help procmon');
      await complete('web --lis', 'web --listen');
      await complete('web --no-h', 'web --no-http2');
      await complete('web pack', 'web package.json');
      shell.transport.write('exit\r');
      await shell.pulse.until(() => shell.ended, 'the shell to end');
    });
  },
);

describe('ropewalk completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script without errors for %s', async (shell) => {
    const script = await scriptFor(shell);
    expect(script).toContain('workers');
    if (!has(shell)) return;
    using folder = new RunFolder();
    const file = folder.write(script, 'script');
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('refuses other shells', async () => {
    const { code, stderr } = await runProgram(MAIN, ['completion', 'csh']);
    expect([code, stderr]).toEqual([
      2,
      'ropewalk: the shell is one of bash, zsh, fish, not "csh"\n',
    ]);
  });
});
