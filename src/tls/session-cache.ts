/** The sessions that a client can resume, by host. The least recently used one is dropped first. */
export class SessionCache {
  readonly #sessions = new Map<string, Buffer>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): Buffer | undefined {
    return this.#sessions.get(key);
  }

  /** An empty key, which no connection resumes, is ignored. */
  set(key: string, session: Buffer): void {
    if (key === '' || this.#size === 0) return;
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size <= this.#size) return;
    const [oldest] = this.#sessions.keys();
    this.#sessions.delete(oldest as string);
  }
}
