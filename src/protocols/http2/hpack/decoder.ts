/**
 * Decodes header blocks (RFC 7541). The first bits of a field:
 *
 *     1        index of the field in the tables, prefix of 7 bits
 *     01       literal, which is added to the dynamic table; index of the name, prefix of 6 bits; 0: the name follows
 *     001      new maximum size of the dynamic table, prefix of 5 bits; only in front of the fields
 *     0001     literal that must never be indexed; prefix of 4 bits
 *     0000     literal that is not indexed; prefix of 4 bits
 *
 * Work and memory are bounded by the length of the block, which the caller limits, except those of indexed fields: an octet can
 * stand for a field of the size of the table. Fields share the entry's strings, and none are kept beyond the limits.
 */
import { checkInteger } from '../../../internal/check.js';
import { hpackError } from '../errors.js';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';
import { decodeHuffman } from './huffman-decoder.js';
import { FIRST_DYNAMIC, STATIC_TABLE } from './static-table.js';

/** The size of both dynamic tables until a setting changes it (RFC 9113 section 6.5.2). */
export const INITIAL_TABLE_BYTES = 4096;
const MAX_TABLE_BYTES = 2 ** 24;

/** An integer has at most this number of octets behind its prefix, and is less than 2^28 + 2^7. */
const MAX_INTEGER_OCTETS = 4;

/** The memory of strings while they are decoded, shared by all decoders of the thread. */
let decoded: Buffer = Buffer.allocUnsafeSlow(4096);

const NONE: Buffer = Buffer.alloc(0);

export class HPACKDecoder {
  private readonly table: DynamicTable<HeaderField> = new DynamicTable(INITIAL_TABLE_BYTES);
  /** The value of the setting that the peer has acknowledged. */
  private settingBytes = INITIAL_TABLE_BYTES;
  private needsUpdate = false;
  private bytes: Buffer = NONE;
  private at = 0;
  private to = 0;
  private sum = 0;

  /** The bytes in the dynamic table, as RFC 7541 counts them. */
  get tableBytes(): number {
    return this.table.bytes;
  }

  /** The size of the last block's list, also beyond the limit: that of each field, as RFC 7541 section 4.1 counts it. */
  get listBytes(): number {
    return this.sum;
  }

  /**
   * The peer has acknowledged a value of SETTINGS_HEADER_TABLE_SIZE. If it is lower than the size of the table, the next block
   * must begin with an update (RFC 7541 section 4.2).
   * @param value In bytes, 0 to 2^24. Until the first call it is 4,096.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  acknowledged(value: number): void {
    this.settingBytes = checkInteger('SETTINGS_HEADER_TABLE_SIZE', value, 0, MAX_TABLE_BYTES);
    this.needsUpdate = value < this.table.maxBytes;
  }

  /**
   * Decodes a whole block. Each block of a connection must be decoded, in the order of their arrival, also those of streams that
   * are of no interest.
   * @param from The position of the block in `bytes`.
   * @param to Its end.
   * @param maxListBytes Fields from the one on that exceeds this {@link listBytes} are decoded, but not returned.
   * @param maxFields Likewise.
   * @returns The fields in order. `undefined` if a limit was exceeded.
   * @throws HPACKError
   */
  decode(
    bytes: Buffer,
    from: number,
    to: number,
    maxListBytes: number,
    maxFields: number,
  ): HeaderField[] | undefined {
    this.bytes = bytes;
    this.at = from;
    this.to = to;
    this.sum = 0;
    const fields: HeaderField[] = [];
    let isWithin = true;
    this.sizeUpdates();
    while (this.at < to) {
      const field = this.field();
      this.sum += field.size;
      if (this.sum > maxListBytes || fields.length === maxFields) isWithin = false;
      if (isWithin) fields.push(field);
    }
    // A received chunk can be large.
    this.bytes = NONE;
    return isWithin ? fields : undefined;
  }

  private sizeUpdates(): void {
    while (this.at < this.to && ((this.bytes[this.at] as number) & 0xe0) === 0x20) {
      const size = this.integer(0x1f);
      if (size > this.settingBytes) throw hpackError('table-size');
      this.table.maxBytes = size;
      this.needsUpdate = false;
    }
    if (this.needsUpdate) throw hpackError('table-size-missing');
  }

  private field(): HeaderField {
    const first = this.bytes[this.at] as number;
    if (first >= 0x80) return this.entry(this.integer(0x7f));
    if (first >= 0x40) {
      const field = this.literal(this.integer(0x3f), false);
      this.table.add(field);
      return field;
    }
    if (first >= 0x20) throw hpackError('table-size-position');
    return this.literal(this.integer(0x0f), first >= 0x10);
  }

  private literal(index: number, isSensitive: boolean): HeaderField {
    const name = index === 0 ? this.text() : this.entry(index).name;
    return new HeaderField(name, this.text(), isSensitive);
  }

  private entry(index: number): HeaderField {
    const entry =
      index < FIRST_DYNAMIC ? STATIC_TABLE[index - 1] : this.table.at(index - FIRST_DYNAMIC);
    if (entry === undefined) throw hpackError('index');
    return entry;
  }

  /** RFC 7541 section 5.1. Called with at least one octet. @param mask The bits of the prefix. */
  private integer(mask: number): number {
    let value = (this.bytes[this.at++] as number) & mask;
    if (value < mask) return value;
    for (let octets = 0; octets < MAX_INTEGER_OCTETS; octets++) {
      if (this.at === this.to) throw hpackError('truncated');
      const octet = this.bytes[this.at++] as number;
      value += (octet & 0x7f) << (7 * octets);
      if (octet < 0x80) return value;
    }
    throw hpackError('integer');
  }

  /** RFC 7541 section 5.2. */
  private text(): string {
    if (this.at === this.to) throw hpackError('truncated');
    const isCoded = (this.bytes[this.at] as number) >= 0x80;
    const length = this.integer(0x7f);
    const from = this.at;
    if (length > this.to - from) throw hpackError('truncated');
    this.at += length;
    if (!isCoded) return this.bytes.toString('latin1', from, from + length);
    if (length * 2 > decoded.length) decoded = Buffer.allocUnsafeSlow(4 * length);
    const size = decodeHuffman(this.bytes, from, from + length, decoded);
    return decoded.toString('latin1', 0, size);
  }
}
