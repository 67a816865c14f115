/** Real programs under a pseudo-terminal, on a screen in memory; what editors draw is compared with tmux. */
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOf, TerminalProcess } from '../../../src/terminal/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { looks, Tmux } from './tmux.js';

const COLUMNS = 60;
const ROWS = 16;

/** A program: the text that it shows, then the keys that are typed. */
interface Session {
  readonly command: readonly string[];
  readonly steps: readonly (readonly [shown: RegExp, typed: string])[];
}

const C_SOURCE = `/* Words. */
#include <stdio.h>
int main(void) {
\tconst char *word = "h\u00e9llo \u6f22\u5b57";
\tfor (int i = 0; i < 10; i++) printf("%s %d\\n", word, i);
\treturn 0;
}
`;

const SESSIONS: Readonly<Record<string, Session>> = {
  less: {
    command: ['less', 'long.txt'],
    steps: [
      [/^line 15 /m, ' '],
      [/^line 30 /m, '/line 77\r'],
      [/^line 77 /m, 'k'],
      [/^line 76 /m, 'G'],
      [/^line 200 /m, 'b'],
      [/^line 171 /m, '-N\r'],
      [/^ +171 line 171/m, '1G'],
    ],
  },
  vim: {
    command: ['vim', '-n', '-u', 'NONE', '-i', 'NONE', '-N', 'words.c'],
    steps: [
      [/"words.c" 7L/, ':set number ruler laststatus=2 | syntax on\r'],
      [/^ +1 \/\* Words/m, 'jddp'],
      [/^ +2 int main/m, 'Oinserted \u6f22\u5b57 text\u001b'],
      [/inserted/, ':split\r'],
      [/words\.c.*words\.c/s, '\u0017j:%s/word/WORD/g\r'],
      [/WORD = /, 'v$'],
      [/VISUAL/, '\u001b:vsplit\r'],
      [/\|/, 'gg\u0006u'],
    ],
  },
  bash: {
    command: ['bash', '--norc', '--noprofile'],
    steps: [
      [/[#$]$/m, "PS1='$ '\r"],
      [/^\$$/m, 'echo a line that is longer than the screen is wide, so that it wraps'],
      [/wraps$/m, '\u0001\u001b[C\u001b[Cx\u0005\u0017\u0017'],
      [/^at$/m, '\r'],
      [/command not found\n\$$/m, 'printf "\\e[31mred\\e[m \\e[7mreverse\\e[m \u6f22\u5b57\\n"\r'],
      // Keys typed before the prompt would be echoed by the terminal.
      [/^red reverse.*\n\$$/m, 'cat long.t\t | head -3\r'],
      [/^line 3 .*\n\$$/m, '\u0012head'],
      [/reverse-i-search/, '\u0007'],
      [/^\$$/m, ''],
    ],
  },
};

describe.skipIf(!havePrograms('tmux', 'vim', 'less', 'bash'))('on the screen', () => {
  let files: PeerFiles;
  let env: Record<string, string>;

  beforeEach(() => {
    files = new PeerFiles();
    const lines = Array.from({ length: 200 }, (_, line) => `line ${line + 1} of the file`);
    files.write('long.txt', `${lines.join('\n')}\n`);
    files.write('words.c', C_SOURCE);
    // It says when it is in the foreground, at its start and again when it continues, because the shell receives the signals of keys
    // that are typed earlier: fg prints its command before it makes it the foreground process group.
    files.write(
      'wait.sh',
      'trap "echo $1 continued" CONT; echo $1; while :; do read -r line; done',
    );
    const { PATH = '/usr/bin:/bin' } = process.env;
    env = { PATH, HOME: files.folder, LC_ALL: 'C.UTF-8', TERM: 'screen-256color', HISTFILE: '' };
  });

  afterEach(() => {
    files.remove();
  });

  contract('of a pseudo-terminal', (rig) => {
    it.each(Object.entries(SESSIONS))(
      '%s is drawn as by tmux',
      { timeout: 60_000 },
      async (_, session) => {
        if (!rig.native) return;
        const { command, steps } = session;
        const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
        const quoted = command.map((word) => `'${word}'`).join(' ');
        await using tmux = await Tmux.start(
          COLUMNS,
          ROWS,
          `cd '${files.folder}' && exec env -i ${variables.join(' ')} ${quoted}`,
        );
        const running = start(rig, command);
        for (const [shown, typed] of steps) {
          await shows(running, shown);
          await agree(running, tmux);
          if (typed === '') continue;
          running.transport.write(typed);
          await tmux.type(typed);
        }
        await agree(running, tmux);
        await end(running);
      },
    );

    it('bash has job control and sees the size and its changes', { timeout: 30_000 }, async ({
      skip,
    }) => {
      if (!rig.native) skip('native only');
      const bash = start(rig, ['bash', '--norc', '--noprofile']);
      bash.transport.write("PS1='$ '; clear\r");
      await shows(bash, /^\$\n/);
      bash.transport.write("trap 'echo now $(stty size)' WINCH; stty size; tty\r");
      await shows(bash, /^16 60\n\/dev\/pts\/\d+\n\$$/m);
      bash.resize({ columns: 50, rows: 20 });
      await shows(bash, /now 20 50/);
      bash.transport.write('clear; sh wait.sh begun\r');
      await shows(bash, /^begun$/m);
      bash.client.sendKey(keyOf('c', 'ctrl'));
      await shows(bash, /\^C\n\$$/m);
      bash.transport.write('echo status $?; sh wait.sh again\r');
      await shows(bash, /^status 130\nagain$/m);
      bash.client.sendKey(keyOf('z', 'ctrl'));
      await shows(bash, /Stopped +sh wait.sh again\n\$$/m);
      bash.transport.write('clear; jobs; fg\r');
      await shows(bash, /^\[1\]\+ +Stopped +(sh wait.sh again)\n\1\nagain continued$/m);
      bash.client.sendKey(keyOf('c', 'ctrl'));
      await shows(bash, /\^C\n\$$/m);
      bash.transport.write('exit 3\r');
      await within(ended(bash), 'bash to end');
    });

    it('a program that ends restores the main screen', async ({ skip }) => {
      if (!rig.native) skip('native only');
      const bash = start(rig, [
        'bash',
        '--norc',
        '--noprofile',
        '-c',
        'echo before; less long.txt; echo after; cat',
      ]);
      await shows(bash, /^line 15 /m);
      expect(bash.screen.alternate).toBe(true);
      bash.transport.write('q');
      await shows(bash, /^before\nafter$/m);
      expect(bash.screen.alternate).toBe(false);
      bash.transport.write('\u0004');
      await within(ended(bash), 'bash to end');
    });
  });

  function start(rig: Rig, [program = '', ...args]: readonly string[]): TerminalProcess {
    const running = new TerminalProcess({ columns: COLUMNS, rows: ROWS });
    rig.reactor.spawnProcess(running, program, {
      args,
      env,
      cwd: files.folder,
      pty: { columns: COLUMNS, rows: ROWS },
    });
    return running;
  }
});

async function shows(running: TerminalProcess, pattern: RegExp): Promise<void> {
  const trimmed = (): string => running.screen.toString().replace(/\n+$/, '');
  await within(running.client.expect(pattern), () => `${pattern} on ${trimmed()}`);
}

/** Both may be drawing still: they are compared until they are equal. */
async function agree(running: TerminalProcess, tmux: Tmux): Promise<void> {
  let theirs: unknown;
  const isSame = async (): Promise<boolean> => {
    theirs = looks(await tmux.screen());
    return isDeepStrictEqual(looks(running.screen), theirs);
  };
  await tmux.until(isSame, 'to show the same').catch(() => {});
  expect(looks(running.screen)).toEqual(theirs);
}

function ended(running: TerminalProcess): Promise<void> {
  return new Promise((resolve) => {
    running.processEnded = () => resolve();
  });
}

async function end(running: TerminalProcess): Promise<void> {
  const gone = ended(running);
  running.transport.signalProcess('SIGKILL', { group: true });
  await within(gone, 'a program to end');
}
