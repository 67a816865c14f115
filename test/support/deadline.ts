/** Waiting for events with a deadline: tests never sleep, and a test that waits in vain says for what. */

const DEFAULT_DEADLINE_MS = 8_000;
/** Deadlines are so many times as long: for machines that are emulated. */
export const PATIENCE: number = Number(process.env.ROPEWALK_TEST_PATIENCE ?? 1);
/** The limit of those who wait by themselves. */
export const DEADLINE_MS: number = DEFAULT_DEADLINE_MS * PATIENCE;

/** Settles as `promise` does, or rejects after `ms` naming what was waited for: a function is asked then. */
export async function within<T>(
  promise: PromiseLike<T>,
  what: string | (() => string),
  ms: number = DEFAULT_DEADLINE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const give = (): void => {
      const text = typeof what === 'string' ? what : what();
      reject(new Error(`waited ${ms * PATIENCE} ms for ${text}`));
    };
    timer = setTimeout(give, ms * PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells those who wait for a condition that something has happened, so that they look again. */
export class Pulse {
  readonly #waiters = new Set<() => void>();

  notify(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** Settles when `condition` holds: looked at now and after each `notify`. */
  async until(condition: () => boolean, what: string | (() => string), ms?: number): Promise<void> {
    if (condition()) return;
    let look = (): void => {};
    const met = new Promise<void>((resolve, reject) => {
      look = () => {
        try {
          if (condition()) resolve();
        } catch (error) {
          reject(error);
        }
      };
    });
    this.#waiters.add(look);
    try {
      await within(met, what, ms);
    } finally {
      this.#waiters.delete(look);
    }
  }
}

/** A promise and the functions that settle it. */
export interface Latch<T = void> {
  readonly promise: Promise<T>;
  open(value: T): void;
}

export function latch<T = void>(): Latch<T> {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open: (value) => open(value) };
}
