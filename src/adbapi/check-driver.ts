import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { DatabaseDriver } from './database-driver.js';

/** @throws InvalidArgumentTypeError */
export function checkDriver(driver: unknown): void {
  const { connect, beginStatement } = (driver ?? {}) as Partial<DatabaseDriver>;
  if (typeof connect === 'function' && typeof beginStatement === 'function') return;
  throw new InvalidArgumentTypeError('driver', 'the result of sqlite() or postgres()', driver);
}
