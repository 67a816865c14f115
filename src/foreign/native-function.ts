/** C functions by their address, for calls that must not have JavaScript below them, or are made on another thread. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkObject, checkString } from '../internal/check.js';
import { FunctionNotFoundError } from './errors.js';
import { foreignAddon } from './foreign-addon.js';

/** A call of a C function whose arguments are integers and pointers. Wrong addresses crash the process. */
export interface NativeFunction {
  /** The address of the function. */
  readonly address: bigint;
  /** At most four. */
  readonly args: readonly bigint[];
}

const MAX_ARGUMENTS = 4;
const MAX_WORD = 2n ** 64n - 1n;

/**
 * Finds a function of a shared library.
 *
 * @param library As for dlopen(3) or LoadLibrary, such as `libglib-2.0.so.0`. It stays loaded. An empty name stands for all
 * libraries of the process.
 * @param args The arguments of the call: pointers and integers, at most four. Negative numbers are 64-bit two's complement.
 * @throws FunctionNotFoundError, AddonNotLoadedError, InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function nativeFunction(
  library: string,
  name: string,
  ...args: readonly (bigint | number)[]
): NativeFunction {
  checkString('library', library);
  checkString('name', name);
  const address = foreignAddon('nativeFunction').findFunction(library, name);
  if (address === 0n) throw new FunctionNotFoundError(library, name);
  const found = { address, args: args.map((arg, index) => toWord(`argument ${index + 1}`, arg)) };
  toWords('args', found);
  return found;
}

/** @internal The words that the addon takes: the address and the arguments. */
export function toWords(what: string, call: NativeFunction): BigUint64Array {
  checkObject(what, call);
  const { address, args } = call;
  if (!Array.isArray(args)) throw new InvalidArgumentTypeError(`${what}.args`, 'an array', args);
  if (args.length > MAX_ARGUMENTS) {
    throw new InvalidArgumentValueError(`${what}.args`, `at most ${MAX_ARGUMENTS} values`, args);
  }
  if (address === 0n) throw new InvalidArgumentValueError(`${what}.address`, 'not 0', address);
  return BigUint64Array.from([address, ...args], (word, index) =>
    toWord(index === 0 ? `${what}.address` : `${what}.args[${index - 1}]`, word),
  );
}

/** @internal @param value An integer of at most 64 bits, with or without sign. */
export function toWord(what: string, value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return BigInt.asUintN(64, BigInt(value));
  }
  if (typeof value !== 'bigint') {
    throw new InvalidArgumentTypeError(what, 'a bigint or an integer', value);
  }
  if (value > MAX_WORD || value < -(2n ** 63n)) {
    throw new InvalidArgumentValueError(what, 'an integer of 64 bits', value);
  }
  return BigInt.asUintN(64, value);
}
