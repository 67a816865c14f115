/** One connection to a Redis server: writes commands, gives each caller its answer, and measures time. */
import type { Clock } from '../../core/clock.js';
import { withoutStack } from '../../core/errors/base.js';
import { Protocol } from '../../core/protocol.js';
import { callReported } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import { checkAbortSignal, checkClock, checkFunction, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { Deadline } from '../../policies/deadline.js';
import { checkTimeout, IdleTimeouts, type TimeoutEntry } from '../../policies/idle-timeouts.js';
import { RedisConnection } from './connection.js';
import {
  RedisConnectionLostError,
  RedisOverloadError,
  RedisServerError,
  RedisTimeoutError,
} from './errors.js';
import type { RedisCommand, RedisValue } from './events.js';
import { LIMITS, type RedisLimits, resolveLimits } from './limits.js';

/** Receives a message that answers no command: `kind` is its first value, such as `message` or `invalidate`. */
export type RedisPushReceiver = (kind: string, values: readonly RedisValue[]) => void;

export interface RedisProtocolOptions extends RedisLimits {
  /** Measures the time limits: usually the reactor. */
  readonly clock: Clock;
  /** Time for the answer to a command, unless the call has its own limit. Greater than 0; default 5,000. */
  readonly timeoutMs?: number;
  /**
   * The connection is aborted if commands are unanswered and no answer came for this time. Greater than 0, and greater than the time
   * that blocking commands may wait; default 60,000.
   */
  readonly stallTimeoutMs?: number;
  /** Most bytes that may be unsent when a command is added, 1 or more. Default 67,108,864. */
  readonly maxUnsentBytes?: number;
  /** Called for each push that answers no command: messages of channels above all. An error is reported. */
  readonly onPush?: RedisPushReceiver;
}

/** Options of one command. */
export interface RedisCallOptions {
  /**
   * Time for the answer; then the caller gets a RedisTimeoutError, and a later answer is skipped. Greater than 0; measured to a
   * sixteenth of the connection's `timeoutMs`, which is also the default. Blocking commands need a longer one than they wait.
   */
  readonly timeoutMs?: number;
  /** Cancels the command: a CancelledError, and the answer is skipped. The server may still execute the command. */
  readonly signal?: AbortSignal;
}

/** @internal */
export const PROTOCOL_OPTIONS: OptionNames<RedisProtocolOptions> = {
  clock: true,
  timeoutMs: true,
  stallTimeoutMs: true,
  maxUnsentBytes: true,
  onPush: true,
  ...LIMITS,
};

const MAX_TICK_MS = 1_000;
const TICKS = 16;

/** @internal Checked options, which all connections of a client share. */
export class ProtocolSettings {
  readonly limits: Required<RedisLimits>;
  readonly timeouts: IdleTimeouts;
  readonly timeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly maxUnsentBytes: number;
  readonly onPush: RedisPushReceiver | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: RedisProtocolOptions) {
    const { clock, timeoutMs = 5_000, stallTimeoutMs = 60_000, onPush } = options;
    const { maxUnsentBytes = 64 * 2 ** 20 } = options;
    checkClock('clock', clock);
    this.timeoutMs = checkTimeout('timeoutMs', timeoutMs);
    this.stallTimeoutMs = checkTimeout('stallTimeoutMs', stallTimeoutMs);
    this.maxUnsentBytes = checkInteger(
      'maxUnsentBytes',
      maxUnsentBytes,
      1,
      Number.MAX_SAFE_INTEGER,
    );
    if (onPush !== undefined) checkFunction('onPush', onPush);
    this.onPush = onPush;
    this.limits = resolveLimits(options);
    const tickMs = Math.min(MAX_TICK_MS, timeoutMs / TICKS, stallTimeoutMs / TICKS);
    this.timeouts = new IdleTimeouts(clock, { tickMs });
  }
}

/** @internal */
export const CALL: OptionNames<RedisCallOptions> = { timeoutMs: true, signal: true };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkCall(options: RedisCallOptions): void {
  checkOptions('call', options, CALL);
  const { timeoutMs, signal } = options;
  if (timeoutMs !== undefined) checkTimeout('timeoutMs', timeoutMs);
  if (signal !== undefined) checkAbortSignal('signal', signal);
}

/** A command whose answer has not come. */
class Pending implements TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  readonly deferred: Deferred<RedisValue>;
  readonly command: string;
  readonly timeoutMs: number;

  constructor(command: string, timeouts: IdleTimeouts, timeoutMs: number) {
    this.command = command;
    this.timeoutMs = timeoutMs;
    this.deferred = new Deferred<RedisValue>(() => timeouts.remove(this));
  }

  expired(): void {
    if (this.deferred.fired) return;
    const make = (): Error => new RedisTimeoutError(this.command, this.timeoutMs, true);
    this.deferred.errback(withoutStack(make));
  }
}

