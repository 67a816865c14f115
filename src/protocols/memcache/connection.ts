/**
 * The client's side of a memcache connection, sans-I/O: commands in, bytes out; bytes in, answers out. Answers come in the order of
 * the commands, so each belongs to the oldest unanswered command and must have its form. An answer of another form means that
 * both sides disagree on the order: the connection is no longer usable, because values would go to the wrong callers.
 */

import { Fifo } from '../../internal/fifo.js';
import { checkOptions } from '../../internal/options.js';
import {
  InvalidMemcacheReplyError,
  InvalidMemcacheRequestError,
  MemcacheOverloadError,
} from './errors.js';
import type {
  MemcacheErrorReply,
  MemcachePart,
  MemcacheReply,
  MemcacheReplyKind,
  MemcacheRequest,
  MemcacheStatus,
  MemcacheValue,
} from './events.js';
import { LIMITS, type MemcacheLimits, type ResolvedLimits, resolveLimits } from './limits.js';
import { MemcacheParser } from './parser.js';

const CRLF = '\r\n';

/** An answer with its command. */
export interface MemcacheAnswer<T> {
  readonly request: MemcacheRequest;
  /** The second argument of `send`. */
  readonly context: T;
  readonly reply: MemcacheReply;
  /** Whether the connection has to be closed now, because the server may take the rest of this command for others. */
  readonly fatal: boolean;
}

/** The words that answer a command. */
const STATUSES: Readonly<Partial<Record<MemcacheReplyKind, readonly MemcacheStatus[]>>> = {
  storage: ['STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND'],
  delete: ['DELETED', 'NOT_FOUND'],
  number: ['NOT_FOUND'],
  touch: ['TOUCHED', 'NOT_FOUND'],
  ok: ['OK'],
  stats: ['RESET', 'OK'],
};

/** The other lines that answer a command. */
const PARTS: Readonly<Partial<Record<MemcacheReplyKind, MemcachePart['type']>>> = {
  number: 'number',
  version: 'version',
  debug: 'debug',
};

interface Sent<T> {
  readonly request: MemcacheRequest;
  readonly context: T;
}

/** A client's side of one connection. T: a value that belongs to each command, and is returned with its answer. */
export class MemcacheConnection<T = undefined> {
  readonly #parser: MemcacheParser;
  readonly #limits: ResolvedLimits;
  /** Unanswered commands. */
  readonly #sent = new Fifo<Sent<T>>();
  #values = new Map<string, MemcacheValue>();
  #stats = new Map<string, string>();

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(limits: MemcacheLimits = {}) {
    checkOptions('MemcacheConnection', limits, LIMITS);
    this.#limits = resolveLimits(limits);
    this.#parser = new MemcacheParser(limits);
  }

  /** The number of commands without a whole answer. */
  get unanswered(): number {
    return this.#sent.length;
  }

  /**
   * Adds a command.
   * @returns The bytes to send.
   * @throws InvalidMemcacheRequestError the value is longer than `maxValueBytes`.
   * @throws MemcacheOverloadError
   */
  send(request: MemcacheRequest, context: T): readonly (string | Uint8Array)[] {
    const { maxUnanswered, maxValueBytes } = this.#limits;
    checkValueLength(request, maxValueBytes);
    if (this.unanswered >= maxUnanswered) {
      throw new MemcacheOverloadError('maxUnanswered', maxUnanswered);
    }
    this.#sent.push({ request, context });
    const { line, data } = request;
    return data === undefined ? [line] : [line, data, CRLF];
  }

  /** Takes a chunk, which may be lent: call {@link next} until it returns undefined before the chunk is overwritten. */
  receive(chunk: Buffer): void {
    this.#parser.receive(chunk);
  }

