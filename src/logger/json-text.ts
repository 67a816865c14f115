/** JSON of any value (RFC 8259): never throws, shows no secret, and has a limited size and depth. */
import { messageOf, textOf } from '../core/text-of.js';
import { Deferred } from '../defer/deferred.js';
import { Failure } from '../defer/failure.js';
import { quoted } from './json-string.js';
import { REDACTED, type Redaction } from './redaction.js';

const MAX_DEPTH = 8;
const MAX_MEMBERS = 1000;
const MAX_SHOWN_BYTES = 64;
/** Of all members of one value together. */
const MAX_TOTAL_MEMBERS = 10_000;

/** The JSON of any value; undefined for the value `undefined`, which objects leave out. */
export function jsonText(value: unknown, redaction: Redaction): string | undefined {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? 'null' : new Writer(redaction).object(value);
    default:
      return otherText(value);
  }
}

function otherText(value: unknown): string {
  if (typeof value === 'function') return quoted(`[function ${functionName(value)}]`);
  return quoted(textOf(value));
}

function functionName(value: object): string {
  try {
    return textOf((value as { name?: unknown }).name) || 'anonymous';
  } catch {
    return 'anonymous';
  }
}

/** Objects that contain each other are followed only once on each path. */
class Writer {
  readonly #redaction: Redaction;
  readonly #path: object[] = [];
  #members = 0;

  constructor(redaction: Redaction) {
    this.#redaction = redaction;
  }

  object(value: object): string {
    if (this.#path.includes(value)) return '"[circular]"';
    if (this.#path.length >= MAX_DEPTH) return '"[too deep]"';
    this.#path.push(value);
    try {
      return this.#textOf(value);
    } catch (error) {
      return quoted(`[unreadable: ${messageOf(error)}]`);
    } finally {
      this.#path.pop();
    }
  }

  #value(value: unknown): string | undefined {
    if (typeof value === 'string') return quoted(value);
    if (typeof value === 'object' && value !== null) return this.object(value);
    return jsonText(value, this.#redaction);
  }

  #textOf(value: object): string {
    const { toJSON } = value as { toJSON?: unknown };
    const isPlain = Object.getPrototypeOf(value) === Object.prototype;
    if (isPlain && typeof toJSON !== 'function') return this.#object(value, '');
    if (Array.isArray(value)) return this.#list(value, value.length);
    if (value instanceof Error) return this.error(value);
    if (value instanceof Failure) return this.error(value.value);
    if (value instanceof Deferred) return quoted(textOf(value));
    if (value instanceof Date) return quoted(dateText(value));
    if (ArrayBuffer.isView(value)) return quoted(bytesText(value));
    if (value instanceof Map) return this.#list(value.entries(), value.size);
    if (value instanceof Set) return this.#list(value, value.size);
    if (value instanceof URL) return quoted(urlText(value));
    if (typeof toJSON === 'function') return this.#value(toJSON.call(value)) ?? 'null';
    return this.#object(value, '');
  }

  #list(values: Iterable<unknown>, length: number): string {
    let text = '[';
    let count = 0;
    // Lists of names and values: raw headers, entries of a Map.
    let secret = false;
    for (const value of values) {
      if (count > 0) text += ',';
      if (!this.#mayContinue(count)) return `${text}${quoted(`[${length - count} more]`)}]`;
      text += secret ? REDACTED_JSON : (this.#value(value) ?? 'null');
      secret = !secret && typeof value === 'string' && this.#redaction.namesSecret(value);
      count += 1;
    }
    return `${text}]`;
  }

  /** @param first Members that precede those of the object. */
  #object(value: object, first: string): string {
    let text = first;
    const names = Object.keys(value);
    for (let i = 0; i < names.length; i++) {
      const name = names[i] ?? '';
      if (first !== '' && ERROR_FIELDS.has(name)) continue;
      if (!this.#mayContinue(i)) {
        return `{${text}${text === '' ? '' : ','}"...":${quoted(`[${names.length - i} more]`)}}`;
      }
      const { json, secret } = this.#redaction.known(name);
      const member = this.#member(value, name, secret);
      if (member === undefined) continue;
      text += text === '' ? `${json}:${member}` : `,${json}:${member}`;
    }
    return `{${text}}`;
  }

  #member(object: object, name: string, secret: boolean): string | undefined {
    let value: unknown;
    try {
      value = (object as Record<string, unknown>)[name];
    } catch (error) {
      return quoted(`[unreadable: ${messageOf(error)}]`);
    }
    return secret && value !== undefined && value !== null ? REDACTED_JSON : this.#value(value);
  }

  #mayContinue(index: number): boolean {
    this.#members += 1;
    return index < MAX_MEMBERS && this.#members < MAX_TOTAL_MEMBERS;
  }

  /** In the form of pino: type, message, stack, and the error's own fields with its cause. */
  error(error: Error): string {
    const type = quoted(readText(error, 'name') ?? 'Error');
    const message = quoted(messageOf(error));
    const stack = quoted(readText(error, 'stack') ?? '');
    let text = `"type":${type},"message":${message},"stack":${stack}`;
    for (const name of ['cause', 'errors']) {
      // Made by the constructor, these are not enumerable.
      if (!Object.hasOwn(error, name) || Object.keys(error).includes(name)) continue;
      text += `,"${name}":${this.#member(error, name, false) ?? 'null'}`;
    }
    return this.#object(error, text);
  }
}

const REDACTED_JSON = quoted(REDACTED);
const ERROR_FIELDS = new Set(['name', 'type', 'message', 'stack']);

/** Undefined if it is no string or cannot be read. */
export function readText(error: Error, name: 'name' | 'stack'): string | undefined {
  try {
    const value: unknown = error[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function dateText(date: Date): string {
  const time = date.getTime();
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
}

function bytesText({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const shown = Math.min(byteLength, MAX_SHOWN_BYTES);
  const hex = Buffer.from(buffer as ArrayBuffer, byteOffset, shown).toString('hex');
  return `[${byteLength} bytes: ${hex}${shown < byteLength ? '...' : ''}]`;
}

/** Without its password. */
export function urlText(url: URL): string {
  if (url.password === '') return url.href;
  const shown = new URL(url);
  shown.password = REDACTED;
  return shown.href;
}
