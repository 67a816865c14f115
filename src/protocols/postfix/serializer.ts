/** Writes requests and replies. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { encodeNetstring } from '../../framing/netstring.js';
import { checkString } from '../../internal/check.js';
import { quoteTableText } from './encoding.js';
import {
  MAX_SOCKETMAP_REPLY_BYTES,
  MAX_TCP_REPLY_BYTES,
  type TableReply,
  type TableRequest,
} from './events.js';

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError the key is empty. */
export function serializeTCPRequest({ key }: TableRequest): Buffer {
  return Buffer.from(`get ${quoteTableText(checkKey(key))}\n`);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError the map is empty or has spaces, or the key is empty. */
export function serializeSocketmapRequest({ map, key }: TableRequest): Buffer {
  if (checkString('map', map) === '' || map.includes(' ')) {
    throw new InvalidArgumentValueError('map', 'a name without spaces', map);
  }
  return encodeNetstring(`${map} ${checkKey(key)}`);
}

/** @throws InvalidArgumentTypeError @throws InvalidArgumentValueError the reply has more than 4,096 bytes. */
export function serializeTCPReply(reply: TableReply): Buffer {
  const line = Buffer.from(`${tcpReply(reply)}\n`);
  if (line.length <= MAX_TCP_REPLY_BYTES) return line;
  throw tooLong(MAX_TCP_REPLY_BYTES, line.length);
}

/** @throws InvalidArgumentTypeError @throws InvalidArgumentValueError the reply has more than 100,000 bytes. */
export function serializeSocketmapReply(reply: TableReply): Buffer {
  const bytes = Buffer.from(socketmapReply(reply));
  if (bytes.length <= MAX_SOCKETMAP_REPLY_BYTES) return encodeNetstring(bytes);
  throw tooLong(MAX_SOCKETMAP_REPLY_BYTES, bytes.length);
}

function tcpReply(reply: TableReply): string {
  if (reply.type === 'found') return `200 ${quoteTableText(checkString('value', reply.value))}`;
  if (reply.type === 'missing') return '500 not%20found';
  return `400 ${quoteTableText(reply.reason.slice(0, MAX_REASON))}`;
}

function socketmapReply(reply: TableReply): string {
  switch (reply.type) {
    case 'found':
      return `OK ${checkString('value', reply.value)}`;
    case 'missing':
      return 'NOTFOUND ';
    case 'temporary':
      return `TEMP ${reply.reason.slice(0, MAX_REASON)}`;
    case 'timeout':
      return `TIMEOUT ${reply.reason.slice(0, MAX_REASON)}`;
    default:
      return `PERM ${reply.reason.slice(0, MAX_REASON)}`;
  }
}

/** Characters of a reason: each becomes up to nine bytes. */
const MAX_REASON = 400;

function checkKey(key: unknown): string {
  if (checkString('key', key) !== '') return key as string;
  throw new InvalidArgumentValueError('key', 'a text that is not empty', key);
}

function tooLong(limit: number, length: number): InvalidArgumentValueError {
  return new InvalidArgumentValueError('the value', `a reply of at most ${limit} bytes`, length);
}
