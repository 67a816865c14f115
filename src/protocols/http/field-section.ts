/** The field lines of a head or a trailer section: offsets into the received bytes. Strings are made when they are read. */
import { HTTPSequenceError } from './errors.js';
import { type FieldScanner, OFFSETS_PER_FIELD } from './field-scanner.js';
import { LOWER } from './octets.js';

const EMPTY: Buffer = Buffer.alloc(0);

/** Chooses the fields that are not passed on. */
export interface FieldFilter {
  /** Whether a name with this length and first octet may be dropped: most others need no further look. */
  mayDrop(nameLength: number, firstOctet: number): boolean;
  /** @param lower The name in lower case. */
  drops(lower: string): boolean;
}

const RELEASED =
  'this HTTP head or trailer section was released: call keep() before the parser continues';

/**
 * Values are decoded as Latin-1, a character per octet, without the whitespace around them. Names are compared without case.
 *
 * It reads the received bytes, which are valid until the parser's `next()` returns `undefined` or begins another message.
 * Call {@link keep} to read it later; otherwise it throws HTTPSequenceError from then on.
 */
export class FieldSection {
  /** The bytes that contain the message, which begins at `base` and has `length` bytes. */
  protected bytes: Buffer;
  protected base: number;
  private readonly length: number;
  private offsets: Uint32Array;
  private readonly count: number;
  private isKept = false;

  /** @internal */
  constructor(bytes: Buffer, base: number, length: number, scanner: FieldScanner) {
    this.bytes = bytes;
    this.base = base;
    this.length = length;
    this.offsets = scanner.offsets;
    this.count = scanner.count;
  }

  /** The number of field lines. */
  get fieldCount(): number {
    return this.count;
  }

  /** Whether there is a field of this name. */
  has(name: string): boolean {
    return this.find(name.toLowerCase(), 0) !== -1;
  }

  /**
   * The value of a field; `undefined` if there is none. The values of several lines are joined by `, ` (RFC 9110 section 5.3),
   * those of Cookie by `; `. Values of Set-Cookie cannot be joined: read them with {@link fields}.
   */
  field(name: string): string | undefined {
    const lower = name.toLowerCase();
    let index = this.find(lower, 0);
    if (index === -1) return undefined;
    let value = this.valueAt(index);
    const separator = lower === 'cookie' ? '; ' : ', ';
    for (index = this.find(lower, index + 1); index !== -1; index = this.find(lower, index + 1)) {
      value += separator + this.valueAt(index);
    }
    return value;
  }

  /** The values of all lines of a field, in order; empty if there is none. */
  fields(name: string): string[] {
    const lower = name.toLowerCase();
    const values: string[] = [];
    for (let index = this.find(lower, 0); index !== -1; index = this.find(lower, index + 1)) {
      values.push(this.valueAt(index));
    }
    return values;
  }

  /** Each field line as it was received, in order: the name in its spelling, and the value. */
  *rawFields(): Generator<readonly [name: string, value: string], void, undefined> {
    for (let index = 0; index < this.count; index++) {
      const at = index * OFFSETS_PER_FIELD;
      const name = this.text(this.offsets[at] as number, this.offsets[at + 1] as number);
      yield [name, this.valueAt(index)];
    }
  }

  /**
   * @internal The field lines as they were received, each with its CRLF, except those that the filter drops: a character per octet.
   */
  linesWithout(filter: FieldFilter): string {
    const { count, offsets, length, base } = this;
    if (count === 0) return '';
    const bytes = this.received();
    const first = offsets[0] as number;
    const text = bytes.toString('latin1', base + first, base + length - 2);
    let lines = '';
    let keptFrom = 0;
    for (let i = 0; i < count; i++) {
      const from = offsets[i * OFFSETS_PER_FIELD] as number;
      const nameLength = (offsets[i * OFFSETS_PER_FIELD + 1] as number) - from;
      if (!filter.mayDrop(nameLength, bytes[base + from] as number)) continue;
      const at = from - first;
      if (!filter.drops(text.slice(at, at + nameLength).toLowerCase())) continue;
      if (at > keptFrom) lines += text.slice(keptFrom, at);
      const isLast = i + 1 === count;
      keptFrom = isLast ? text.length : (offsets[(i + 1) * OFFSETS_PER_FIELD] as number) - first;
    }
    return keptFrom === 0 ? text : lines + text.slice(keptFrom);
  }

  /** @internal Names and values in turn, as they were received: for readers of all fields, faster than {@link rawFields}. */
  rawList(): string[] {
    const { base, offsets, count } = this;
    const text = this.received().toString('latin1', base, base + this.length);
    const list: string[] = [];
    for (let at = 0; at < count * OFFSETS_PER_FIELD; at += OFFSETS_PER_FIELD) {
      list.push(
        text.slice(offsets[at] as number, offsets[at + 1] as number),
        text.slice(offsets[at + 2] as number, offsets[at + 3] as number),
      );
    }
    return list;
  }

  /** Copies the bytes, so that the section can be read at any time. Calling it again does nothing. */
  keep(): this {
    if (this.isKept) return this;
    const { base, length } = this;
    // Views of the copy are never given away, so it may be in Node's pool.
    const copy = Buffer.allocUnsafe(length);
    this.received().copy(copy, 0, base, base + length);
    this.bytes = copy;
    this.base = 0;
    this.offsets = this.offsets.slice(0, this.count * OFFSETS_PER_FIELD);
    this.isKept = true;
    return this;
  }

  /** @internal Called by the parser when the bytes are about to become invalid. */
  release(): void {
    if (!this.isKept) this.bytes = EMPTY;
  }

  /** The text between two offsets. */
  protected text(from: number, to: number): string {
    return this.received().toString('latin1', this.base + from, this.base + to);
  }

  protected valueAt(index: number): string {
    const at = index * OFFSETS_PER_FIELD;
    return this.text(this.offsets[at + 2] as number, this.offsets[at + 3] as number);
  }

  /** The index of the first line at `index` or later that has this name; -1 if there is none. */
  private find(lower: string, index: number): number {
    const bytes = this.received();
    const { base, offsets, count } = this;
    const { length } = lower;
    next: for (let i = index; i < count; i++) {
      const from = offsets[i * OFFSETS_PER_FIELD] as number;
      if ((offsets[i * OFFSETS_PER_FIELD + 1] as number) - from !== length) continue;
      for (let at = 0; at < length; at++) {
        if (LOWER[bytes[base + from + at] as number] !== lower.charCodeAt(at)) continue next;
      }
      return i;
    }
    return -1;
  }

  private received(): Buffer {
    if (this.bytes.length === 0 && this.length !== 0) throw new HTTPSequenceError(RELEASED);
    return this.bytes;
  }
}
