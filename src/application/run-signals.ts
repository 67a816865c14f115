/** The signals that a running application acts on. */

/** Windows sends SIGBREAK for Ctrl-Break, and SIGHUP when a console window is closed. */
const STOP_SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGBREAK'] : ['SIGINT', 'SIGTERM'];

export interface SignalActions {
  /** @returns Whether the signal reloads the program. Otherwise it stops it. */
  reload(): boolean;
  stop(signal: NodeJS.Signals): void;
}

/** Signals that the program itself handles are left to it. */
export class RunSignals {
  readonly #actions: SignalActions;
  readonly #handled: NodeJS.Signals[] = [];

  constructor(actions: SignalActions) {
    this.#actions = actions;
    for (const signal of [...STOP_SIGNALS, 'SIGHUP'] as const) {
      if (process.listenerCount(signal) > 0) continue;
      process.on(signal, this.#received);
      this.#handled.push(signal);
    }
  }

  /** From now on the signals have their default effect. */
  remove(): void {
    for (const signal of this.#handled.splice(0)) process.removeListener(signal, this.#received);
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGHUP' || !this.#actions.reload()) this.#actions.stop(signal);
  };
}
