/**
 * The messages between two processes when listeners change hands: one JSON object per line, over a UNIX stream.
 *
 *     successor    {"type":"take","version":1}
 *     predecessor  {"type":"listeners","names":["http","chat"]}    with as many descriptors, in this order
 *                  {"type":"refused","reason":"..."}               and sends nothing more
 *     successor    {"type":"ready"}                                it accepts connections now
 *     predecessor  {"type":"stopped"}                              it no longer accepts, and closes
 */
import { HandoverProtocolError } from './errors.js';

export const HANDOVER_VERSION = 1;
/** The most descriptors that fit into one message of the system (SCM_MAX_FD). */
export const MAX_LISTENERS = 253;
/** The limit for one message. */
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
    throw new HandoverProtocolError('the message is not JSON', { cause });
  }
  const { type, version, names, reason } = message;
  if (type === 'ready' || type === 'stopped') return { type };
  if (type === 'take' && Number.isInteger(version)) return { type, version: Number(version) };
  if (type === 'refused' && typeof reason === 'string') return { type, reason };
  if (type === 'listeners' && areNames(names)) return { type, names };
  throw new HandoverProtocolError(`invalid message: ${JSON.stringify(message).slice(0, 80)}`);
}

function areNames(names: unknown): names is string[] {
  return (
    Array.isArray(names) &&
    names.length <= MAX_LISTENERS &&
    names.every((name) => typeof name === 'string') &&
    new Set(names).size === names.length
  );
}
