/** Thresholds by namespace. */
import { checkPlainObject, checkString } from '../internal/check.js';
import { checkThreshold, type LogThreshold } from './level.js';

/**
 * The lowest level that is logged, by namespace. A namespace covers those below it: `chat` covers `chat.rooms`, not `chatter`; the
 * longest one counts. Changes take effect at the next call of each logger.
 *
 * @example
 * const levels = new LogLevels('info', { 'chat.rooms': 'debug', 'noisy': 'off' });
 */
export class LogLevels {
  #default: LogThreshold;
  readonly #byNamespace = new Map<string, LogThreshold>();
  #version = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(
    otherwise: LogThreshold = 'info',
    namespaces: Readonly<Record<string, LogThreshold>> = {},
  ) {
    this.#default = checkThreshold('level', otherwise);
    checkPlainObject('namespaces', namespaces);
    for (const [namespace, level] of Object.entries(namespaces)) this.set(namespace, level);
  }

  /** Changes with each call of {@link set} and {@link clear}: loggers keep the threshold until then. */
  get version(): number {
    return this.#version;
  }

  /** The threshold that applies to a namespace. */
  get(namespace: string): LogThreshold {
    for (let end = namespace.length; end > 0; end = namespace.lastIndexOf('.', end - 1)) {
      const level = this.#byNamespace.get(namespace.slice(0, end));
      if (level !== undefined) return level;
    }
    return this.#default;
  }

  /**
   * @param namespace The empty string sets the threshold of all that have none.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  set(namespace: string, level: LogThreshold): void {
    checkString('namespace', namespace);
    checkThreshold('level', level);
    if (namespace === '') this.#default = level;
    else this.#byNamespace.set(namespace, level);
    this.#version += 1;
  }

  /** Forgets the thresholds of all namespaces. The default remains. */
  clear(): void {
    this.#byNamespace.clear();
    this.#version += 1;
  }
}
