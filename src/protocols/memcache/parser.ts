/**
 * Reads the answers of a memcache server (doc/protocol.txt of memcached): text and meta commands. Every line shows by its first
 * word which it is, so the parser does not depend on the command.
 *
 *     VALUE key flags bytes [cas]    data CRLF    |   VA bytes flag*    data CRLF   |  HD|EN|NF|NS|EX flag*  |  MN
 *     END  |  STORED ...  |  STAT name value  |  VERSION text  |  number  |  ME key field=value*
 *     ERROR  |  CLIENT_ERROR text  |  SERVER_ERROR text
 *
 * Omitted: the binary protocol, which memcached has deprecated.
 */
import { withoutStack } from '../../core/errors/base.js';
import { LineBlockReader } from '../../framing/line-block-reader.js';
import { checkOptions } from '../../internal/options.js';
import { InvalidMemcacheReplyError } from './errors.js';
import type { MemcacheMetaStatus, MemcachePart, MemcacheStatus } from './events.js';
import { LIMITS, type MemcacheLimits, type ResolvedLimits, resolveLimits } from './limits.js';

/** A line whose data has not arrived yet. */
interface Block {
  readonly size: number;
  readonly finish: (value: Buffer) => MemcachePart;
}

const END: MemcachePart = { type: 'end' };

/** A pull decoder of answers. */
export class MemcacheParser {
  readonly #reader: LineBlockReader;
  readonly #limits: ResolvedLimits;
  /** The part whose line was read, while its data is missing. */
  #part: MemcachePart | Block | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(limits: MemcacheLimits = {}) {
    checkOptions('MemcacheParser', limits, LIMITS);
    this.#limits = resolveLimits(limits);
    this.#reader = new LineBlockReader(this.#limits.maxLineBytes, invalid);
  }

  /** Bytes received and not yet returned. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** Takes a chunk, which may be lent: call {@link next} until it returns undefined before the chunk is overwritten. */
  receive(chunk: Buffer): void {
    this.#reader.receive(chunk);
  }

  /**
   * The next line with its data. Undefined if bytes are missing.
   * @throws InvalidMemcacheReplyError and again the same: close the connection.
   */
  next(): MemcachePart | undefined {
    this.#reader.expectUsable();
    try {
      this.#part ??= this.#read();
      if (this.#part === undefined) return undefined;
      const part = 'finish' in this.#part ? this.#data(this.#part) : this.#part;
      if (part !== undefined) this.#part = undefined;
      return part;
    } catch (error) {
      throw this.#reader.spoil(error);
    }
  }

  #data({ size, finish }: Block): MemcachePart | undefined {
    const value = this.#reader.block(size, 'a value');
    return value === undefined ? undefined : finish(value);
  }

  /** @returns Undefined if the line is not complete. */
  #read(): MemcachePart | Block | undefined {
    const line = this.#reader.line();
    if (line === undefined) return undefined;
    const words = line.split(' ');
    const word = words[0] as string;
    const whole = ONE_WORD.get(word);
    if (whole !== undefined) {
      if (words.length > 1) throw invalid(`there is more behind ${word}`);
      return whole;
    }
    if (word === 'VALUE') return this.#value(words);
    if (word === 'VA') return this.#metaValue(words);
    if (META.has(word)) return metaReply(word as MemcacheMetaStatus, words.slice(1));
    return readOther(word, words, line);
  }

  #value(words: readonly string[]): Block {
    const [, key = '', flags = '', bytes = '', cas] = words;
    if (words.length > 5 || key === '') throw invalid('VALUE has wrong fields');
    const size = this.#size(bytes);
    if (!/^\d{1,10}$/.test(flags) || Number(flags) >= 2 ** 32) throw invalid('the flags are wrong');
    if (cas !== undefined && !/^\d{1,20}$/.test(cas)) throw invalid('the cas is no number');
    return { size, finish: (value) => ({ type: 'value', key, flags: Number(flags), cas, value }) };
  }

  #metaValue(words: readonly string[]): Block {
    const size = this.#size(words[1] ?? '');
    const { flags } = metaReply('VA', words.slice(2));
    return { size, finish: (value) => ({ type: 'meta', status: 'VA', flags, value }) };
  }

  #size(text: string): number {
    const { maxValueBytes } = this.#limits;
    if (!/^\d{1,10}$/.test(text)) throw invalid('the length of a value is no number');
    if (Number(text) <= maxValueBytes) return Number(text);
    throw invalid(
      `a value of ${Number(text)} bytes is longer than maxValueBytes, ${maxValueBytes}`,
    );
  }
}

const STATUSES: readonly MemcacheStatus[] = [
  'STORED',
  'NOT_STORED',
  'EXISTS',
  'NOT_FOUND',
  'DELETED',
  'TOUCHED',
  'OK',
  'RESET',
];
const ONE_WORD: ReadonlyMap<string, MemcachePart> = new Map<string, MemcachePart>([
  ['END', END],
  ['ERROR', { type: 'error', kind: 'ERROR', text: '' }],
  ...STATUSES.map((status) => [status, { type: 'status', status }] as const),
]);
const META: ReadonlySet<string> = new Set(['HD', 'EN', 'NF', 'NS', 'EX', 'MN']);

function readOther(word: string, words: readonly string[], line: string): MemcachePart {
  const rest = line.slice(word.length + 1);
  if (word === 'CLIENT_ERROR' || word === 'SERVER_ERROR') {
    return { type: 'error', kind: word, text: rest };
  }
  if (word === 'VERSION') return { type: 'version', version: rest };
  if (word === 'STAT') {
    const [, name = ''] = words;
    if (name === '') throw invalid('STAT has no name');
    return { type: 'stat', name, value: rest.slice(name.length + 1) };
  }
  if (word === 'ME') return { type: 'debug', fields: fieldsOf(words.slice(2)) };
  // memcached keeps the length of a number that `decr` makes shorter, with spaces behind it.
  const number = line.trimEnd();
  if (/^\d{1,20}$/.test(number)) return { type: 'number', value: BigInt(number) };
  throw invalid('a line is none of memcache');
}

function metaReply(
  status: MemcacheMetaStatus,
  words: readonly string[],
): Extract<MemcachePart, { readonly type: 'meta' }> {
  const flags = new Map<string, string>();
  for (const word of words) {
    // Some versions of memcached send two spaces.
    if (word !== '') flags.set(word.slice(0, 1), word.slice(1));
  }
  return { type: 'meta', status, flags, value: undefined };
}

function fieldsOf(words: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw invalid('ME has a field without a name');
    fields.set(word.slice(0, at), word.slice(at + 1));
  }
  return fields;
}

function invalid(problem: string): InvalidMemcacheReplyError {
  return withoutStack(() => new InvalidMemcacheReplyError(problem));
}
