/** The options of a pool of connections: their meaning, defaults and checks. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

export interface ConnectionPoolOptions {
  /** The number of connections that stay open while they are idle. They are opened when needed. Default 1. */
  readonly min?: number;
  /** The maximum number of connections, 1 to 1,000. Default 5. For SQLite one of them makes all changes, and the others read. */
  readonly max?: number;
  /** How long a connection may be idle before it is closed, if there are more than {@link min}; 0: for ever. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** How long a call may wait for a connection; 0: for ever. Default 30,000. */
  readonly waitTimeoutMs?: number;
  /** The maximum number of calls that wait for a connection. Default 100,000. */
  readonly maxWaiting?: number;
  /** The time limit of statements without one of their own; 0: none. Default 0. */
  readonly statementTimeoutMs?: number;
  /** How long {@link ConnectionPool.close} waits for unfinished calls before it ends their connections. Default 10,000. */
  readonly closeTimeoutMs?: number;
}

const OPTIONS: OptionNames<ConnectionPoolOptions> = {
  min: true,
  max: true,
  idleTimeoutMs: true,
  waitTimeoutMs: true,
  maxWaiting: true,
  statementTimeoutMs: true,
  closeTimeoutMs: true,
};

const MAX_CONNECTIONS = 1000;

/** The options, checked and complete. */
export type PoolSettings = Required<ConnectionPoolOptions>;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function poolSettings(options: ConnectionPoolOptions): PoolSettings {
  checkOptions('ConnectionPool', options, OPTIONS);
  const max = checkInteger('max', options.max ?? 5, 1, MAX_CONNECTIONS);
  const min = checkInteger('min', options.min ?? 1, 0, MAX_CONNECTIONS);
  if (min > max) throw new InvalidArgumentValueError('min', `at most max, ${max}`, min);
  return {
    min,
    max,
    idleTimeoutMs: checkMilliseconds('idleTimeoutMs', options.idleTimeoutMs ?? 60_000),
    waitTimeoutMs: checkMilliseconds('waitTimeoutMs', options.waitTimeoutMs ?? 30_000),
    maxWaiting: checkInteger('maxWaiting', options.maxWaiting ?? 100_000, 0, 2 ** 31),
    statementTimeoutMs: checkMilliseconds('statementTimeoutMs', options.statementTimeoutMs ?? 0),
    closeTimeoutMs: checkMilliseconds('closeTimeoutMs', options.closeTimeoutMs ?? 10_000),
  };
}
