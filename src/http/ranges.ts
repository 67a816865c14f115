/**
 * Range requests for bytes (RFC 9110 section 14). Sets of many, overlapping or tiny ranges cost a server more than the whole
 * representation (CVE-2011-3192): ranges are counted before they are stored, and merged if they overlap or are close together.
 */
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { trimOWS } from './field-values.js';

/** Bytes `first` to `last`, both included, counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface RangeOptions {
  /** Most ranges in one request: 1 to 1,000. Default 16. A request for more is answered with the whole representation. */
  readonly maxRanges?: number | undefined;
}

const OPTIONS: OptionNames<RangeOptions> = { maxRanges: true };
const DEFAULT_MAX_RANGES = 16;
const MAX_RANGES = 1000;

/** Ranges with a smaller gap are merged: a further part of a multipart answer takes about as many bytes. */
const MERGED_GAP_BYTES = 80;

const UNIT = /^bytes=/i;
const RANGE = /^(\d*)-(\d*)$/;

/**
 * The ranges to send, in the order of the request, neither overlapping nor adjacent; `unsatisfiable` for the status 416; or
 * undefined if the field must or may be ignored: another unit, malformed, an empty representation, more than `maxRanges`, or
 * ranges that together ask for more bytes than the representation has.
 *
 * @param size Length of the representation in bytes.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function parseRange(
  field: string,
  size: number,
  options: RangeOptions = {},
): readonly ByteRange[] | 'unsatisfiable' | undefined {
  checkOptions('parseRange', options, OPTIONS);
  const maxRanges = checkMaxRanges(options.maxRanges);
  checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER);
  if (size === 0 || !UNIT.test(field)) return undefined;
  // One more than allowed shows that there are too many.
  const specs = field.slice('bytes='.length).split(',', 2 * maxRanges + 1);
  const ranges: ByteRange[] = [];
  let count = 0;
  let total = 0;
  for (const spec of specs) {
    const text = trimOWS(spec);
    if (text === '') continue;
    if (++count > maxRanges) return undefined;
    const range = rangeOf(text, size);
    if (range === undefined) return undefined;
    if (range === 'unsatisfiable') continue;
    total += lengthOf(range);
    ranges.push(range);
  }
  if (count === 0 || specs.length > 2 * maxRanges || total > size) return undefined;
  return ranges.length === 0 ? 'unsatisfiable' : merged(ranges);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMaxRanges(maxRanges: number | undefined): number {
  return checkInteger('maxRanges', maxRanges ?? DEFAULT_MAX_RANGES, 1, MAX_RANGES);
}

/** Undefined if it is malformed. */
function rangeOf(text: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = RANGE.exec(text) ?? [];
  if (from === '') {
    if (to === '') return undefined;
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  // Numbers above 2^53 are inexact, but greater than any size.
  const first = Number(from);
  const last = to === '' ? size - 1 : Number(to);
  if (to !== '' && last < first) return undefined;
  return first >= size ? 'unsatisfiable' : { first, last: Math.min(last, size - 1) };
}

/** A merged range takes the place of the first of its members (RFC 9110 section 15.3.7.2). */
function merged(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length === 1) return ranges;
  const sorted = ranges.map((range, place) => ({ ...range, place }));
  sorted.sort((a, b) => a.first - b.first);
  const groups: { first: number; last: number; place: number }[] = [];
  for (const range of sorted) {
    const group = groups.at(-1);
    if (group === undefined || range.first > group.last + 1 + MERGED_GAP_BYTES) {
      groups.push(range);
    } else {
      group.last = Math.max(group.last, range.last);
      group.place = Math.min(group.place, range.place);
    }
  }
  groups.sort((a, b) => a.place - b.place);
  return groups.map(({ first, last }) => ({ first, last }));
}

export function lengthOf({ first, last }: ByteRange): number {
  return last - first + 1;
}

/** The Content-Range field of a 206, such as `bytes 0-499/1234`, or without a range that of a 416, which has an asterisk in its place. */
export function contentRange(range: ByteRange | undefined, size: number): string {
  return `bytes ${range === undefined ? '*' : `${range.first}-${range.last}`}/${size}`;
}
