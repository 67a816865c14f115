/** Draws the demo's live view: a pure function of the figures and the size of the terminal. */
import { Box, type Span, type Style, widthOf } from './box.js';
import type { DemoFigures, Flow } from './demo-meter.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMilliseconds,
  group,
  sparkline,
} from './figures.js';

/** Everything that the view shows. */
export interface DemoView {
  readonly reactor: 'native' | 'node';
  readonly poller: string;
  /** Worker threads that serve; 0: the main thread serves. */
  readonly workers: number;
  /** Where to connect to: an address of this machine. */
  readonly host: string;
  readonly echoPort: number;
  readonly chatPort: number;
  /** Undefined if there is no dashboard. */
  readonly dashboardUrl: string | undefined;
  readonly figures: DemoFigures;
  /** Chat users with a nickname. */
  readonly chatting: number;
  /** The built-in load, if there is one. */
  readonly load: { readonly open: number; readonly wanted: number } | undefined;
  readonly errors: number;
  readonly lastError: string | undefined;
  readonly stopping: boolean;
}

/** The terminal. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** A row of the box, and its priority for being left out if the terminal is too low: highest first, 0 never. */
interface Row {
  readonly text: string;
  readonly expendable: number;
}

type Fact = readonly [label: string, value: string, style?: Style];

const MAX_COLUMNS = 100;
const LABEL_COLUMNS = 14;
const RATE_COLUMNS = 9;
const TOTAL_COLUMNS = 12;
const GAP = '  ';

/** @returns One string a line, none longer than `columns`, at most `rows` of them. */
export function renderDemo(view: DemoView, size: ScreenSize): string[] {
  const columns = Math.min(size.columns, MAX_COLUMNS);
  const box = new Box(columns, size.colour);
  const top = box.line('╭╮', titleSpans(view, columns), ['label', uptime(view)]);
  const bottom = box.line('╰╯', [hint(view, columns)]);
  const body = [
    blank(box),
    ...flowRows(view.figures, box),
    ...errorRows(view, box),
    { text: box.line('├┤', []), expendable: 2 },
    ...factRows(view, box),
    blank(box),
  ];
  const lines = [top, ...leaveOut(body, size.rows - 2), bottom];
  return lines.slice(0, Math.max(1, size.rows));
}

function titleSpans(view: DemoView, columns: number): Span[] {
  const { reactor, poller, workers, echoPort, chatPort } = view;
  const threads = workers === 0 ? '' : ` × ${workers}`;
  const spans: Span[] = [
    ['title', 'Ropewalk'],
    ['accent', `${reactor} · ${poller}${threads}`],
    ['plain', `echo ${echoPort} · chat ${chatPort}`],
  ];
  // Each text is between a dash and blanks.
  if (widthOf(spans) + 3 * spans.length + 2 <= columns) return spans;
  return [['accent', `${reactor}/${poller}${threads} ${echoPort} ${chatPort}`]];
}

function uptime(view: DemoView): string {
  return `up ${formatDuration(view.figures.uptimeSeconds)}`;
}

function hint(view: DemoView, columns: number): Span {
  if (view.stopping) return ['warning', 'stopping; Ctrl-C again exits at once'];
  const talk = `npx ropewalk talk ${view.host} ${view.echoPort} · Ctrl-C stops`;
  const full = `${view.dashboardUrl} · ${talk}`;
  return ['label', view.dashboardUrl === undefined || full.length + 6 > columns ? talk : full];
}

