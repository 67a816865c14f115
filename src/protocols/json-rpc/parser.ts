/** Reads JSON-RPC 2.0. */

import { UTF8 } from '../../internal/utf8.js';
import { InvalidJSONRPCMessageError, JSONRPCLimitError } from './errors.js';
import type {
  JSONRPCErrorAnswer,
  JSONRPCId,
  JSONRPCInvalid,
  JSONRPCMessage,
  JSONRPCParams,
  JSONRPCText,
} from './events.js';
import { isDeeperThan } from './json-depth.js';
import {
  type JSONRPCLimits,
  MAX_NAME_LENGTH,
  type ResolvedLimits,
  resolveLimits,
} from './limits.js';

/**
 * Reads a message or a batch. Members that are not JSON-RPC 2.0 become messages of the type `invalid`, because the others of a batch are
 * still answered. Duplicate and unknown members of objects are accepted.
 * @param data Text, or bytes of UTF-8.
 * @throws InvalidJSONRPCMessageError it is not JSON, or an empty batch; or an object has a member `__proto__`.
 * @throws JSONRPCLimitError
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function parseJSONRPC(data: string | Uint8Array, limits?: JSONRPCLimits): JSONRPCText {
  return parseWithin(data, resolveLimits(limits));
}

/** @internal As {@link parseJSONRPC}, with limits that were checked. */
export function parseWithin(
  data: string | Uint8Array,
  { maxBytes, maxDepth, maxBatch }: ResolvedLimits,
): JSONRPCText {
  if (data.length > maxBytes) throw new JSONRPCLimitError('maxBytes', maxBytes);
  const text = typeof data === 'string' ? data : decoded(data);
  if (isDeeperThan(text, maxDepth)) throw new JSONRPCLimitError('maxDepth', maxDepth);
  const value = parsed(text);
  if (!Array.isArray(value)) return { isBatch: false, messages: [messageOf(value)] };
  if (value.length > maxBatch) throw new JSONRPCLimitError('maxBatch', maxBatch);
  if (value.length === 0) throw new InvalidJSONRPCMessageError('the batch is empty');
  return { isBatch: true, messages: value.map(messageOf) };
}

function decoded(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new InvalidJSONRPCMessageError('it is not UTF-8', -32700, { cause });
  }
}

/** Escaped or not, in any case of the digits. */
const PROTOTYPE_NAME = /(?:_|\\u005f){2}(?:p|\\u0070)/i;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, PROTOTYPE_NAME.test(text) ? refusePrototype : undefined);
  } catch (cause) {
    if (cause instanceof InvalidJSONRPCMessageError) throw cause;
    throw new InvalidJSONRPCMessageError('it is not JSON', -32700, { cause });
  }
}

/** A copy of such a member by assignment would change a prototype. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new InvalidJSONRPCMessageError('a member is named __proto__');
  return value;
}

/** The members of an object, own or none. */
function messageOf(value: unknown): JSONRPCMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid(null, 'it is not an object');
  }
  const id = own(value, 'id');
  const readable = isId(id) ? id : null;
  if (own(value, 'jsonrpc') !== '2.0') return invalid(readable, 'the member jsonrpc is not "2.0"');
  if (Object.hasOwn(value, 'method')) return requestOf(value, readable);
  const hasResult = Object.hasOwn(value, 'result');
  if (hasResult === Object.hasOwn(value, 'error')) {
    return invalid(readable, 'it has neither a method nor exactly one of result and error');
  }
  if (!hasResult) return errorOf(id, own(value, 'error'));
  return isId(id)
    ? { type: 'result', id, result: own(value, 'result') }
    : invalid(null, 'the id of the result is missing or invalid');
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function requestOf(value: object, id: JSONRPCId | null): JSONRPCMessage {
  const method = own(value, 'method');
  const params = own(value, 'params');
  if (typeof method !== 'string' || method === '' || method.length > MAX_NAME_LENGTH) {
    return invalid(id, `the method is not a string of 1 to ${MAX_NAME_LENGTH} characters`);
  }
  if (!isParams(params)) return invalid(id, 'the params are neither an array nor an object');
  if (!Object.hasOwn(value, 'id')) return { type: 'notification', method, params };
  if (id !== null) return { type: 'request', id, method, params };
  return invalid(null, 'the id is not a string or a whole number');
}

function errorOf(id: unknown, error: unknown): JSONRPCErrorAnswer | JSONRPCInvalid {
  const { code, message, data } = (error ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(code) || typeof message !== 'string') {
    return invalid(isId(id) ? id : null, 'the error has no code or no message');
  }
  if (id !== null && !isId(id)) return invalid(null, 'the id of the error is invalid');
  return {
    type: 'error',
    id,
    error:
      data === undefined
        ? { code: code as number, message }
        : { code: code as number, message, data },
  };
}

/** A fraction, or a number that JSON.parse has rounded, would come back as another. */
function isId(id: unknown): id is JSONRPCId {
  return typeof id === 'string' ? id.length <= MAX_NAME_LENGTH : Number.isSafeInteger(id);
}

function isParams(params: unknown): params is JSONRPCParams | undefined {
  return params === undefined || (typeof params === 'object' && params !== null);
}

function invalid(id: JSONRPCId | null, problem: string): JSONRPCInvalid {
  return { type: 'invalid', id, problem };
}
