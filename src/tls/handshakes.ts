/** The handshakes in progress of one context: a time limit for each, and a limit of their number. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { withoutStack } from '../core/errors/base.js';
import { TLSHandshakeTimeoutError, TooManyHandshakesError } from '../core/errors/tls.js';

export const DEFAULT_HANDSHAKE_TIMEOUT_MS: number = 10_000;
export const DEFAULT_MAX_HANDSHAKES: number = 1_000;

/** A connection whose handshake can be given up. */
interface Handshaking {
  giveUp(reason: Error): void;
}

export class Handshakes {
  readonly #timeoutMs: number;
  readonly #limit: number;
  /** The oldest first. */
  readonly #pending = new Map<Handshaking, DelayedCall | undefined>();

  /** @param timeoutMs 0: no time limit. */
  constructor(timeoutMs: number, limit: number) {
    this.#timeoutMs = timeoutMs;
    this.#limit = limit;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * If too many are in progress, the oldest one is given up: stalled handshakes then cannot keep new ones out.
   */
  begin(connection: Handshaking, clock: Clock | undefined): void {
    if (this.#pending.size >= this.#limit) {
      const [oldest] = this.#pending.keys();
      oldest?.giveUp(withoutStack(() => new TooManyHandshakesError(this.#limit)));
    }
    const timeoutMs = this.#timeoutMs;
    const timeout =
      timeoutMs === 0
        ? undefined
        : clock?.callLater(timeoutMs, () =>
            connection.giveUp(withoutStack(() => new TLSHandshakeTimeoutError(timeoutMs))),
          );
    this.#pending.set(connection, timeout);
  }

  /** The handshake is complete, or the connection has ended. */
  end(connection: Handshaking): void {
    const timeout = this.#pending.get(connection);
    this.#pending.delete(connection);
    if (timeout?.active()) timeout.cancel();
  }
}
