/** Which errors of a server pass, and the pause after one. */
import { RedisServerError } from '../../protocols/redis/index.js';

/** Pause after a failed command. */
export const RETRY_MS = 250;

/** Wrong names and types, and missing rights. */
const LASTING: ReadonlySet<string> = new Set(['ERR', 'NOAUTH', 'NOPERM', 'WRONGPASS', 'WRONGTYPE']);

/** Whether a server gives the same error again. Others pass, such as LOADING after a restart. */
export function isRefusal(error: unknown): error is RedisServerError {
  return error instanceof RedisServerError && LASTING.has(error.kind);
}
