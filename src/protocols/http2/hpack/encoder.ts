/**
 * Encodes header blocks (RFC 7541).
 *
 * Fields of the tables are sent as an index; others are added to the dynamic table, except those that rarely occur twice, such as
 * a path, and those with credentials. Credentials are marked as never indexed, so that no hop puts them into a table,
 * where an attacker who can send fields on the same connection could guess them by the length of blocks (RFC 7541 section 7.1).
 */
import { checkInteger } from '../../../internal/check.js';
import { INITIAL_TABLE_BYTES } from './decoder.js';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';
import { encodeHuffman, huffmanLength } from './huffman-encoder.js';
import { KNOWN_NAMES } from './known-names.js';
import { FIRST_DYNAMIC } from './static-table.js';

/** Strings of up to this length are written faster by a loop. */
const SHORT_LENGTH = 24;

const LITERAL = 0x00;
const NEVER = 0x10;
const INDEXED = 0x40;

/** A field of the dynamic table, linked to the previous one of the same name. */
class SentField extends HeaderField {
  /** The number of fields that were added before. */
  readonly position: number;
  older: SentField | undefined;

  constructor(name: string, value: string, position: number, older: SentField | undefined) {
    super(name, value, false);
    this.position = position;
    this.older = older;
  }
}

/** The block that is being encoded, in memory that all encoders of the thread share. */
let block: Buffer = Buffer.allocUnsafeSlow(4096);
let end = 0;

/** Call {@link begin}, {@link field} for each field, and {@link finish}, without calls of other encoders in between. */
export class HPACKEncoder {
  private readonly maxTableBytes: number;
  private readonly table: DynamicTable<SentField>;
  /** The newest field of each name in the table. */
  private readonly newest = new Map<string, SentField>();
  private added = 0;
  /** The size that the peer allows, and the lowest one since the last block. */
  private allowedBytes: number;
  private lowestBytes: number;

  /**
   * @param maxTableBytes The most memory for the dynamic table, even if the peer allows more, in bytes as RFC 7541 section 4.1 counts
   * them: 0 to 65,536. Default 4,096.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(maxTableBytes: number = INITIAL_TABLE_BYTES) {
    this.maxTableBytes = checkInteger('maxTableBytes', maxTableBytes, 0, 65_536);
    this.table = new DynamicTable(INITIAL_TABLE_BYTES, (entry) => {
      if (this.newest.get(entry.name) === entry) this.newest.delete(entry.name);
    });
    this.allowedBytes = Math.min(INITIAL_TABLE_BYTES, this.maxTableBytes);
    this.lowestBytes = this.allowedBytes;
  }

  /** The bytes in the dynamic table, as RFC 7541 counts them. */
  get tableBytes(): number {
    return this.table.bytes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE: 0 to 2^32 - 1. The next block announces the size that is used. */
  peerTableBytes(value: number): void {
    this.allowedBytes = Math.min(value, this.maxTableBytes);
    this.lowestBytes = Math.min(this.lowestBytes, this.allowedBytes);
  }

  begin(): void {
    end = 0;
    if (this.lowestBytes === this.table.maxBytes && this.allowedBytes === this.lowestBytes) return;
    // RFC 7541 section 4.2: the lowest size since the last block is announced too, because entries were evicted for it.
    if (this.lowestBytes < this.table.maxBytes) this.resize(this.lowestBytes);
    if (this.allowedBytes !== this.table.maxBytes) this.resize(this.allowedBytes);
    this.lowestBytes = this.allowedBytes;
  }

  /**
   * @param name In lower case, validated, a character per octet.
   * @param value Validated, a character per octet.
   * @param isSensitive Whether no hop may index it, also if its name is not one of known credentials. Default false.
   */
  field(name: string, value: string, isSensitive = false): void {
    // A character is coded in at most 30 bits; the rest is for the integers.
    reserve(4 * (name.length + value.length) + 16);
    const known = KNOWN_NAMES.get(name);
    if (known === undefined) {
      if (isSensitive) this.literal(NEVER, 0x0f, 0, name, value);
      else this.indexable(name, value, 0);
      return;
    }
    if (isSensitive || value.length < known.minIndexedLength) {
      this.literal(NEVER, 0x0f, known.index, name, value);
      return;
    }
    const index = known.values.get(value);
    if (index !== undefined) integer(0x80, 0x7f, index);
    else if (known.isVaried) this.literal(LITERAL, 0x0f, known.index, name, value);
    else this.indexable(name, value, known.index);
  }

  /** The block: a view of memory that is valid until the next call of any encoder. */
  finish(): Buffer {
    return block.subarray(0, end);
  }

  private resize(bytes: number): void {
    this.table.maxBytes = bytes;
    reserve(16);
    integer(0x20, 0x1f, bytes);
  }

  private indexable(name: string, value: string, staticIndex: number): void {
    const newest = this.newest.get(name);
    const oldest = this.added - this.table.count;
    for (let sent = newest; sent !== undefined; sent = sent.older) {
      if (sent.value === value) {
        integer(0x80, 0x7f, this.indexOf(sent));
        return;
      }
      // Do not keep evicted fields alive.
      if (sent.older !== undefined && sent.older.position < oldest) sent.older = undefined;
    }
    const nameIndex =
      staticIndex === 0 && newest !== undefined ? this.indexOf(newest) : staticIndex;
    const sent = new SentField(name, value, this.added, newest);
    // A field that would evict most of the table is not worth its place.
    if (sent.size * 2 > this.table.maxBytes) {
      this.literal(LITERAL, 0x0f, nameIndex, name, value);
      return;
    }
    this.literal(INDEXED, 0x3f, nameIndex, name, value);
    this.table.add(sent);
    this.added += 1;
    this.newest.set(name, sent);
  }

  private indexOf(sent: SentField): number {
    return FIRST_DYNAMIC + this.added - 1 - sent.position;
  }

  private literal(form: number, mask: number, index: number, name: string, value: string): void {
    integer(form, mask, index);
    if (index === 0) text(name);
    text(value);
  }
}

function reserve(bytes: number): void {
  if (end + bytes <= block.length) return;
  const grown = Buffer.allocUnsafeSlow(2 * (end + bytes));
  block.copy(grown, 0, 0, end);
  block = grown;
}

/** RFC 7541 section 5.1. */
function integer(form: number, mask: number, value: number): void {
  if (value < mask) {
    block[end++] = form | value;
    return;
  }
  block[end++] = form | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) block[end++] = 0x80 | (rest & 0x7f);
  block[end++] = rest;
}

/** RFC 7541 section 5.2: coded if that is shorter. */
function text(value: string): void {
  const coded = huffmanLength(value);
  if (coded < value.length) {
    integer(0x80, 0x7f, coded);
    end = encodeHuffman(value, block, end);
    return;
  }
  integer(0, 0x7f, value.length);
  if (value.length > SHORT_LENGTH) end += block.write(value, end, 'latin1');
  else for (let i = 0; i < value.length; i++) block[end++] = value.charCodeAt(i);
}
