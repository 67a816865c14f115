/** The time limits of a connection, of which one applies at a time. */
import type { HTTPServerSettings } from './server-settings.js';

/** Its phases. While the handler works, it is that of an idle connection, and is filed again. */
export const IDLE = 0;
export const HEAD = 1;
export const CONTENT = 2;
export const WRITE = 3;

/** In milliseconds. */
export function timeLimitOf(phase: number, settings: HTTPServerSettings): number {
  switch (phase) {
    case IDLE:
      return settings.idleTimeoutMs;
    case HEAD:
      return settings.headTimeoutMs;
    case CONTENT:
      return settings.contentTimeoutMs;
    default:
      return settings.writeTimeoutMs;
  }
}