function flowRows(figures: DemoFigures, box: Box): Row[] {
  const { messagesIn, messagesOut, bytesIn, bytesOut } = figures;
  const wide = box.width >= 52;
  const fixed = LABEL_COLUMNS + RATE_COLUMNS + GAP.length + (wide ? GAP.length + TOTAL_COLUMNS : 0);
  const curve = Math.max(0, box.width - fixed);
  const seconds = Math.min(curve, messagesIn.history.length);
  const row = (cells: readonly [Span, Span, Span, Span]): string => {
    const [[labelStyle, label], [rateStyle, rate], [curveStyle, bars], [totalStyle, total]] = cells;
    const spans: Span[] = [
      [labelStyle, label.padEnd(LABEL_COLUMNS)],
      [rateStyle, rate.padStart(RATE_COLUMNS)],
      [curveStyle, GAP + bars],
    ];
    if (wide) spans.push([totalStyle, GAP + total.padStart(TOTAL_COLUMNS)]);
    return box.row(spans);
  };
  const flow = (
    label: string,
    style: Style,
    { perSecond, total, history }: Flow,
    bytes = false,
  ): Row => {
    const format = bytes ? formatBytes : formatCount;
    const totalText = bytes ? formatBytes(total) : formatTotal(total);
    return kept(
      row([
        ['plain', label],
        ['strong', format(perSecond)],
        [style, sparkline(history, curve)],
        ['plain', totalText],
      ]),
    );
  };
  const heading = row([
    ['label', ''],
    ['label', 'a second'],
    ['label', `last ${seconds} s`.padStart(curve).slice(-curve)],
    ['label', 'total'],
  ]);
  return [
    { text: heading, expendable: 1 },
    flow('messages in', 'incoming', messagesIn),
    flow('messages out', 'outgoing', messagesOut),
    flow('bytes in', 'incoming', bytesIn, true),
    flow('bytes out', 'outgoing', bytesOut, true),
  ];
}

function formatTotal(total: number): string {
  return total < 1e9 ? group(total) : formatCount(total);
}

function errorRows({ errors, lastError }: DemoView, box: Box): Row[] {
  if (errors === 0) return [];
  const what = (lastError ?? '').replace(/[^\x20-\x7e]/g, '?');
  return [kept(box.row([['error', `${'errors'.padEnd(LABEL_COLUMNS)}${group(errors)}  ${what}`]]))];
}

function factRows(view: DemoView, box: Box): Row[] {
  const { figures, load, chatting } = view;
  const left: Fact[] = [
    ['connections', group(figures.connectionsOpen), 'strong'],
    ['accepted', formatTotal(figures.connectionsTotal)],
    ['in chat', group(chatting)],
    ['own load', load === undefined ? '-' : `${group(load.open)} of ${group(load.wanted)}`],
    ['memory each', known(figures.bytesPerConnection, formatBytes)],
  ];
  const right: Fact[] = [
    ['turns a second', formatCount(figures.turnsPerSecond), 'strong'],
    ['turn, median', known(figures.turnMsP50, formatMilliseconds)],
    ['turn, 99 %', known(figures.turnMsP99, formatMilliseconds)],
    ['memory (RSS)', formatBytes(figures.rssBytes)],
    ['processor', `${Math.round(figures.cpuPercent)} %`],
  ];
  const column = Math.floor((box.width - 6) / 2);
  if (column < 26)
    return [...left, ...right].map((fact) => kept(box.row(factSpans(fact, box.width))));
  return left.map((fact, index) => {
    const beside = right[index] ?? ['', ''];
    const gap = ' '.repeat(box.width - 2 * column);
    return kept(
      box.row([...factSpans(fact, column), ['plain', gap], ...factSpans(beside, column)]),
    );
  });
}

function factSpans([label, value, style = 'plain']: Fact, columns: number): Span[] {
  const room = Math.max(0, columns - value.length);
  return [
    ['label', label.padEnd(room).slice(0, room)],
    [style, value],
  ];
}

function known(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '-' : format(value);
}

function kept(text: string): Row {
  return { text, expendable: 0 };
}

function blank(box: Box): Row {
  return { text: box.row([]), expendable: 2 };
}

/** As many rows as fit: leaves out the expendable ones first, then the last ones. */
function leaveOut(rows: readonly Row[], room: number): string[] {
  const choices = [2, 1, 0].map((most) => rows.filter(({ expendable }) => expendable <= most));
  const shown = choices.find((choice) => choice.length <= room) ?? choices.at(-1) ?? [];
  return shown.slice(0, Math.max(0, room)).map(({ text }) => text);
}
