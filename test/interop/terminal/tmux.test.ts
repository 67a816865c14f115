/** tmux as an oracle: it draws the same output on a pane of the same size. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ScreenBuffer } from '../../../src/terminal/index.js';
import { type Random, randomOf } from '../../protocols/http/differential/messages.js';
import { havePrograms } from '../peer-files.js';
import { looks, Tmux } from './tmux.js';

const COLUMNS = 20;
const ROWS = 6;
/** Times as many programs with TERMINAL_DIFFERENTIAL=1000. */
const RUNS = Number(process.env.TERMINAL_DIFFERENTIAL ?? 40);

const WORDS = [
  ...['hello', 'a', 'ab ', 'x'.repeat(25), 'é', 'e\u0301', '  ', '\r', '\n', '\r\n', '\t'],
  ...['\x1bD', '\x1bM', '\x1bE', '\x1b7\x1b[H', '\x1b7a\x1b8', '\x1b[K', '\x1b[1K', '\x1b[2K'],
  ...['\x1b[J', '\x1b[1J', '\x1b[2J', '\x1b[H', '\x1b[4h', '\x1b[4l', '\x1b[?7l', '\x1b[?7h'],
  ...[
    '\x1b[?6h',
    '\x1b[?6l',
    '\x1b(0lqk\x1b(B',
    '\x1b)0\x0elqk\x0f',
    '\x1b[?6l\x1b[r',
    '\x1bH',
    '\x1b[g',
  ],
  ...['\x1b[m', '\x1b[1;31m', '\x1b[44m', '\x1b[7m', '\x1b[38;5;200m', '\x1b[48;2;1;2;3m'],
  ...['\x1b[4:3m', '\x1b[39;49m', '\x1b#8', 'a\x1b[3b', '\x1b[?1049hhello\x1b[2J\x1b[?1049l\x1b7'],
];
/** Without cursor movements: tmux leaves halves of wide characters that are overwritten. */
const WIDE_WORDS = [
  '漢字',
  '한국어',
  'a',
  'é',
  'e\u0301',
  '\r\n',
  'x'.repeat(7),
  '🎉',
  '\x1b[31m',
  '\x1b[m',
  '｜',
];
/** Without those that tmux lacks, or takes differently from xterm. */
const FINALS = 'ABCDEFG@LMPSXZdH`';

function sequence(random: Random): string {
  const [one, two] = [random(8), random(9)];
  const parameters = ['', `${one}`, `${one};${two}`][random(3)] ?? '';
  const final = FINALS[random(FINALS.length)] ?? '';
  // Outside of the scroll region tmux moves lines, and xterm does not.
  const place = 'LM'.includes(final) ? '\x1b[?6l\x1b[2;5r\x1b[3;3H' : '';
  return `${place}\x1b[${parameters}${final}`;
}

function program(random: Random): string {
  if (random(4) === 0) {
    return Array.from({ length: 25 }, () => WIDE_WORDS[random(WIDE_WORDS.length)]).join('');
  }
  const pieces = Array.from({ length: 12 }, () => {
    if (random(20) === 0) return `\x1b[?6l\x1b[${1 + random(3)};${4 + random(3)}r`;
    return random(3) < 2 ? (WORDS[random(WORDS.length)] ?? '') : sequence(random);
  });
  return pieces.join('');
}

describe.skipIf(!havePrograms('tmux'))('as tmux', () => {
  it(`draws the output of ${RUNS} random programs`, { timeout: 60_000 + RUNS * 500 }, async () => {
    const command = 'stty raw -echo; printf "\\033]2;raw\\033\\\\"; exec cat';
    await using tmux = await Tmux.start(COLUMNS, ROWS, command);
    await tmux.until(async () => (await tmux.title()) === 'raw', 'to be raw');
    const terminal = (await tmux.command('display-message', '-p', '#{pane_tty}')).trim();
    const random = randomOf(20_261_130);
    for (let run = 0; run < RUNS; run++) {
      const output = `\x1b[?1049l\x1bc${program(random)}`;
      writeFileSync(terminal, `${output}\x1b]2;run ${run}\x1b\\`);
      await tmux.until(async () => (await tmux.title()) === `run ${run}`, 'to draw it');
      const screen = new ScreenBuffer({ columns: COLUMNS, rows: ROWS });
      screen.write(output);
      expect(looks(screen), JSON.stringify(output)).toEqual(looks(await tmux.screen()));
    }
  });
});
