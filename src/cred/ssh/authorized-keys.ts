/** Files of authorised keys, by sshd(8): `[options] type base64 [comment]` by line. */
import { eachLine } from '../files/each-line.js';
import type { FileProblem } from '../files/reloaded-file.js';
import { parseSSHKey } from './public-key.js';

/** One line. */
export interface AuthorizedKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly comment: string;
  /** Values by the names of the options, in lower case; an option without a value has an empty one. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** Most keys of one file, malformed ones included: users write their own files. */
const MAX_KEYS = 1_000;
const OPTION = /([A-Za-z0-9@.-]{1,64})(?:="((?:[^"\\]|\\.)*)")?(,|[ \t]+|$)/y;
const KEY = /^([a-z0-9@.-]{1,64})[ \t]+([+/0-9A-Za-z]+={0,2})(?:[ \t]+(.*))?$/;
const KEY_TYPE = /^(?:ssh-|ecdsa-|sk-|rsa-)/;

/** Lines that are malformed or have an unsupported key are problems, and are left out. */
export function parseAuthorizedKeys(text: string, problem: FileProblem): AuthorizedKey[] {
  const keys: AuthorizedKey[] = [];
  let count = 0;
  eachLine(text, problem, (line, number) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return true;
    const key = parseAuthorizedKey(trimmed);
    if (typeof key === 'string') problem(key, number);
    else keys.push(key);
    return ++count < MAX_KEYS;
  });
  return keys;
}

/** @returns The problem, if it is not a key. */
export function parseAuthorizedKey(line: string): AuthorizedKey | string {
  const options = new Map<string, string[]>();
  let rest = line;
  if (!KEY_TYPE.test(line)) {
    const length = parseOptions(line, options);
    if (length === undefined) return 'its options are malformed';
    rest = line.slice(length);
  }
  const found = KEY.exec(rest);
  if (found === null) return 'it is not a public key';
  const [, type = '', encoded = '', comment = ''] = found;
  const blob = Buffer.from(encoded, 'base64');
  try {
    const parsed = parseSSHKey(blob);
    if (parsed.type !== type) return 'its key has another type than it says';
  } catch (error) {
    return (error as Error).message;
  }
  return { type, blob, comment, options };
}

/** @returns The length of the options and the space after them. */
function parseOptions(line: string, options: Map<string, string[]>): number | undefined {
  OPTION.lastIndex = 0;
  for (;;) {
    const found = OPTION.exec(line);
    if (found === null) return undefined;
    const [, name = '', quoted, end = ''] = found;
    const key = name.toLowerCase();
    const value = quoted?.replaceAll('\\"', '"') ?? '';
    const values = options.get(key);
    if (values === undefined) options.set(key, [value]);
    else values.push(value);
    if (end !== ',') return end === '' ? undefined : OPTION.lastIndex;
  }
}
