/** Writes XML-RPC messages. */
import { Buffer } from 'node:buffer';
import { checkBoolean, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { NOT_A_CHARACTER } from '../xml/characters.js';
import { InvalidXMLOutputError } from '../xml/errors.js';
import { escapeXMLText } from '../xml/serializer.js';
import { InvalidXMLRPCValueError } from './errors.js';
import type { XMLRPCInput } from './events.js';
import { checkMethodName } from './limits.js';
import { dateTimeOf, doubleText, XMLRPCDateTime, XMLRPCDouble } from './values.js';

export interface XMLRPCSerializerOptions {
  /**
   * Whether `nil` and `i8` may be written, which most implementations read, but the specification does not have. Default true. Otherwise
   * null and numbers beyond 32 bits are errors.
   */
  readonly extensions?: boolean;
}

/** @internal */
export const SERIALIZER_NAMES: OptionNames<XMLRPCSerializerOptions> = { extensions: true };

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** Deeper values are usually cyclic. */
const MAX_DEPTH = 512;

/**
 * A call.
 * @param method Letters, digits and `_.:/`, at most 255.
 * @throws InvalidXMLRPCValueError a parameter cannot be sent: see {@link XMLRPCInput}.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serializeXMLRPCCall(
  method: string,
  params: readonly XMLRPCInput[],
  options?: XMLRPCSerializerOptions,
): string {
  checkMethodName('method', method);
  const writer = new ValueWriter(options);
  const values = params.map((value, i) => `<param>${writer.value(value, i)}</param>`);
  return `${PROLOG}<methodCall><methodName>${method}</methodName><params>${values.join('')}</params></methodCall>\n`;
}

/** The answer to a call. @throws as {@link serializeXMLRPCCall}. */
export function serializeXMLRPCResult(
  value: XMLRPCInput,
  options?: XMLRPCSerializerOptions,
): string {
  const written = new ValueWriter(options).value(value);
  return `${PROLOG}<methodResponse><params><param>${written}</param></params></methodResponse>\n`;
}

/**
 * The answer to a call that failed. Characters that XML does not have are replaced in the text.
 * @param faultCode A number of 32 bits.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function serializeXMLRPCFault(faultCode: number, faultString: string): string {
  checkInteger('faultCode', faultCode, -(2 ** 31), 2 ** 31 - 1);
  checkString('faultString', faultString);
  const text = faultString.replace(NOT_SENDABLE, '\uFFFD');
  const fault = new ValueWriter({}).value({ faultCode, faultString: text });
  return `${PROLOG}<methodResponse><fault>${fault}</fault></methodResponse>\n`;
}

const NOT_SENDABLE = new RegExp(NOT_A_CHARACTER, 'gu');

class ValueWriter {
  readonly #extensions: boolean;
  readonly #path: (string | number)[] = [];

  constructor(options: XMLRPCSerializerOptions | undefined) {
    const { extensions = true } = options ?? {};
    if (options !== undefined) checkOptions('XML-RPC', options, SERIALIZER_NAMES);
    this.#extensions = checkBoolean('extensions', extensions);
  }

  /** @param at Where it is in the value around it. */
  value(value: unknown, at?: string | number): string {
    if (at !== undefined) this.#path.push(at);
    if (this.#path.length > MAX_DEPTH) throw this.#invalid('is nested too deeply, or cyclic');
    const text = `<value>${this.#content(value)}</value>`;
    if (at !== undefined) this.#path.pop();
    return text;
  }

  #content(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return `<string>${this.#text(value)}</string>`;
      case 'number':
        return this.#number(value);
      case 'boolean':
        return value ? '<boolean>1</boolean>' : '<boolean>0</boolean>';
      case 'bigint':
        return this.#whole(value);
      case 'object':
        return value === null ? this.#nil() : this.#object(value);
      default:
        throw this.#invalid(`is of the type ${typeof value}, which XML-RPC does not have`);
    }
  }

  #nil(): string {
    if (this.#extensions) return '<nil/>';
    throw this.#invalid('is null, which needs the option extensions');
  }

  #number(value: number): string {
    if (Number.isInteger(value) && !Object.is(value, -0)) {
      if (value === (value | 0)) return `<int>${value}</int>`;
      if (Number.isSafeInteger(value)) return this.#whole(BigInt(value));
    }
    if (!Number.isFinite(value)) throw this.#invalid('is not a finite number');
    return `<double>${doubleText(value)}</double>`;
  }

  #whole(value: bigint): string {
    if (BigInt.asIntN(32, value) === value) return `<int>${value}</int>`;
    if (BigInt.asIntN(64, value) !== value) throw this.#invalid('needs more than 64 bits');
    if (this.#extensions) return `<i8>${value}</i8>`;
    throw this.#invalid('needs more than 32 bits, and the option extensions');
  }

  #object(value: object): string {
    if (Array.isArray(value)) {
      let items = '';
      for (let i = 0; i < value.length; i++) items += this.value(value[i], i);
      return `<array><data>${items}</data></array>`;
    }
    if (value instanceof Uint8Array) {
      const { buffer, byteOffset, byteLength } = value;
      return `<base64>${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}</base64>`;
    }
    if (value instanceof XMLRPCDouble) return `<double>${doubleText(value.value)}</double>`;
    if (value instanceof XMLRPCDateTime) return dateTime(value);
    const time = this.#time(value);
    if (time !== undefined) return dateTime(time);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return this.#struct(value);
    throw this.#invalid(
      `is an object of the class ${className(value)}, which XML-RPC does not have`,
    );
  }

  #time(value: object): XMLRPCDateTime | undefined {
    try {
      return dateTimeOf(value);
    } catch (cause) {
      throw this.#invalid('is not a time in the years 0 to 9999', { cause });
    }
  }

  #struct(struct: object): string {
    let members = '';
    for (const [name, member] of Object.entries(struct)) {
      if (member === undefined) continue;
      members += `<member><name>${this.#text(name)}</name>${this.value(member, name)}</member>`;
    }
    return `<struct>${members}</struct>`;
  }

  #text(text: string): string {
    try {
      return escapeXMLText(text);
    } catch (cause) {
      if (!(cause instanceof InvalidXMLOutputError)) throw cause;
      throw this.#invalid('contains a character that XML does not have: send it as bytes', {
        cause,
      });
    }
  }

  #invalid(problem: string, options?: ErrorOptions): InvalidXMLRPCValueError {
    const path = this.#path.map((at) => (typeof at === 'number' ? `[${at}]` : `.${at}`)).join('');
    return new InvalidXMLRPCValueError(problem, path, options);
  }
}

function dateTime({ text }: XMLRPCDateTime): string {
  return `<dateTime.iso8601>${text}</dateTime.iso8601>`;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' ? name : 'unknown';
}
