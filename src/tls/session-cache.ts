/** The sessions that a client can resume with Node's engine, by host. The least recently used one is dropped first. */

export interface CachedSession {
  readonly ticket: Buffer;
  /** The server's certificates, DER, which are not sent again. */
  readonly certificates: readonly Buffer[];
}

export class SessionCache {
  readonly #sessions = new Map<string, CachedSession>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): CachedSession | undefined {
    return this.#sessions.get(key);
  }

  /** An empty key, which no connection resumes, is ignored. */
  set(key: string, session: CachedSession): void {
    if (key === '' || this.#size === 0) return;
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size <= this.#size) return;
    const [oldest] = this.#sessions.keys();
    this.#sessions.delete(oldest as string);
  }
}
