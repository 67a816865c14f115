/** The ends of a reactor's runs, for what cannot be left to a trigger of `shutdown`, which `crash` and disposal do not fire. */
export class RunEnds {
  readonly #callbacks = new Set<() => void>();
  #ended = false;

  /** Whether the last run has ended and none has begun since, or the reactor was disposed of. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @param callback Called at the end of the current run or of the next one, until `delete`. It must not throw. */
  add(callback: () => void): void {
    this.#callbacks.add(callback);
  }

  delete(callback: () => void): void {
    this.#callbacks.delete(callback);
  }

  /** For the reactor: a run has begun. */
  begin(): void {
    this.#ended = false;
  }

  /** For the reactor: a run has ended. */
  end(): void {
    this.#ended = true;
    const callbacks = [...this.#callbacks];
    this.#callbacks.clear();
    for (const callback of callbacks) callback();
  }
}
