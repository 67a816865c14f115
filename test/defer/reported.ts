/** What is reported while a function runs. */
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';

export function reported(run: () => void): unknown[] {
  run();
  return flushLoggedErrors().map(({ error }) => error);
}
