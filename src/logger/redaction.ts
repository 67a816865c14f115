/** The names of fields whose values are secret. */
import { checkString } from '../internal/check.js';
import { quoted } from './json-string.js';

/**
 * Fields whose values no observer of this package writes, at any depth: those whose names end with one of these, compared without case,
 * hyphens and underscores. `token` covers `accessToken` and `X-CSRF-Token`.
 */
export const SECRET_FIELDS: readonly string[] = [
  'apikey',
  'authorization',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'passphrase',
  'passwd',
  'password',
  'passwords',
  'privatekey',
  'pwd',
  'secret',
  'secrets',
  'token',
];

/** The text in place of a secret. */
export const REDACTED = '[redacted]';

// Also those that would be read as one: `time_` is written as `time__`.
const RESERVED = /^(?:level|time|namespace|msg|format|err)_*$/;

/** Whether a line of JSON uses a name for the event itself. */
export function isReserved(name: string): boolean {
  return RESERVED.test(name);
}

const MAX_CACHED = 1000;
const MAX_COMPARED = 256;
const MAX_NAME = 64;

/** A name of a field, and whether its values are secret. */
export interface KnownName {
  /** As JSON. */
  readonly json: string;
  /** As JSON among the members of an event, whose own names it must not take. */
  readonly member: string;
  readonly secret: boolean;
}

/** Decides by name whether the value of a field is secret. */
export class Redaction {
  readonly #names: readonly string[];
  readonly #pattern: RegExp;
  readonly #known = new Map<string, KnownName>();

  /**
   * @param names In addition to {@link SECRET_FIELDS}.
   * @throws InvalidArgumentTypeError
   */
  constructor(names: readonly string[] = []) {
    this.#names = [
      ...SECRET_FIELDS,
      ...names.map((name) => normalized(checkString('names', name))).filter((name) => name !== ''),
    ];
    // Letters and digits stand for themselves; others are escaped.
    const patterns = this.#names.map((name) =>
      [...name].map((character) => character.replace(/[^a-z0-9]/u, '\\$&')).join('[-_\\s]?'),
    );
    this.#pattern = new RegExp(`(?:${patterns.join('|')})$`, 'i');
  }

  isSecret(name: string): boolean {
    return this.known(name).secret;
  }

  /** @internal Whether a text in a list is the name of a secret field, so that the next member is its value. */
  namesSecret(text: string): boolean {
    return text.length <= MAX_NAME && this.#pattern.test(text);
  }

  /** @internal */
  known(name: string): KnownName {
    return this.#known.get(name) ?? this.#learn(name);
  }

  #learn(name: string): KnownName {
    // The end decides, so the beginning of a long name may be left out.
    const compared = normalized(name.slice(-MAX_COMPARED));
    const secret = this.#names.some((end) => compared.endsWith(end));
    const json = quoted(name);
    const known = { json, member: isReserved(name) ? quoted(`${name}_`) : json, secret };
    if (name.length > MAX_COMPARED) return known;
    // Names may come from peers.
    if (this.#known.size >= MAX_CACHED) this.#known.clear();
    this.#known.set(name, known);
    return known;
  }
}

/** That of {@link SECRET_FIELDS} alone. */
export const DEFAULT_REDACTION: Redaction = new Redaction();

function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}
