/** Values of one type instead of bytes. */
import type { Deferred } from '../../defer/deferred.js';
import { COMMAND_OPTIONS } from '../../exchange/command-settings.js';
import { checkFunction, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { UTF8 } from '../../internal/utf8.js';
import type {
  MemcacheCasResult,
  MemcacheCommands,
  MemcacheGetManyOptions,
  MemcacheSetOptions,
} from './commands.js';
import { MemcacheValueError } from './errors.js';
import type { MemcacheValue } from './events.js';
import type { MemcacheCallOptions } from './protocol.js';
import type { MemcacheData } from './serializer.js';

/** How values of a type are stored. */
export interface MemcacheCodec<T> {
  /** The flags of its values, 0 to 2^32 - 1. A value with other flags has another format, and is not decoded. */
  readonly flags: number;
  encode(value: T): MemcacheData;
  /** @throws Any error, if the bytes do not have the format. */
  decode(bytes: Buffer): T;
}

/** Text as UTF-8. @param flags Default 0. */
export function memcacheText(flags = 0): MemcacheCodec<string> {
  return { flags, encode: (text) => text, decode: (bytes) => UTF8.decode(bytes) };
}

/**
 * JSON. The type is not checked: other programs may have stored the value.
 * @param flags Default 0.
 */
export function memcacheJSON<T>(flags = 0): MemcacheCodec<T> {
  return {
    flags,
    encode: (value) => JSON.stringify(value),
    decode: (bytes) => JSON.parse(UTF8.decode(bytes)) as T,
  };
}

/** A value with its version, for `compareAndSwap`. */
export interface TypedMemcacheValue<T> {
  readonly value: T;
  readonly cas: string;
}

type TypedSetOptions = Omit<MemcacheSetOptions, 'flags'>;
type TypedGetManyOptions = Omit<MemcacheGetManyOptions, 'withCas'>;

const SET: OptionNames<TypedSetOptions> = {
  ...COMMAND_OPTIONS,
  expiresInSeconds: true,
  expiresAt: true,
};
const GET_MANY: OptionNames<TypedGetManyOptions> = { ...COMMAND_OPTIONS, partial: true };

/**
 * The commands for values of one type. Reading fails with a MemcacheValueError if a value has other flags, or cannot be decoded.
 *
 * @example
 * const visits = new TypedMemcache(client, memcacheJSON<{ count: number }>());
 * await visits.set('alice', { count: 1 });
 * const visit = await visits.get('alice'); // { count: number } | undefined
 */
export class TypedMemcache<T> {
  readonly #commands: MemcacheCommands;
  readonly #codec: MemcacheCodec<T>;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(commands: MemcacheCommands, codec: MemcacheCodec<T>) {
    checkInteger('codec.flags', codec.flags, 0, 2 ** 32 - 1);
    checkFunction('codec.encode', codec.encode);
    checkFunction('codec.decode', codec.decode);
    this.#commands = commands;
    this.#codec = codec;
  }

  get(key: string, options: MemcacheCallOptions = {}): Deferred<T | undefined> {
    checkOptions('get', options, COMMAND_OPTIONS);
    const found = this.#commands.get(key, options);
    return found.addCallback((value) => value && this.#decode(value)) as Deferred<T | undefined>;
  }

  /** A value with its version. */
  getWithCas(
    key: string,
    options: MemcacheCallOptions = {},
  ): Deferred<TypedMemcacheValue<T> | undefined> {
    checkOptions('getWithCas', options, COMMAND_OPTIONS);
    return this.#commands.get(key, { ...options, withCas: true }).addCallback((found) => {
      return found && { value: this.#decode(found), cas: found.cas as string };
    });
  }

  getMany(
    keys: Iterable<string>,
    options: TypedGetManyOptions = {},
  ): Deferred<ReadonlyMap<string, T>> {
    checkOptions('getMany', options, GET_MANY);
    const found = this.#commands.getMany(keys, options);
    return found.addCallback((values) => {
      return new Map([...values].map(([key, value]) => [key, this.#decode(value)]));
    });
  }

  set(key: string, value: T, options: TypedSetOptions = {}): Deferred<boolean> {
    return this.#commands.set(key, this.#codec.encode(value), this.#flagged('set', options));
  }

  add(key: string, value: T, options: TypedSetOptions = {}): Deferred<boolean> {
    return this.#commands.add(key, this.#codec.encode(value), this.#flagged('add', options));
  }

  replace(key: string, value: T, options: TypedSetOptions = {}): Deferred<boolean> {
    return this.#commands.replace(
      key,
      this.#codec.encode(value),
      this.#flagged('replace', options),
    );
  }

  compareAndSwap(
    key: string,
    value: T,
    cas: string,
    options: TypedSetOptions = {},
  ): Deferred<MemcacheCasResult> {
    const bytes = this.#codec.encode(value);
    return this.#commands.compareAndSwap(key, bytes, cas, this.#flagged('compareAndSwap', options));
  }

  #flagged(what: string, options: TypedSetOptions): MemcacheSetOptions {
    checkOptions(what, options, SET);
    return { ...options, flags: this.#codec.flags };
  }

  #decode({ value, flags }: MemcacheValue): T {
    const { flags: expected } = this.#codec;
    if (flags !== expected) {
      throw new MemcacheValueError(`has the flags ${flags} instead of ${expected}`, flags);
    }
    try {
      return this.#codec.decode(value);
    } catch (cause) {
      throw new MemcacheValueError('cannot be decoded', flags, { cause });
    }
  }
}
