/** The types of parameters and results, by the names of XML-RPC. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { XMLRPCDateTime } from '../protocols/xml-rpc/values.js';

/** Types of XML-RPC. For JSON-RPC, times and bytes are strings, and whole numbers of any size are `int`. */
export type RPCType =
  | 'int'
  | 'i8'
  | 'double'
  | 'boolean'
  | 'string'
  | 'dateTime.iso8601'
  | 'base64'
  | 'struct'
  | 'array'
  | 'nil';

const TYPES: ReadonlySet<unknown> = new Set([
  ...['int', 'i8', 'double', 'boolean', 'string', 'dateTime.iso8601', 'base64', 'struct'],
  ...['array', 'nil'],
]);

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkSignatures(signatures: unknown): void {
  const expected =
    'an array of arrays, each with the type of the result and those of the parameters';
  if (!Array.isArray(signatures)) {
    throw new InvalidArgumentTypeError('signatures', expected, signatures);
  }
  for (const signature of signatures) {
    if (!Array.isArray(signature) || signature.length === 0) {
      throw new InvalidArgumentTypeError('each signature', expected, signature);
    }
    for (const type of signature) {
      if (TYPES.has(type)) continue;
      throw new InvalidArgumentValueError('each type', `one of ${[...TYPES].join(', ')}`, type);
    }
  }
}

/** Whether the parameters are those of a form of the call. */
export function hasForm(
  params: readonly unknown[],
  signatures: readonly (readonly RPCType[])[],
): boolean {
  return signatures.some(
    ([, ...types]) =>
      types.length === params.length && types.every((type, i) => isOfType(params[i], type)),
  );
}

function isOfType(value: unknown, type: RPCType): boolean {
  switch (type) {
    case 'int':
    case 'i8':
      return Number.isInteger(value) || typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'dateTime.iso8601':
      return value instanceof XMLRPCDateTime || typeof value === 'string';
    case 'base64':
      return value instanceof Uint8Array || typeof value === 'string';
    case 'array':
      return Array.isArray(value);
    case 'nil':
      return value === null;
    default:
      return isStruct(value);
  }
}

function isStruct(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof XMLRPCDateTime || value instanceof Uint8Array);
}