/**
 * A client's protocol. Any number of commands may be unanswered; those of one turn are sent together. `RedisClient` connects,
 * greets the server and reconnects; this class is for programs that do that themselves. It understands RESP2 and RESP3; only
 * after `HELLO 3` may commands and subscriptions share the connection.
 *
 * @example
 * const endpoint = clientFromString(reactor, 'tcp:127.0.0.1:6379');
 * const protocol = await endpoint.connect(() => new RedisProtocol({ clock: reactor }));
 * await protocol.call(['HELLO', 3]);
 */
export class RedisProtocol extends Protocol {
  override readonly acceptsLentBytes: boolean = true;
  readonly #settings: ProtocolSettings;
  readonly #connection: RedisConnection<Pending>;
  readonly #lost: ((reason: Error) => void) | undefined;
  #stall: Deadline | undefined;
  #fault: Error | undefined;

  /**
   * @param lost Called once, when the connection is gone and its commands have failed.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: RedisProtocolOptions | ProtocolSettings, lost?: (reason: Error) => void) {
    super();
    if (options instanceof ProtocolSettings) this.#settings = options;
    else {
      checkOptions('RedisProtocol', options, PROTOCOL_OPTIONS);
      this.#settings = new ProtocolSettings(options);
    }
    if (lost !== undefined) checkFunction('lost', lost);
    this.#lost = lost;
    this.#connection = new RedisConnection(this.#settings.limits);
  }

  /** The number of commands without an answer, cancelled ones included. */
  get unanswered(): number {
    return this.#connection.unanswered;
  }

  /** Whether commands can be sent. */
  get usable(): boolean {
    return this.transport.connected && !this.transport.disconnecting;
  }

  /**
   * Sends a command.
   *
   * @param command Bytes of 16 KiB or more are kept by reference: do not change them before the answer.
   * @returns Fails with a RedisServerError if the server answers with an error; with a RedisTimeoutError or RedisConnectionLostError,
   * whose `mayHaveRun` says whether the server may have executed the command. Cancelling skips the answer.
   * @throws InvalidRedisCommandError, RedisOverloadError, InvalidArgumentTypeError, InvalidArgumentValueError Nothing was sent.
   */
  call(command: RedisCommand, options: RedisCallOptions = {}): Deferred<RedisValue> {
    checkCall(options);
    const { timeouts, timeoutMs, maxUnsentBytes, stallTimeoutMs } = this.#settings;
    const { transport } = this;
    const name = nameOf(command);
    if (!this.usable) return fail(new RedisConnectionLostError(name, false, this.#cause()));
    if (transport.bufferedBytes > maxUnsentBytes) {
      throw new RedisOverloadError('maxUnsentBytes', maxUnsentBytes);
    }
    const pending = new Pending(name, timeouts, options.timeoutMs ?? timeoutMs);
    const parts = this.#connection.send(command, pending);
    timeouts.add(pending, pending.timeoutMs);
    if (this.unanswered === 1) this.#stall?.set(stallTimeoutMs);
    if (parts.length === 1) transport.write(parts[0] as string);
    else transport.writeSequence(parts);
    const { deferred } = pending;
    return options.signal === undefined ? deferred : deferred.cancelOn(options.signal);
  }

  override connectionMade(): void {
    const { timeouts, stallTimeoutMs } = this.#settings;
    this.#stall = new Deadline(timeouts, this.transport, () => {
      this.#fault = new RedisTimeoutError('the oldest command', stallTimeoutMs, true);
      this.transport.abortConnection();
    });
  }

  override dataReceived(data: Buffer): void {
    const connection = this.#connection;
    if (this.#fault !== undefined) return;
    try {
      connection.receive(data);
      for (let answer = connection.next(); answer !== undefined; answer = connection.next()) {
        if (answer.type === 'reply') this.#answered(answer.context, answer.value);
        else this.#pushed(answer.kind, answer.values);
      }
    } catch (error) {
      this.#fault = error as Error;
      this.transport.abortConnection();
    }
  }

  override connectionLost(reason: Error): void {
    this.#stall?.set(null);
    this.#fault ??= reason;
    const { timeouts } = this.#settings;
    const unanswered = this.#connection.takeUnanswered();
    for (const pending of unanswered) timeouts.remove(pending);
    for (const { deferred, command } of unanswered) {
      if (deferred.fired) continue;
      deferred.errback(new RedisConnectionLostError(command, true, this.#cause()));
    }
    if (this.#lost !== undefined) callReported('lost', this.#lost, this.#fault);
  }

  #answered(pending: Pending, value: RedisValue): void {
    const { timeouts, stallTimeoutMs } = this.#settings;
    timeouts.remove(pending);
    this.#stall?.set(this.unanswered === 0 ? null : stallTimeoutMs);
    const { deferred } = pending;
    if (deferred.fired) return;
    if (value instanceof RedisServerError) deferred.errback(value);
    else deferred.callback(value);
  }

  #pushed(kind: string, values: readonly RedisValue[]): void {
    const { onPush } = this.#settings;
    if (onPush !== undefined) callReported('onPush', onPush, kind, values);
  }

  #cause(): ErrorOptions | undefined {
    return this.#fault === undefined ? undefined : { cause: this.#fault };
  }
}

/** For messages. */
function nameOf(command: RedisCommand): string {
  return Array.isArray(command) ? String(command[0]) : 'a command';
}
