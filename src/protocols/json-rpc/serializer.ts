/** Writes JSON-RPC 2.0. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkString } from '../../internal/check.js';
import { InvalidJSONRPCValueError } from './errors.js';
import type { JSONRPCErrorObject, JSONRPCId, JSONRPCParams } from './events.js';
import { MAX_NAME_LENGTH } from './limits.js';

/**
 * A request, or a notification if `id` is undefined.
 * @param params An array, or a plain object with the parameters by name; undefined: none.
 * @throws InvalidJSONRPCValueError @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function serializeJSONRPCRequest(
  id: JSONRPCId | undefined,
  method: string,
  params?: JSONRPCParams,
): string {
  checkString('method', method);
  if (method === '' || method.length > MAX_NAME_LENGTH) {
    const expected = `a name of 1 to ${MAX_NAME_LENGTH} characters`;
    throw new InvalidArgumentValueError('method', expected, method);
  }
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    throw new InvalidArgumentTypeError('params', 'an array or an object', params);
  }
  const head = `{"jsonrpc":"2.0"${id === undefined ? '' : `,"id":${JSON.stringify(id)}`}`;
  const tail = params === undefined ? '' : `,"params":${json(params, 'a parameter')}`;
  return `${head},"method":${JSON.stringify(method)}${tail}}`;
}

/** @param result Undefined is sent as null. @throws InvalidJSONRPCValueError */
export function serializeJSONRPCResult(id: JSONRPCId, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json(result, 'the result')}}`;
}

/** @param id Null if the id of the request is unknown. @throws InvalidJSONRPCValueError */
export function serializeJSONRPCError(
  id: JSONRPCId | null,
  { code, message, data }: JSONRPCErrorObject,
): string {
  const tail = data === undefined ? '' : `,"data":${json(data, 'the data of the error')}`;
  const error = `{"code":${JSON.stringify(code)},"message":${JSON.stringify(message)}${tail}}`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${error}}`;
}

/** @param messages Serialized ones, at least one. */
export function serializeJSONRPCBatch(messages: readonly string[]): string {
  return `[${messages.join(',')}]`;
}

function json(value: unknown, what: string): string {
  try {
    return (JSON.stringify(value) as string | undefined) ?? 'null';
  } catch (cause) {
    throw new InvalidJSONRPCValueError(what, { cause });
  }
}
