/**
 * Stops a reactor on SIGINT and SIGTERM. A handler that the application installed first is left alone, and the second
 * signal has its default effect, so that a shutdown which hangs can be ended.
 */
const SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGBREAK'] : ['SIGINT', 'SIGTERM'];

export class SignalStop {
  readonly #onSignal: () => void;
  #installed: NodeJS.Signals[] = [];

  constructor(stop: () => void) {
    this.#onSignal = () => {
      this.remove();
      stop();
    };
  }

  install(): void {
    this.#installed = SIGNALS.filter((signal) => process.listenerCount(signal) === 0);
    for (const signal of this.#installed) process.on(signal, this.#onSignal);
  }

  remove(): void {
    for (const signal of this.#installed) process.off(signal, this.#onSignal);
    this.#installed = [];
  }
}
