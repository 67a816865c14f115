/**
 * Records of inotify that have been read, in order. The two records of a move belong together, but others may be between them, and
 * the second may come a moment later, or never if the file left the watched directories.
 */
import { IN_MOVED_FROM, IN_MOVED_TO, type InotifyRecord } from './inotify-records.js';

export class RecordQueue {
  #records: InotifyRecord[] = [];
  #head = 0;
  /** The number of records that were removed before `#records[0]`. */
  #before = 0;
  /** Records before this number wait for no others. */
  #decided = 0;
  /** IN_MOVED_TO, by cookie. */
  readonly #arrivals = new Map<number, InotifyRecord>();
  readonly #taken = new Set<InotifyRecord>();

  get size(): number {
    return this.#records.length - this.#head;
  }

  /** The number of records so far. */
  get end(): number {
    return this.#before + this.#records.length;
  }

  push(record: InotifyRecord): void {
    this.#records.push(record);
    if ((record.mask & IN_MOVED_TO) !== 0) this.#arrivals.set(record.cookie, record);
  }

  /** The first record, which stays. */
  first(): InotifyRecord | undefined {
    for (;;) {
      const record = this.#records[this.#head];
      if (record === undefined || !this.#taken.delete(record)) return record;
      this.#advance();
    }
  }

  /** Removes the first record. */
  shift(): void {
    const record = this.first();
    if (record === undefined) return;
    if ((record.mask & IN_MOVED_TO) !== 0) this.#arrivals.delete(record.cookie);
    this.#advance();
  }

  /** The second record of a move. */
  arrivalOf(record: InotifyRecord): InotifyRecord | undefined {
    return this.#arrivals.get(record.cookie);
  }

  /** Removes a record behind the first. */
  take(record: InotifyRecord): void {
    this.#arrivals.delete(record.cookie);
    this.#taken.add(record);
  }

  /** Whether the first record begins a move whose second record may still come. */
  get waits(): boolean {
    const record = this.first();
    if (record === undefined || (record.mask & IN_MOVED_FROM) === 0) return false;
    return this.#before + this.#head >= this.#decided && !this.#arrivals.has(record.cookie);
  }

  /** Nothing more will come for records before this number. */
  decide(end: number): void {
    this.#decided = end;
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head < 1024 && this.#head < this.#records.length) return;
    this.#before += this.#head;
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }
}
