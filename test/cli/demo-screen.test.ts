import { describe, expect, it } from 'vitest';
import { type DemoView, renderDemo, type ScreenSize } from '../../src/cli/demo-screen.js';

const flow = (perSecond: number, total: number) => ({ perSecond, total, history: [0, perSecond] });

const VIEW: DemoView = {
  reactor: 'native',
  poller: 'epoll',
  workers: 0,
  host: '127.0.0.1',
  echoPort: 7007,
  chatPort: 7008,
  dashboardUrl: 'http://127.0.0.1:7009/',
  figures: {
    uptimeSeconds: 754,
    messagesIn: flow(212_345, 12_345_678),
    messagesOut: flow(212_346, 12_345_679),
    bytesIn: flow(13_600_000, 790_000_000),
    bytesOut: flow(13_700_000, 791_000_000),
    turnsPerSecond: 4321,
    turnMsP50: 0.0421,
    turnMsP99: 1.234,
    connectionsOpen: 500,
    connectionsTotal: 1234,
    rssBytes: 85_200_000,
    bytesPerConnection: 3100,
    cpuPercent: 98.4,
  },
  chatting: 3,
  load: { open: 499, wanted: 500 },
  errors: 0,
  lastError: undefined,
  stopping: false,
};

const NORMAL: ScreenSize = { columns: 80, rows: 24, colour: false };

const render = (view: Partial<DemoView> = {}, size: Partial<ScreenSize> = {}): string[] =>
  renderDemo({ ...VIEW, ...view }, { ...NORMAL, ...size });

/** What stands in the lines after a label, blanks taken together. */
function shownFor(label: string, lines: readonly string[]): string {
  const line = lines.find((candidate) => candidate.includes(label)) ?? '';
  return line
    .slice(line.indexOf(label) + label.length)
    .replace(/\s+/g, ' ')
    .trim();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
const ESCAPES = /\x1b\[[\d;]*m/g;

describe('renderDemo', () => {
  it('names reactor, poller, ports and uptime in the first line', () => {
    const [first] = render();
    expect(first).toMatch(/^╭─ Ropewalk ─ native · epoll ─ echo 7007 · chat 7008 ─+ up 12:34 ─╮$/);
  });

  it('says in how many worker threads', () => {
    expect(render({ workers: 4 })[0]).toContain(' Ropewalk ─ native · epoll × 4 ─ echo 7007');
    const narrow = render({ workers: 4 }, { columns: 50 })[0];
    expect(narrow).toContain(' native/epoll × 4 7007 7008 ');
  });

  it('shows rates, curves and totals', () => {
    const lines = render();
    expect(shownFor('messages in', lines)).toBe('212 k ▁█ 12,345,678 │');
    expect(shownFor('messages out', lines)).toBe('212 k ▁█ 12,345,679 │');
    expect(shownFor('bytes in', lines)).toBe('13.6 MB ▁█ 790 MB │');
    expect(shownFor('bytes out', lines)).toBe('13.7 MB ▁█ 791 MB │');
  });

  it('shows connections, turns, memory and processor', () => {
    const lines = render();
    expect(shownFor('connections', lines)).toBe('500 turns a second 4,321 │');
    expect(shownFor('accepted', lines)).toBe('1,234 turn, median 0.042 ms │');
    expect(shownFor('in chat', lines)).toBe('3 turn, 99 % 1.23 ms │');
    expect(shownFor('own load', lines)).toBe('499 of 500 memory (RSS) 85.2 MB │');
    expect(shownFor('memory each', lines)).toBe('3.10 kB processor 98 % │');
  });

  it('writes a dash for what is not known', () => {
    const figures = { ...VIEW.figures, turnMsP50: undefined, bytesPerConnection: undefined };
    const lines = render({ figures, load: undefined });
    expect(shownFor('turn, median', lines)).toBe('- │');
    expect(shownFor('memory each', lines)).toMatch(/^- processor/);
    expect(shownFor('own load', lines)).toMatch(/^- memory/);
  });

  it('says what to do, and that it is stopping', () => {
    const talk = 'npx ropewalk talk 127.0.0.1 7007 · Ctrl-C stops';
    expect(render().at(-1)).toContain(`http://127.0.0.1:7009/ · ${talk}`);
    expect(render({ dashboardUrl: undefined }).at(-1)).toContain(`╰─ ${talk} `);
    expect(render({}, { columns: 60 }).at(-1)).toContain(`╰─ ${talk} `);
    expect(render({ stopping: true }).at(-1)).toContain('Ctrl-C again exits at once');
  });

  it('shows errors, without their control characters', () => {
    expect(render().join()).not.toContain('errors');
    const lines = render({ errors: 2, lastError: 'oops\x1b[2J\n' });
    expect(shownFor('errors', lines)).toBe('2 oops?[2J? │');
  });

  it('fills the width exactly, up to 100 columns, and never more rows than there are', () => {
    for (let columns = 1; columns <= 130; columns += 1) {
      for (const rows of [1, 2, 3, 8, 13, 24]) {
        for (const errors of [0, 7]) {
          const lines = render({ errors, lastError: 'x'.repeat(200) }, { columns, rows });
          expect(lines.length).toBeLessThanOrEqual(rows);
          const widths = new Set(lines.map((line) => line.length));
          if (columns >= 4) expect([...widths]).toEqual([Math.min(columns, 100)]);
        }
      }
    }
  });

  it('keeps every figure but the totals at 40 columns', () => {
    const lines = render({}, { columns: 40 });
    expect(lines[0]).toMatch(/^╭─ native\/epoll 7007 7008 ─+ up 12:34 ─╮$/);
    expect(shownFor('messages in', lines)).toBe('212 k ▁█ │');
    expect(shownFor('turn, 99 %', lines)).toBe('1.23 ms │');
    expect(shownFor('processor', lines)).toBe('98 % │');
  });

  it('leaves out blank rows first where the terminal is low', () => {
    const lines = render({}, { rows: 12 });
    expect(lines).toHaveLength(12);
    expect(lines.join()).toContain('processor');
    expect(lines.at(-1)).toContain('Ctrl-C stops');
    const lower = render({}, { rows: 6 });
    expect(lower).toHaveLength(6);
    expect(lower.join()).toContain('bytes out');
  });

  it('colours without changing the text', () => {
    const coloured = render({}, { colour: true });
    expect(coloured.join('\n')).toMatch(ESCAPES);
    expect(coloured.map((line) => line.replace(ESCAPES, ''))).toEqual(render());
    expect(render().join()).not.toMatch(ESCAPES);
  });

  it('ends every colour in the line where it began', () => {
    for (const line of render({ errors: 1, stopping: true }, { colour: true })) {
      const codes = line.match(ESCAPES) ?? [];
      expect(codes.at(-1)).toBe('\x1b[0m');
    }
  });
});
