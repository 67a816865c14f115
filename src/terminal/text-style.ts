/** The look of characters, and its changes by SGR (ECMA-48, 8.3.117, with the colours of ISO 8613-6). */
import type { GraphicAttribute } from './terminal.js';

/** An entry of the palette, 0 to 255, or `#rrggbb`. The first 8 are black, red, green, yellow, blue, magenta, cyan and white. */
export type TerminalColor = number | string;

export type UnderlineStyle = 'single' | 'double' | 'curly' | 'dotted' | 'dashed';

/** Immutable. A property that is absent has its default. */
export interface TextStyle {
  readonly bold?: true;
  readonly faint?: true;
  readonly italic?: true;
  readonly underline?: UnderlineStyle;
  readonly blink?: true;
  readonly reverse?: true;
  readonly hidden?: true;
  readonly strikethrough?: true;
  /** Default: the terminal's own. */
  readonly foreground?: TerminalColor;
  readonly background?: TerminalColor;
}

export const PLAIN: TextStyle = Object.freeze({});

const UNDERLINES: readonly (UnderlineStyle | undefined)[] = [
  ...([undefined, 'single', 'double', 'curly', 'dotted', 'dashed'] as const),
];

type Changes = { -readonly [Name in keyof TextStyle]?: TextStyle[Name] | undefined };

/** Attributes that set or remove properties. */
const CHANGES: Readonly<Record<number, Changes>> = {
  1: { bold: true },
  2: { faint: true },
  3: { italic: true },
  4: { underline: 'single' },
  5: { blink: true },
  6: { blink: true },
  7: { reverse: true },
  8: { hidden: true },
  9: { strikethrough: true },
  21: { underline: 'double' },
  22: { bold: undefined, faint: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  25: { blink: undefined },
  27: { reverse: undefined },
  28: { hidden: undefined },
  29: { strikethrough: undefined },
  39: { foreground: undefined },
  49: { background: undefined },
};

/** A style after SGR. Unknown attributes change nothing. */
export function withRendition(
  style: TextStyle,
  attributes: readonly GraphicAttribute[],
): TextStyle {
  if (attributes.length === 0) return PLAIN;
  let changed = style;
  for (let at = 0; at < attributes.length; at++) {
    const attribute = attributes[at] as GraphicAttribute;
    if (typeof attribute !== 'number') changed = withGroup(changed, attribute);
    else if (attribute === 38 || attribute === 48 || attribute === 58) {
      const [color, used] = followingColor(attributes, at + 1);
      at += used;
      changed = withColor(changed, attribute, color);
    } else changed = withOne(changed, attribute);
  }
  return changed;
}

function withOne(style: TextStyle, attribute: number): TextStyle {
  if (attribute === 0) return PLAIN;
  const changes = CHANGES[attribute];
  if (changes !== undefined) return changedBy(style, changes);
  if (attribute >= 30 && attribute <= 37) return changedBy(style, { foreground: attribute - 30 });
  if (attribute >= 40 && attribute <= 47) return changedBy(style, { background: attribute - 40 });
  if (attribute >= 90 && attribute <= 97) return changedBy(style, { foreground: attribute - 82 });
  if (attribute >= 100 && attribute <= 107) return changedBy(style, { background: attribute - 92 });
  return style;
}

/** `4:3`, `38:5:n`, `38:2:r:g:b` and `38:2:space:r:g:b`. */
function withGroup(style: TextStyle, group: readonly number[]): TextStyle {
  const [first = -1, second = 0, ...rest] = group;
  if (first === 4) {
    return second <= 5 ? changedBy(style, { underline: UNDERLINES[Math.max(second, 0)] }) : style;
  }
  if (first !== 38 && first !== 48 && first !== 58) return style;
  if (second === 5) return withColor(style, first, paletteColor(rest[0]));
  if (second === 2)
    return withColor(style, first, directColor(rest.slice(rest.length > 3 ? 1 : 0)));
  return style;
}

/** The colour in the attributes behind 38, 48 or 58, and how many they are. */
function followingColor(
  attributes: readonly GraphicAttribute[],
  at: number,
): [color: TerminalColor | undefined, used: number] {
  const values = attributes
    .slice(at, at + 4)
    .map((value) => (typeof value === 'number' ? value : -1));
  if (values[0] === 5) return [paletteColor(values[1]), 2];
  if (values[0] === 2) return [directColor(values.slice(1)), 4];
  return [undefined, 0];
}

function paletteColor(index = -1): TerminalColor | undefined {
  return index >= 0 && index <= 255 ? index : undefined;
}

function directColor(parts: readonly number[]): TerminalColor | undefined {
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Math.max(part, 0));
  if (red > 255 || green > 255 || blue > 255) return undefined;
  return `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0')}`;
}

function withColor(style: TextStyle, which: number, color: TerminalColor | undefined): TextStyle {
  if (color === undefined || which === 58) return style; // 58 is the colour of the underline
  return changedBy(style, which === 38 ? { foreground: color } : { background: color });
}

function changedBy(style: TextStyle, changes: Changes): TextStyle {
  const changed: Changes = { ...style, ...changes };
  for (const name in changes) {
    if (changes[name as keyof Changes] === undefined) delete changed[name as keyof Changes];
  }
  return changed as TextStyle;
}

/** The attributes that make a style out of {@link PLAIN}: arguments for `selectGraphicRendition`. */
export function renditionOf(style: TextStyle): GraphicAttribute[] {
  const attributes: GraphicAttribute[] = [];
  if (style.bold) attributes.push(1);
  if (style.faint) attributes.push(2);
  if (style.italic) attributes.push(3);
  if (style.underline === 'single') attributes.push(4);
  else if (style.underline !== undefined) attributes.push([4, UNDERLINES.indexOf(style.underline)]);
  if (style.blink) attributes.push(5);
  if (style.reverse) attributes.push(7);
  if (style.hidden) attributes.push(8);
  if (style.strikethrough) attributes.push(9);
  if (style.foreground !== undefined) attributes.push(...colorAttributes(30, style.foreground));
  if (style.background !== undefined) attributes.push(...colorAttributes(40, style.background));
  return attributes;
}

/** @param base 30 for the foreground, 40 for the background. */
function colorAttributes(base: number, color: TerminalColor): number[] {
  if (typeof color === 'number') {
    if (color < 8) return [base + color];
    return color < 16 ? [base + 52 + color] : [base + 8, 5, color];
  }
  const rgb = Number.parseInt(color.slice(1), 16);
  return [base + 8, 2, rgb >> 16, (rgb >> 8) & 0xff, rgb & 0xff];
}

export function sameStyle(one: TextStyle, other: TextStyle): boolean {
  return (
    one === other ||
    (one.bold === other.bold &&
      one.faint === other.faint &&
      one.italic === other.italic &&
      one.underline === other.underline &&
      one.blink === other.blink &&
      one.reverse === other.reverse &&
      one.hidden === other.hidden &&
      one.strikethrough === other.strikethrough &&
      one.foreground === other.foreground &&
      one.background === other.background)
  );
}
