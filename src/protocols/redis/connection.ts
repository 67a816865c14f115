/**
 * The client's side of a Redis connection, sans-I/O: commands in, bytes out; bytes in, answers and pushes out. Answers come in the order
 * of the commands. In RESP3 the answers to SUBSCRIBE and its relatives are pushes, one for each channel, which take their turn in the
 * same order: such a command has exactly one channel here, so that it has exactly one answer.
 */
import { Fifo } from '../../internal/fifo.js';
import { checkOptions } from '../../internal/options.js';
import { InvalidRedisCommandError, InvalidRedisReplyError, RedisOverloadError } from './errors.js';
import type { RedisCommand, RedisValue } from './events.js';
import { LIMITS, type RedisLimits, type ResolvedLimits, resolveLimits } from './limits.js';
import { RedisParser } from './parser.js';
import { serializeCommand } from './serializer.js';

/** An answer with its command, or a push that answers none. */
export type RedisAnswer<T> =
  | { readonly type: 'reply'; readonly context: T; readonly value: RedisValue }
  | { readonly type: 'push'; readonly kind: string; readonly values: readonly RedisValue[] };

/** Commands that are answered by a push of their own name. */
const SUBSCRIBING: ReadonlySet<string> = new Set([
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'ssubscribe',
  'sunsubscribe',
]);

/** Commands after which answers no longer belong to commands. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['monitor', 'sync', 'psync', 'reset', 'quit']);

interface Sent<T> {
  readonly context: T;
  /** The kind of the push that answers it. */
  readonly push: string | undefined;
}

/** A client's side of one connection. T: a value that belongs to each command, and is returned with its answer. */
export class RedisConnection<T = undefined> {
  readonly #parser: RedisParser;
  readonly #limits: ResolvedLimits;
  /** Unanswered commands. */
  readonly #sent = new Fifo<Sent<T>>();

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(limits: RedisLimits = {}) {
    checkOptions('RedisConnection', limits, LIMITS);
    this.#limits = resolveLimits(limits);
    this.#parser = new RedisParser(limits);
  }

  /** The number of commands without a whole answer. */
  get unanswered(): number {
    return this.#sent.length;
  }

  /**
   * Adds a command.
   * @returns The bytes to send.
   * @throws InvalidRedisCommandError, RedisOverloadError, InvalidArgumentTypeError
   */
  send(command: RedisCommand, context: T): readonly (string | Uint8Array)[] {
    const { maxUnanswered } = this.#limits;
    const parts = serializeCommand(command);
    const push = pushOf(command);
    if (this.unanswered >= maxUnanswered) {
      throw new RedisOverloadError('maxUnanswered', maxUnanswered);
    }
    this.#sent.push({ context, push });
    return parts;
  }

  /** Takes a chunk, which may be lent: call {@link next} until it returns undefined before the chunk is overwritten. */
  receive(chunk: Buffer): void {
    this.#parser.receive(chunk);
  }

  /**
   * The next answer or push. Undefined if bytes are missing.
   * @throws InvalidRedisReplyError Close the connection.
   */
  next(): RedisAnswer<T> | undefined {
    const event = this.#parser.next();
    if (event === undefined) return undefined;
    const sent = this.#sent.first;
    if (event.type === 'push') {
      const { values } = event;
      const kind = String(values[0]);
      if (sent === undefined || sent.push !== kind) return { type: 'push', kind, values };
      this.#sent.shift();
      return { type: 'reply', context: sent.context, value: values };
    }
    if (sent === undefined) throw new InvalidRedisReplyError('it answers no command');
    this.#sent.shift();
    return { type: 'reply', context: sent.context, value: event.value };
  }

  /** Removes the unanswered commands, when the connection is gone. @returns Their values of T, the oldest first. */
  takeUnanswered(): T[] {
    return this.#sent.takeAll().map(({ context }) => context);
  }
}

/**
 * Checks a command that is sent later.
 * @throws InvalidRedisCommandError, InvalidArgumentTypeError
 */
export function checkCommand(command: RedisCommand): void {
  serializeCommand(command);
  pushOf(command);
}

/** @throws InvalidRedisCommandError */
function pushOf(command: RedisCommand): string | undefined {
  const name = command[0].toLowerCase();
  if (SUBSCRIBING.has(name)) {
    if (command.length === 2) return name;
    throw new InvalidRedisCommandError(`${command[0]} needs exactly one channel in each command`);
  }
  const second = String(command[1] ?? '').toLowerCase();
  const isHello = name === 'hello' && second !== '3';
  const isReplyMode = name === 'client' && second === 'reply';
  if (!UNSUPPORTED.has(name) && !isHello && !isReplyMode) return undefined;
  throw new InvalidRedisCommandError(`${command[0]} would change the form of the answers`);
}
