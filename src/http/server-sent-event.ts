/** The text of server-sent events (HTML Living Standard, section "Server-sent events"). */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/** An event as clients receive it. One without `data` sets only `id` and `retryMs`: clients dispatch no event for it. */
export interface ServerSentEvent {
  /** Any text. Line ends of all kinds (CR LF, LF, CR) arrive as LF. */
  readonly data?: string;
  /** The type of the event, without line ends. Default: `message`. */
  readonly event?: string;
  /**
   * The client sends it as Last-Event-ID when it connects again: no line ends and no NUL. The empty string means that it sends
   * none.
   */
  readonly id?: string;
  /** Time after which the client connects again when the connection has ended, in milliseconds: 0 to 2^31 - 1. */
  readonly retryMs?: number;
}

const NAMES: OptionNames<ServerSentEvent> = { data: true, event: true, id: true, retryMs: true };
const LINE_END = /\r\n|\r|\n/;
const MAX_RETRY_MS = 2 ** 31 - 1;

/** An event that clients ignore. */
export const HEARTBEAT = ':\n\n';

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function serializeEvent(event: ServerSentEvent | string): string {
  if (typeof event === 'string') return `${dataLines(event)}\n`;
  checkOptions('an event', event, NAMES);
  let text = '';
  if (event.retryMs !== undefined) text += retryLine(event.retryMs);
  if (event.id !== undefined) text += `id: ${checkLine('id', event.id)}\n`;
  if (event.event !== undefined) text += `event: ${checkLine('event', event.event)}\n`;
  if (event.data !== undefined) text += dataLines(checkString('data', event.data));
  if (text !== '') return `${text}\n`;
  throw new InvalidArgumentTypeError('event', 'an event with data, id or retryMs', event);
}

export function retryLine(ms: number): string {
  return `retry: ${checkInteger('retryMs', ms, 0, MAX_RETRY_MS)}\n`;
}

function dataLines(data: string): string {
  if (!data.includes('\n') && !data.includes('\r')) return `data: ${data}\n`;
  return `data: ${data.split(LINE_END).join('\ndata: ')}\n`;
}

/** Text that would end its line, and so begin another field, is refused. Clients ignore an id that contains NUL. */
function checkLine(what: string, text: unknown): string {
  const line = checkString(what, text);
  if (/[\r\n\0]/.test(line)) {
    throw new InvalidArgumentValueError(what, 'text without CR, LF and NUL', text);
  }
  return line;
}
