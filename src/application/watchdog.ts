/** Sends systemd's keep-alive messages while the program is live. */
import type { Clock, DelayedCall } from '../core/clock.js';
import type { Health } from './health.js';
import type { SystemdNotifier } from './systemd-notifier.js';

/** Twice in each period, as sd_watchdog_enabled(3) recommends. If a live check fails, systemd restarts the program. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #notifier: SystemdNotifier;
  readonly #health: Health;
  readonly #intervalMs: number;
  #call: DelayedCall | undefined;
  #running = true;

  constructor(clock: Clock, notifier: SystemdNotifier, health: Health, watchdogMs: number) {
    this.#clock = clock;
    this.#notifier = notifier;
    this.#health = health;
    this.#intervalMs = watchdogMs / 2;
    this.#beat();
  }

  stop(): void {
    this.#running = false;
    if (this.#call?.active()) this.#call.cancel();
  }

  readonly #beat = (): void => {
    this.#call = this.#clock.callLater(this.#intervalMs, this.#beat);
    this.#health.live().addCallback(({ healthy }) => {
      if (healthy && this.#running) void this.#notifier.keepAlive();
    });
  };
}
