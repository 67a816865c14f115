/** Events for tests. */
import type { LogEvent, LogObserver } from '../../src/logger/index.js';

export function eventOf(event: Partial<LogEvent> = {}): LogEvent {
  return {
    time: 1_700_000_000_000,
    level: 'info',
    namespace: 'test',
    format: '',
    fields: {},
    error: undefined,
    ...event,
  };
}

/** An observer that keeps all events, and the events. */
export function recorder(): { observe: LogObserver; events: LogEvent[] } {
  const events: LogEvent[] = [];
  return { observe: (event) => void events.push(event), events };
}
