/**
 * The messages of two processes that hand listeners over: one JSON object per line, over a UNIX stream.
 *
 *     successor    {"type":"take","version":1}
 *     predecessor  {"type":"listeners","names":["http","chat"]}    with as many descriptors, in this order
 *                  {"type":"refused","reason":"..."}               and sends no more
 *     successor    {"type":"ready"}                                it accepts connections now
 *     predecessor  {"type":"stopped"}                              it does not any more, and closes
 */
import { HandoverProtocolError } from './errors.js';

export const HANDOVER_VERSION = 1;
/** More would not fit into one message of the system's (SCM_MAX_FD). */
export const MAX_LISTENERS = 253;
/** Of one message. */
export const MAX_MESSAGE_BYTES: number = 64 * 1024;

export type Message =
  | { readonly type: 'take'; readonly version: number }
  | { readonly type: 'listeners'; readonly names: readonly string[] }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'ready' }
  | { readonly type: 'stopped' };

export function encodeMessage(message: Message): string {
  return JSON.stringify(message);
}

/** @throws HandoverProtocolError */
export function decodeMessage(line: Uint8Array): Message {
  let message: Partial<Record<string, unknown>>;
  try {
    message = JSON.parse(Buffer.from(line).toString()) ?? {};
  } catch (cause) {
    throw new HandoverProtocolError('a message is not JSON', { cause });
  }
  const { type, version, names, reason } = message;
  if (type === 'ready' || type === 'stopped') return { type };
  if (type === 'take' && Number.isInteger(version)) return { type, version: Number(version) };
  if (type === 'refused' && typeof reason === 'string') return { type, reason };
  if (type === 'listeners' && areNames(names)) return { type, names };
  throw new HandoverProtocolError(
    `a message makes no sense: ${JSON.stringify(message).slice(0, 80)}`,
  );
}

function areNames(names: unknown): names is string[] {
  return (
    Array.isArray(names) &&
    names.length <= MAX_LISTENERS &&
    names.every((name) => typeof name === 'string') &&
    new Set(names).size === names.length
  );
}
