/** One connection to a memcache server: writes commands, gives each caller its answer, and measures time. */
import type { Clock } from '../../core/clock.js';
import { withoutStack } from '../../core/errors/base.js';
import { Protocol } from '../../core/protocol.js';
import { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import { checkAbortSignal, checkClock, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { Deadline } from '../../policies/deadline.js';
import { checkTimeout, IdleTimeouts, type TimeoutEntry } from '../../policies/idle-timeouts.js';
import { checkValueLength, MemcacheConnection } from './connection.js';
import {
  MemcacheClientError,
  MemcacheConnectionLostError,
  MemcacheOverloadError,
  MemcacheServerError,
  MemcacheTimeoutError,
  MemcacheUnknownCommandError,
} from './errors.js';
import type { MemcacheErrorReply, MemcacheReply, MemcacheRequest } from './events.js';
import { LIMITS, type MemcacheLimits, resolveLimits } from './limits.js';

export interface MemcacheProtocolOptions extends MemcacheLimits {
  /** Measures the time limits: usually the reactor. */
  readonly clock: Clock;
  /** Time for the answer to a command, unless the call has its own limit. Greater than 0; default 5,000. */
  readonly timeoutMs?: number;
  /**
   * The connection is aborted if commands are unanswered and no answer came for this time, like that of Twisted's
   * `persistentTimeOut`. Greater than 0; default 60,000.
   */
  readonly stallTimeoutMs?: number;
  /** Most bytes that may be unsent when a command is added, 1 or more. Default 67,108,864. */
  readonly maxUnsentBytes?: number;
}

/** Options of one command. */
export interface MemcacheCallOptions {
  /**
   * Time for the answer; then the caller gets a MemcacheTimeoutError, and a later answer is skipped. Greater than 0; measured to a
   * sixteenth of the connection's `timeoutMs`, which is also the default.
   */
  readonly timeoutMs?: number;
  /** Cancels the command: a CancelledError, and the answer is skipped. The server may still execute the command. */
  readonly signal?: AbortSignal;
}

/** @internal */
export const PROTOCOL_OPTIONS: OptionNames<MemcacheProtocolOptions> = {
  clock: true,
  timeoutMs: true,
  stallTimeoutMs: true,
  maxUnsentBytes: true,
  ...LIMITS,
};

const MAX_TICK_MS = 1_000;
const TICKS = 16;

/** @internal Checked options, which all connections of a client share. */
export class ProtocolSettings {
  readonly limits: Required<MemcacheLimits>;
  readonly timeouts: IdleTimeouts;
  readonly timeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly maxUnsentBytes: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: MemcacheProtocolOptions) {
    const { clock, timeoutMs = 5_000, stallTimeoutMs = 60_000 } = options;
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
    this.limits = resolveLimits(options);
    const tickMs = Math.min(MAX_TICK_MS, timeoutMs / TICKS, stallTimeoutMs / TICKS);
    this.timeouts = new IdleTimeouts(clock, { tickMs });
  }
}

/** @internal */
export const CALL: OptionNames<MemcacheCallOptions> = { timeoutMs: true, signal: true };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkCall(options: MemcacheCallOptions): void {
  checkOptions('execute', options, CALL);
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
  readonly deferred: Deferred<MemcacheReply>;
  readonly command: string;
  readonly timeoutMs: number;

  constructor(command: string, timeouts: IdleTimeouts, timeoutMs: number) {
    this.command = command;
    this.timeoutMs = timeoutMs;
    this.deferred = new Deferred<MemcacheReply>(() => timeouts.remove(this));
  }

  expired(): void {
    if (this.deferred.fired) return;
    const make = (): Error => new MemcacheTimeoutError(this.command, this.timeoutMs, true);
    this.deferred.errback(withoutStack(make));
  }
}

/**
 * A client's protocol. Any number of commands may be unanswered; those of one turn are sent together. `MemcacheClient` connects,
 * reconnects and chooses among servers; this class is for programs that do that themselves.
 *
 * @example
 * const endpoint = clientFromString(reactor, 'tcp:127.0.0.1:11211');
 * const protocol = await endpoint.connect(() => new MemcacheProtocol({ clock: reactor }));
 * const commands = memcacheCommands(protocol);
 * await commands.set('greeting', 'hello');
 */
export class MemcacheProtocol extends Protocol {
  override readonly acceptsLentBytes: boolean = true;
  readonly #settings: ProtocolSettings;
  readonly #connection: MemcacheConnection<Pending>;
  #stall: Deadline | undefined;
  #fault: Error | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: MemcacheProtocolOptions | ProtocolSettings) {
    super();
    if (options instanceof ProtocolSettings) this.#settings = options;
    else {
      checkOptions('MemcacheProtocol', options, PROTOCOL_OPTIONS);
      this.#settings = new ProtocolSettings(options);
    }
    this.#connection = new MemcacheConnection(this.#settings.limits);
  }

  /** The number of commands without an answer, cancelled ones included. */
  get unanswered(): number {
    return this.#connection.unanswered;
  }

  /**
   * Sends a command.
   *
   * @param request Values of 16 KiB or more are kept by reference: do not change them before the answer.
   * @returns Fails with a MemcacheUnknownCommandError, MemcacheClientError or MemcacheServerError for the answers `ERROR`,
   * `CLIENT_ERROR` and `SERVER_ERROR`; with a MemcacheTimeoutError or MemcacheConnectionLostError, whose `mayHaveRun` says whether
   * the server may have executed the command. Cancelling skips the answer.
   * @throws InvalidMemcacheRequestError, MemcacheOverloadError, InvalidArgumentTypeError, InvalidArgumentValueError Nothing was sent.
   */
  execute(request: MemcacheRequest, options: MemcacheCallOptions = {}): Deferred<MemcacheReply> {
    checkCall(options);
    const { timeouts, timeoutMs, limits, maxUnsentBytes, stallTimeoutMs } = this.#settings;
    const { transport } = this;
    checkValueLength(request, limits.maxValueBytes);
    if (!transport.connected || transport.disconnecting) {
      return fail(new MemcacheConnectionLostError(request.command, false, this.#cause()));
    }
    if (transport.bufferedBytes > maxUnsentBytes) {
      throw new MemcacheOverloadError('maxUnsentBytes', maxUnsentBytes);
    }
    const pending = new Pending(request.command, timeouts, options.timeoutMs ?? timeoutMs);
    const parts = this.#connection.send(request, pending);
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
      this.#fault = new MemcacheTimeoutError('the oldest command', stallTimeoutMs, true);
      this.transport.abortConnection();
    });
  }

  override dataReceived(data: Buffer): void {
    const connection = this.#connection;
    if (this.#fault !== undefined) return;
    try {
      connection.receive(data);
      for (let answer = connection.next(); answer !== undefined; answer = connection.next()) {
        const { request, context, reply, fatal } = answer;
        this.#answered(context, reply);
        if (fatal) throw errorOf(request.command, reply as MemcacheErrorReply);
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
      deferred.errback(new MemcacheConnectionLostError(command, true, this.#cause()));
    }
  }

  #answered(pending: Pending, reply: MemcacheReply): void {
    const { timeouts, stallTimeoutMs } = this.#settings;
    timeouts.remove(pending);
    this.#stall?.set(this.unanswered === 0 ? null : stallTimeoutMs);
    const { deferred, command } = pending;
    if (deferred.fired) return;
    if (reply.type === 'error') deferred.errback(errorOf(command, reply));
    else deferred.callback(reply);
  }

  #cause(): ErrorOptions | undefined {
    return this.#fault === undefined ? undefined : { cause: this.#fault };
  }
}

function errorOf(command: string, { kind, text }: MemcacheErrorReply): Error {
  return withoutStack(() => {
    if (kind === 'ERROR') return new MemcacheUnknownCommandError(command);
    if (kind === 'CLIENT_ERROR') return new MemcacheClientError(command, text);
    return new MemcacheServerError(command, text);
  });
}
