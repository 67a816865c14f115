/**
 * The signals that stop reactors. Each signal has one handler in the process, which notifies every run that listens; the
 * default effect returns when none does. A signal that the program handles itself when a run begins is left to the program.
 */
const SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGBREAK'] : ['SIGINT', 'SIGTERM'];

const listeners: Map<NodeJS.Signals, Set<RunSignals>> = new Map();

/** The signals of one run. */
export class RunSignals {
  readonly #signals: readonly NodeJS.Signals[];
  readonly #onSignal: (signal: NodeJS.Signals) => void;

  /** @param onSignal Receives one signal for each call of {@link listen}: the next one has its default effect. */
  constructor(onSignal: (signal: NodeJS.Signals) => void) {
    this.#signals = SIGNALS.filter(isFree);
    this.#onSignal = onSignal;
  }

  listen(): void {
    for (const signal of this.#signals) {
      let all = listeners.get(signal);
      if (all === undefined) {
        all = new Set();
        listeners.set(signal, all);
      }
      // The program may have removed all listeners.
      if (!process.listeners(signal).includes(notifyRuns)) process.on(signal, notifyRuns);
      all.add(this);
    }
  }

  ignore(): void {
    for (const signal of this.#signals) {
      const all = listeners.get(signal);
      if (all?.delete(this) !== true || all.size > 0) continue;
      listeners.delete(signal);
      process.off(signal, notifyRuns);
    }
  }

  /** @internal */
  received(signal: NodeJS.Signals): void {
    this.ignore();
    this.#onSignal(signal);
  }
}

function isFree(signal: NodeJS.Signals): boolean {
  return process.listeners(signal).every((listener) => listener === notifyRuns);
}

function notifyRuns(signal: NodeJS.Signals): void {
  for (const run of [...(listeners.get(signal) ?? [])]) run.received(signal);
}
