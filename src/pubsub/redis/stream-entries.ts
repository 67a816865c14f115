/** Entries of streams as messages, and back. */
import type { RedisCommand, RedisValue } from '../../protocols/redis/index.js';
import { PubSubMessage } from '../message.js';

/** The one field of our entries. */
const FIELD = 'd';

export function addCommand(key: string, maxLength: number, data: string | Buffer): RedisCommand {
  return ['XADD', key, 'MAXLEN', '~', maxLength, '*', FIELD, data];
}

export interface StreamEntry {
  readonly id: string;
  /** Undefined: the entry was removed, or is not one of ours. */
  readonly data: Buffer | undefined;
}

/** The entries of XRANGE, or of one stream in the answer to XREADGROUP. */
export function entriesOf(value: RedisValue | undefined): StreamEntry[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(Array.isArray)
    .map(([id, fields]) => ({ id: String(id), data: dataOf(fields) }));
}

/** The entries of one stream in the answer to XREAD and XREADGROUP, which is a map by key. */
export function entriesOfKey(value: RedisValue, key: string): StreamEntry[] {
  return value instanceof Map ? entriesOf(value.get(key)) : [];
}

export function messageOfEntry(
  topic: string,
  { id, data }: StreamEntry,
  redelivered = false,
): PubSubMessage | undefined {
  return data === undefined ? undefined : new PubSubMessage(topic, data, id, redelivered);
}

function dataOf(fields: RedisValue | undefined): Buffer | undefined {
  if (!Array.isArray(fields)) return undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1];
    if (String(fields[i]) === FIELD && Buffer.isBuffer(value)) return value;
  }
  return undefined;
}

/** Whether an id of a stream is greater than another: two numbers of 64 bits. */
export function isLater(id: string, other: string): boolean {
  const [ms = '0', n = '0'] = id.split('-');
  const [otherMs = '0', otherN = '0'] = other.split('-');
  if (ms !== otherMs) return BigInt(ms) > BigInt(otherMs);
  return BigInt(n) > BigInt(otherN);
}
