/** Requests in the form that HTTP/2 has: without the fields of connections, and with the authority instead of Host. */
import { FieldBlock } from '../../protocols/http/field-block.js';
import { isConnectionField } from '../../protocols/http2/field-rules.js';
import type { RequestTarget } from '../../protocols/http2/heads.js';
import { type FieldPair, pairsOf } from '../http2/response-fields.js';
import type { PreparedRequest } from './client-request.js';

type FieldPairs = readonly FieldPair[];

/** The fields of a block. */
interface SharedFields {
  /** The value of Host. */
  readonly authority: string;
  readonly pairs: FieldPairs;
  readonly block: FieldBlock;
  readonly hasLength: boolean;
}

/** Blocks are immutable, and often used for many requests. */
const converted = new WeakMap<FieldBlock, SharedFields>();

/** Besides those of the connection (RFC 9113 sections 3.1 and 8.3.1). */
const DROPPED: ReadonlySet<string> = new Set(['host', 'http2-settings']);

export interface HTTP2Request {
  readonly target: RequestTarget;
  readonly fields: FieldBlock | FieldPairs;
}

/** @param length The length of the content; -1 if it is unknown, or not to be announced. */
export function http2Request(
  request: PreparedRequest,
  scheme: string,
  length: number,
): HTTP2Request {
  const { target: path, fields } = request;
  const { method } = request.facts;
  const shared = sharedFields(fields);
  const { authority } = shared;
  const target: RequestTarget = { method, scheme, authority, path, protocol: undefined };
  if (length === -1 || shared.hasLength) return { target, fields: shared.block };
  return { target, fields: [...shared.pairs, ['content-length', String(length)]] };
}

function sharedFields(given: FieldBlock): SharedFields {
  const known = converted.get(given);
  if (known !== undefined) return known;
  let authority = '';
  const pairs: [string, string][] = [];
  for (const [name, value] of pairsOf(given.text)) {
    if (name === 'host') authority = value;
    const isOtherTE = name === 'te' && value.toLowerCase() !== 'trailers';
    const isDropped = isConnectionField(name) || DROPPED.has(name) || isOtherTE;
    if (!isDropped) pairs.push([name, value]);
  }
  const block = new FieldBlock(pairs);
  const shared = { authority, pairs, block, hasLength: given.contentLength !== -1 };
  converted.set(given, shared);
  return shared;
}
