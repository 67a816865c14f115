/** A field of a header block. */

/** The size of an entry beyond its name and value (RFC 7541 section 4.1). */
export const FIELD_OVERHEAD = 32;

/**
 * Immutable, and shared by all blocks that refer to the same entry of a table: a field is validated once.
 * Name and value have a character per octet.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Whether the sender forbids to index it: forward it the same way (RFC 7541 section 7.1.3). */
  readonly isSensitive: boolean;
  /** @internal Its kind by the rules of HTTP; 0 until they were applied. */
  kind = 0;

  constructor(name: string, value: string, isSensitive: boolean) {
    this.name = name;
    this.value = value;
    this.isSensitive = isSensitive;
  }

  /** The size that limits of tables and lists count: octets of the name and of the value, and 32. */
  get size(): number {
    return this.name.length + this.value.length + FIELD_OVERHEAD;
  }
}
