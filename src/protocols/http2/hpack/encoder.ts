/**
 * Encodes header blocks (RFC 7541).
 *
 * Fields of the tables are sent as an index; others are added to the dynamic table, except those that rarely occur twice, such as
 * a path, and those with credentials. Credentials are marked as never indexed, so that no hop puts them into a table,
 * where an attacker who can send fields on the same connection could guess them by the length of blocks (RFC 7541 section 7.1).
 */
import { checkInteger } from '../../../internal/check.js';
import { memory } from '../output-memory.js';
import { INITIAL_TABLE_BYTES } from './decoder.js';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';
import { encodeHuffman, huffmanLength } from './huffman-encoder.js';
import { KNOWN_NAMES } from './known-names.js';
import { FIRST_DYNAMIC } from './static-table.js';

/** Strings of up to this length are written faster by a loop. */
const SHORT_LENGTH = 24;

/** The statuses of the static table. */
const STATUS_INDEXES: ReadonlyMap<number, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, i) => [status, 8 + i]),
);

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

/**
 * Call {@link begin}, {@link field} for each field, and {@link finish}, without calls of other encoders in between. The block is written
 * behind what is in the memory of all output.
 */
export class HPACKEncoder {
  private readonly maxTableBytes: number;
  private readonly table: DynamicTable<SentField>;
  /** The newest field of each name in the table, once there is one. */
  private newest: Map<string, SentField> | undefined = undefined;
  private added = 0;
  /** The position of the block in the memory. */
  private from = 0;
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
    this.table = new DynamicTable(INITIAL_TABLE_BYTES, this);
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
    this.from = memory.end;
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
    memory.reserve(4 * (name.length + value.length) + 16);
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

  /** The field `:status` of a response: 100 to 999. */
  status(status: number): void {
    const index = STATUS_INDEXES.get(status);
    if (index === undefined) this.field(':status', String(status));
    else {
      memory.reserve(1);
      memory.bytes[memory.end++] = 0x80 | index;
    }
  }

  /** The block: a view of memory that is valid until something else is written. */
  finish(): Buffer {
    const block = memory.bytes.subarray(this.from, memory.end);
    memory.end = this.from;
    return block;
  }

  /** @internal Called by the table. */
  evicted(entry: SentField): void {
    if (this.newest?.get(entry.name) === entry) this.newest.delete(entry.name);
  }

  private resize(bytes: number): void {
    this.table.maxBytes = bytes;
    memory.reserve(16);
    integer(0x20, 0x1f, bytes);
  }

  private indexable(name: string, value: string, staticIndex: number): void {
    const newest = this.newest?.get(name);
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
    this.newest ??= new Map();
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

/** RFC 7541 section 5.1. */
function integer(form: number, mask: number, value: number): void {
  const { bytes } = memory;
  if (value < mask) {
    bytes[memory.end++] = form | value;
    return;
  }
  bytes[memory.end++] = form | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[memory.end++] = 0x80 | (rest & 0x7f);
  bytes[memory.end++] = rest;
}

/** RFC 7541 section 5.2: coded if that is shorter. */
function text(value: string): void {
  const coded = huffmanLength(value);
  if (coded < value.length) {
    integer(0x80, 0x7f, coded);
    memory.end = encodeHuffman(value, memory.bytes, memory.end);
    return;
  }
  const { length } = value;
  integer(0, 0x7f, length);
  const { bytes, end } = memory;
  if (length > SHORT_LENGTH) bytes.write(value, end, length, 'latin1');
  else for (let i = 0; i < length; i++) bytes[end + i] = value.charCodeAt(i);
  memory.end = end + length;
}
