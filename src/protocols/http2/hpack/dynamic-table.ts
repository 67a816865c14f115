/** The dynamic table (RFC 7541 section 2.3.2): the newest entry is first, and entries are evicted from the end. */
import type { HeaderField } from './header-field.js';

const INITIAL_CAPACITY = 8;

/** The ring of an empty table. */
const NONE: undefined[] = [];

/** `Entry` is the type of its entries. An empty table holds no memory. */
export class DynamicTable<Entry extends HeaderField> {
  /** A ring: `next` is the position of the next entry. Its length is a power of two. */
  private entries: (Entry | undefined)[] = NONE;
  private next = 0;
  private entryCount = 0;
  private usedBytes = 0;
  private limitBytes: number;
  private readonly owner: { evicted(entry: Entry): void } | undefined;

  /**
   * @param maxBytes The maximum size; 0 or more.
   * @param owner Learns of each entry that is removed.
   */
  constructor(maxBytes: number, owner?: { evicted(entry: Entry): void }) {
    this.limitBytes = maxBytes;
    this.owner = owner;
  }

  /** The number of entries. */
  get count(): number {
    return this.entryCount;
  }

  /** The sum of the sizes of the entries. */
  get bytes(): number {
    return this.usedBytes;
  }

  get maxBytes(): number {
    return this.limitBytes;
  }

  set maxBytes(value: number) {
    this.limitBytes = value;
    this.evictTo(value);
  }

  /** @param index 0 for the newest entry. */
  at(index: number): Entry | undefined {
    if (index >= this.entryCount) return undefined;
    return this.entries[(this.next - 1 - index) & (this.entries.length - 1)];
  }

  /** An entry larger than the table empties it (RFC 7541 section 4.4). @returns Whether the entry was added. */
  add(entry: Entry): boolean {
    const { size } = entry;
    this.evictTo(this.limitBytes - size);
    if (size > this.limitBytes) return false;
    if (this.entryCount === this.entries.length) this.grow();
    this.entries[this.next] = entry;
    this.next = (this.next + 1) & (this.entries.length - 1);
    this.entryCount += 1;
    this.usedBytes += size;
    return true;
  }

  private evictTo(bytes: number): void {
    while (this.usedBytes > bytes && this.entryCount > 0) {
      const at = (this.next - this.entryCount) & (this.entries.length - 1);
      const entry = this.entries[at] as Entry;
      this.entries[at] = undefined;
      this.entryCount -= 1;
      this.usedBytes -= entry.size;
      this.owner?.evicted(entry);
    }
  }

  private grow(): void {
    const { entries, next } = this;
    const ordered = [...entries.slice(next), ...entries.slice(0, next)];
    const capacity = Math.max(INITIAL_CAPACITY, 2 * entries.length);
    this.entries = ordered.concat(new Array<undefined>(capacity - ordered.length).fill(undefined));
    this.next = ordered.length;
  }
}
