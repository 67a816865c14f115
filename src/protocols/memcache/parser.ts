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
import { ByteQueue } from '../../framing/byte-queue.js';
import { checkOptions } from '../../internal/options.js';
import { InvalidMemcacheReplyError } from './errors.js';
import type { MemcacheMetaStatus, MemcachePart, MemcacheStatus } from './events.js';
import { LIMITS, type MemcacheLimits, type ResolvedLimits, resolveLimits } from './limits.js';

const LF = 0x0a;
const CR = 0x0d;

/** A line whose data has not arrived yet. */
interface Block {
  readonly size: number;
  readonly finish: (value: Buffer) => MemcachePart;
}

const END: MemcachePart = { type: 'end' };

/** A pull decoder of answers. */
export class MemcacheParser {
  readonly #queue = new ByteQueue();
  readonly #limits: ResolvedLimits;
  #searched = 0;
  /** The part whose line was read, while its data is missing. */
  #part: MemcachePart | Block | undefined;
  #error: InvalidMemcacheReplyError | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(limits: MemcacheLimits = {}) {
    checkOptions('MemcacheParser', limits, LIMITS);
    this.#limits = resolveLimits(limits);
  }

  /** Bytes received and not yet returned. */
  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** Takes a chunk, which may be lent: call {@link next} until it returns undefined before the chunk is overwritten. */
  receive(chunk: Buffer): void {
    if (this.#error !== undefined) throw this.#error;
    this.#queue.push(chunk);
  }

  /**
   * The next line with its data. Undefined if bytes are missing.
   * @throws InvalidMemcacheReplyError and again the same: close the connection.
   */
  next(): MemcachePart | undefined {
    if (this.#error !== undefined) throw this.#error;
    try {
      this.#part ??= this.#read();
      if (this.#part === undefined) return undefined;
      const part = 'finish' in this.#part ? this.#data(this.#part) : this.#part;
      if (part !== undefined) this.#part = undefined;
      return part;
    } catch (error) {
      this.#error = error as InvalidMemcacheReplyError;
      throw error;
    }
  }

  #line(): string | undefined {
    const queue = this.#queue;
    const { maxLineBytes } = this.#limits;
    const at = queue.indexOf(LF, this.#searched);
    const { length } = queue;
    if ((at === -1 ? length - 1 : at - 1) > maxLineBytes) {
      throw invalid(`a line is longer than maxLineBytes, ${maxLineBytes}`);
    }
    if (at === -1) {
      this.#searched = length;
      queue.settle(maxLineBytes + 2);
      return undefined;
    }
    if (at === 0 || queue.byteAt(at - 1) !== CR) throw invalid('a line does not end with CRLF');
    this.#searched = 0;
    return queue.cut(0, at - 1, at + 1).toString('utf8');
  }

  #data(block: Block): MemcachePart | undefined {
    const queue = this.#queue;
    const { size } = block;
    if (queue.length < size + 2) {
      queue.settle(size + 2);
      return undefined;
    }
    if (queue.byteAt(size) !== CR || queue.byteAt(size + 1) !== LF) {
      throw invalid('a value does not end with CRLF');
    }
    return block.finish(queue.cutGiven(0, size, size + 2));
  }

  /** @returns Undefined if the line is not complete. */
  #read(): MemcachePart | Block | undefined {
    const line = this.#line();
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
