/** The names of the prepared statements of one connection: the least recently used one is dropped. */
export class PreparedStatements {
  readonly #max: number;
  /** Names by statement, the least recently used first. */
  readonly #names: Map<string, string> = new Map();
  #lastNumber = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns The name of a statement; undefined if none are kept. */
  nameOf(sql: string): string | undefined {
    if (this.#max === 0) return undefined;
    const known = this.#names.get(sql);
    const name = known ?? `ropewalk_${++this.#lastNumber}`;
    if (known !== undefined) this.#names.delete(sql);
    this.#names.set(sql, name);
    return name;
  }

  /** Removes and returns the name of a statement that is one too many. */
  excess(): string | undefined {
    if (this.#names.size <= this.#max) return undefined;
    for (const [sql, name] of this.#names) {
      this.#names.delete(sql);
      return name;
    }
    return undefined;
  }

  /** Forgets a statement, so that it is prepared anew. */
  forget(sql: string): void {
    this.#names.delete(sql);
  }
}
