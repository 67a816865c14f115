/** The sessions that a client can resume with Node's engine, by host. The least recently used one is dropped first. */

export interface CachedSession {
  readonly ticket: Buffer;
  /** The server's certificates, DER, which are not sent again. */
  readonly certificates: readonly Buffer[];
}

/** A larger ticket is not kept: OpenSSL cannot put any ticket that it has received into a hello. */
const MAX_TICKET_BYTES = 32 * 1024;

export class SessionCache {
  readonly #sessions = new Map<string, CachedSession>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): CachedSession | undefined {
    const session = this.#sessions.get(key);
    if (session !== undefined) this.#makeLatest(key, session);
    return session;
  }

  /** An empty key, which no connection resumes, and a session that is too large are ignored. */
  set(key: string, session: CachedSession): void {
    const unwanted = key === '' || session.ticket.byteLength > MAX_TICKET_BYTES;
    if (unwanted || this.#size === 0) return;
    this.#makeLatest(key, session);
    if (this.#sessions.size <= this.#size) return;
    const [oldest] = this.#sessions.keys();
    this.#sessions.delete(oldest as string);
  }

  #makeLatest(key: string, session: CachedSession): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
  }
}
