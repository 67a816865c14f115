/** A frame of box-drawing characters around rows of styled text. Widths count characters: each takes one column. */

export type Style =
  | 'plain'
  | 'frame'
  | 'label'
  | 'title'
  | 'accent'
  | 'strong'
  | 'incoming'
  | 'outgoing'
  | 'warning'
  | 'error';

/** A piece of text in one style. */
export type Span = readonly [style: Style, text: string];

/** SGR parameters (ECMA-48 section 8.3.117). The sixteen basic colours only: terminals adapt these to their theme. */
const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  frame: '90',
  label: '90',
  title: '1',
  accent: '36',
  strong: '1',
  incoming: '32',
  outgoing: '36',
  warning: '33',
  error: '31',
};

export class Box {
  readonly #columns: number;
  readonly #colour: boolean;
  /** Columns between the frame and a row's text, on either side. */
  readonly #margin: number;

  constructor(columns: number, colour: boolean) {
    this.#columns = columns;
    this.#colour = colour;
    this.#margin = columns >= 60 ? 2 : 1;
  }

  /** Columns available for a row's text. */
  get width(): number {
    return Math.max(0, this.#columns - 2 - 2 * this.#margin);
  }

  /** Text in the frame, padded or cut to the width. */
  row(spans: readonly Span[]): string {
    const margin = ' '.repeat(this.#margin);
    const text = cut(spans, this.width);
    return this.#paint([
      ['frame', '│'],
      ['plain', margin],
      ...text,
      ['plain', margin],
      ['frame', '│'],
    ]);
  }

  /**
   * A horizontal line that contains texts: `left` on the left, `right` on the right. If there is no room, `right` is left
   * out, then `left` is cut.
   */
  line(edge: '╭╮' | '├┤' | '╰╯', left: readonly Span[], right?: Span): string {
    const inner = Math.max(0, this.#columns - 2);
    const start: Span[] = left.flatMap((span): Span[] => [['frame', '─ '], span, ['plain', ' ']]);
    const end: readonly Span[] =
      right === undefined ? [] : [['plain', ' '], right, ['frame', ' ─']];
    const room = inner - widthOf(start);
    const shown = widthOf(end) < room ? end : [];
    const fill = '─'.repeat(Math.max(0, room - widthOf(shown)));
    const text = cut([...start, ['frame', fill], ...shown], inner);
    return this.#paint([['frame', edge.charAt(0)], ...text, ['frame', edge.charAt(1)]]);
  }

  #paint(spans: readonly Span[]): string {
    if (!this.#colour) return spans.map(([, text]) => text).join('');
    return spans
      .map(([style, text]) => (CODES[style] ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text))
      .join('');
  }
}

export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((width, [, text]) => width + text.length, 0);
}

/** Spans of exactly `width` columns: cut, or padded with blanks. */
function cut(spans: readonly Span[], width: number): readonly Span[] {
  const fitted: Span[] = [];
  let room = width;
  for (const [style, text] of spans) {
    fitted.push([style, text.slice(0, room)]);
    room -= Math.min(text.length, room);
  }
  return room > 0 ? [...fitted, ['plain', ' '.repeat(room)]] : fitted;
}
