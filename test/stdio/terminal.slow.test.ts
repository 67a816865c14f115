/** Standard input that is a terminal: a program under script(1), and stty(1) for the terminal's mode. */
import { spawn } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { command } from '../support/child.js';
import { within } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { ONE_POLLER } from '../support/reactors.js';

const WORKER = new URL('programs/raw-worker.ts', import.meta.url);
const PROGRAM = new URL('programs/stdio.ts', import.meta.url);

/** Runs a script of the shell in a terminal of 100 x 30. @returns What the terminal shows. */
async function inTerminal(script: string): Promise<string> {
  const shell = `stty cols 100 rows 30; ulimit -c 0; ${script}`;
  const child = spawn('script', ['-qec', `bash -c '${shell}'`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  try {
    const closed = new Promise((resolve) => child.once('close', resolve));
    await within(closed, () => `a terminal to close; it shows ${text}`, 60_000);
  } finally {
    child.kill('SIGKILL');
  }
  return text;
}

describe.each(ONE_POLLER)('a terminal ($name)', ({ name, native }) => {
  beforeEach(() => needs('fifos'));

  const program = [process.execPath, ...command(PROGRAM), name].join(' ');
  const endings = ['close', 'exit', 'throws', 'SIGTERM', 'SIGINT', 'resize', 'continue'];
  if (native) endings.push('SIGQUIT', 'SIGSEGV', 'SIGUSR2', 'SIGXCPU', 'abort');

  it.each(endings)('is restored after raw mode: %s', async (ending) => {
    const shown = await inTerminal(
      `stty sane; ${program} ${ending}; echo; stty -a | grep -oE -- "-?(icanon|echo|isig) "`,
    );
    expect(shown).toContain('raw, 100 x 30');
    if (ending === 'resize') expect(shown).toContain('resized to 120 x 30');
    if (ending === 'continue') expect(shown).toMatch(/stopped: cooked[\s\S]*continued: raw/);
    expect(shown.split(/\s+/).slice(-4)).toEqual(['isig', 'icanon', 'echo', '']);
  });

  it.skipIf(!native)('is restored after a worker that was terminated', async () => {
    const worker = [process.execPath, ...command(WORKER), name].join(' ');
    const shown = await inTerminal(`stty sane; ${worker}; stty -a | grep -oE -- "-?icanon "`);
    expect(shown.split(/\s+/)).toEqual(['raw', 'cooked', '20', 'icanon', '']);
  });
});
