/** JSON of any value (RFC 8259): never throws, shows no secret, and has a limited size and depth. */
import { messageOf, textOf } from '../core/text-of.js';
import { Deferred } from '../defer/deferred.js';
import { Failure } from '../defer/failure.js';
import { REDACTED, type Redaction } from './redaction.js';

const MAX_DEPTH = 8;
const MAX_MEMBERS = 1000;
const MAX_TEXT = 65_536;
const MAX_SHOWN_BYTES = 64;
/** Of all members of one value together. */
const MAX_TOTAL_MEMBERS = 10_000;

// Characters that JSON leaves as they are, and that terminals interpret or take for line ends.
const ESCAPED = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A JSON string. */
export function quoted(text: string): string {
  const { length } = text;
  if (length > 64) return quotedSlowly(text);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 34 || code === 92 || code > 126) return quotedSlowly(text);
  }
  return `"${text}"`;
}

function quotedSlowly(text: string): string {
  const shown = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
  return JSON.stringify(shown).replace(ESCAPED, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

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
    if (typeof value === 'object' && value !== null) return this.object(value);
    return jsonText(value, this.#redaction);
  }

  #textOf(value: object): string {
    if (Array.isArray(value)) return this.#list(value, value.length);
    if (value instanceof Error) return this.error(value);
    if (value instanceof Failure) return this.error(value.value);
    if (value instanceof Deferred) return quoted(textOf(value));
    if (value instanceof Date) return quoted(dateText(value));
    if (ArrayBuffer.isView(value)) return quoted(bytesText(value));
    if (value instanceof Map) return this.#list(value.entries(), value.size);
    if (value instanceof Set) return this.#list(value, value.size);
    if (value instanceof URL) return quoted(urlText(value));
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.#value(toJSON.call(value)) ?? 'null';
    return this.#object(value, Object.keys(value));
  }

  #list(values: Iterable<unknown>, length: number): string {
    const parts: string[] = [];
    for (const value of values) {
      if (!this.#mayContinue(parts.length)) {
        parts.push(quoted(`[${length - parts.length} more]`));
        break;
      }
      parts.push(this.#value(value) ?? 'null');
    }
    return `[${parts.join(',')}]`;
  }

  #object(value: object, names: readonly string[], first = ''): string {
    let text = first;
    for (const [i, name] of names.entries()) {
      if (!this.#mayContinue(i)) {
        text += `${text === '' ? '' : ','}"...":${quoted(`[${names.length - i} more]`)}`;
        break;
      }
      const member = this.#member(value, name);
      if (member === undefined) continue;
      text += text === '' ? `${quoted(name)}:${member}` : `,${quoted(name)}:${member}`;
    }
    return `{${text}}`;
  }

  #member(object: object, name: string): string | undefined {
    try {
      const value = (object as Record<string, unknown>)[name];
      if (value !== undefined && value !== null && this.#redaction.isSecret(name)) {
        return quoted(REDACTED);
      }
      return this.#value(value);
    } catch (error) {
      return quoted(`[unreadable: ${messageOf(error)}]`);
    }
  }

  #mayContinue(index: number): boolean {
    this.#members += 1;
    return index < MAX_MEMBERS && this.#members < MAX_TOTAL_MEMBERS;
  }

  /** In the form of pino: type, message, stack, and the error's own fields with its cause. */
  error(error: Error): string {
    const type = quoted(read(error, 'name') ?? 'Error');
    const message = quoted(messageOf(error));
    const stack = quoted(read(error, 'stack') ?? '');
    const names = Object.keys(error).filter((name) => !ERROR_FIELDS.has(name));
    for (const name of ['cause', 'errors']) {
      if (Object.hasOwn(error, name) && !names.includes(name)) names.push(name);
    }
    return this.#object(error, names, `"type":${type},"message":${message},"stack":${stack}`);
  }
}

const ERROR_FIELDS = new Set(['name', 'type', 'message', 'stack']);

function read(error: Error, name: 'name' | 'stack'): string | undefined {
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