  /**
   * The next whole answer. Undefined if bytes are missing.
   * @throws InvalidMemcacheReplyError Close the connection.
   */
  next(): MemcacheAnswer<T> | undefined {
    for (;;) {
      const part = this.#parser.next();
      if (part === undefined) return undefined;
      const sent = this.#sent.first;
      if (sent === undefined) throw unexpected(part, 'a command');
      const { request, context } = sent;
      const reply = this.#take(part, request);
      if (reply === undefined) continue;
      this.#sent.shift();
      const fatal = request.data !== undefined && part.type === 'error' && isUnread(part);
      return { request, context, reply, fatal };
    }
  }

  /** Removes the unanswered commands, when the connection is gone. @returns Their values of T, the oldest first. */
  takeUnanswered(): T[] {
    return this.#sent.takeAll().map(({ context }) => context);
  }

  /** @returns The answer, if it is complete. */
  #take(part: MemcachePart, request: MemcacheRequest): MemcacheReply | undefined {
    if (part.type === 'error') {
      this.#values = new Map();
      this.#stats = new Map();
      return part;
    }
    const { reply } = request;
    if (reply === 'values') return this.#takeValue(part, request);
    if (part.type === 'meta') return metaAnswer(part, request);
    if (part.type === 'status' && STATUSES[reply]?.includes(part.status)) return part;
    if (reply === 'stats') return this.#takeStat(part);
    if (part.type === PARTS[reply]) return part as MemcacheReply;
    throw unexpected(part, request.command);
  }

  #takeValue(part: MemcachePart, request: MemcacheRequest): MemcacheReply | undefined {
    if (part.type === 'value') {
      const { key, value, flags, cas } = part;
      if (!request.keys.includes(key)) throw invalid('a value that was not requested');
      if (this.#values.has(key)) throw invalid('the same value twice');
      this.#values.set(key, { key, value, flags, cas });
      return undefined;
    }
    if (part.type !== 'end') throw unexpected(part, request.command);
    const values = this.#values;
    this.#values = new Map();
    return { type: 'values', values };
  }

  #takeStat(part: MemcachePart): MemcacheReply | undefined {
    const stats = this.#stats;
    if (part.type === 'stat') {
      const { maxStats } = this.#limits;
      if (stats.size >= maxStats) throw invalid(`more lines than maxStats, ${maxStats}`);
      stats.set(part.name, part.value);
      return undefined;
    }
    if (part.type !== 'end') throw unexpected(part, 'stats');
    this.#stats = new Map();
    return { type: 'stats', stats };
  }
}

/** The texts of `CLIENT_ERROR` with which memcached does not skip the value of the command. */
const UNREAD = /^(?:bad command line format|line too long|options flags)/;

/** Whether the server takes the value of the command for further commands. */
function isUnread({ kind, text }: MemcacheErrorReply): boolean {
  return kind === 'ERROR' || (kind === 'CLIENT_ERROR' && UNREAD.test(text));
}

/** @throws InvalidMemcacheRequestError */
export function checkValueLength({ data }: MemcacheRequest, maxValueBytes: number): void {
  if (data === undefined || data.length <= maxValueBytes) return;
  throw new InvalidMemcacheRequestError(
    `a memcache value has ${data.length} bytes; maxValueBytes is ${maxValueBytes}`,
  );
}

function metaAnswer(
  part: Extract<MemcachePart, { readonly type: 'meta' }>,
  { command, reply, opaque }: MemcacheRequest,
): MemcacheReply {
  const { status, flags } = part;
  const matches =
    reply === 'meta'
      ? status !== 'MN'
      : status === (reply === 'noop' ? 'MN' : reply === 'debug' ? 'EN' : undefined);
  if (!matches) throw unexpected(part, command);
  // Misses of older versions do not repeat it.
  const repeated = flags.get('O');
  if (repeated !== undefined && repeated !== opaque) throw invalid('the opaque of another command');
  return part;
}

function unexpected(part: MemcachePart, command: string): InvalidMemcacheReplyError {
  const shown = part.type === 'status' || part.type === 'meta' ? part.status : part.type;
  return invalid(`${shown} is no answer to ${command}`);
}

function invalid(problem: string): InvalidMemcacheReplyError {
  return new InvalidMemcacheReplyError(problem);
}
