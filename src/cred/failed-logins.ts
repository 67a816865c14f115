/**
 * Counts of failed logins within a time, in bounded memory.
 *
 * A key below its limit is in one table and a key that has reached it in another; each table is bounded and drops the oldest key.
 * Inventing names therefore does not release blocked ones.
 */
interface Count {
  failures: number;
  readonly since: number;
}

/** Counts of failed logins by key: a peer, or a user. */
export class FailedLogins {
  readonly max: number;
  readonly #windowMs: number;
  readonly #maxRemembered: number;
  readonly #counting: Map<string, Count> = new Map();
  readonly #blocked: Map<string, Count> = new Map();

  constructor(max: number, windowMs: number, maxRemembered: number) {
    this.max = max;
    this.#windowMs = windowMs;
    this.#maxRemembered = maxRemembered;
  }

  get size(): number {
    return this.#counting.size + this.#blocked.size;
  }

  /** Milliseconds until the key may try again; 0: now. */
  blockedForMs(key: string, now: number): number {
    const count = this.#blocked.get(key);
    if (count === undefined) return 0;
    const left = count.since + this.#windowMs - now;
    if (left > 0) return left;
    this.#blocked.delete(key);
    return 0;
  }

  add(key: string, now: number): void {
    const found = this.#counting.get(key) ?? this.#blocked.get(key);
    const current = found !== undefined && found.since + this.#windowMs > now;
    const count = current ? found : { failures: 0, since: now };
    count.failures++;
    this.#place(key, count);
  }

  /** Takes back one failure that `add` counted. */
  remove(key: string): void {
    const count = this.#counting.get(key) ?? this.#blocked.get(key);
    if (count === undefined) return;
    count.failures--;
    if (count.failures > 0) this.#place(key, count);
    else this.forget(key);
  }

  forget(key: string): void {
    this.#counting.delete(key);
    this.#blocked.delete(key);
  }

  #place(key: string, count: Count): void {
    this.forget(key);
    const table = count.failures >= this.max ? this.#blocked : this.#counting;
    if (table.size >= this.#maxRemembered) {
      const [oldest] = table.keys();
      if (oldest !== undefined) table.delete(oldest);
    }
    table.set(key, count);
  }
}
