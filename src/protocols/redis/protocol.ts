/** One connection to a Redis server: writes commands, gives each caller its answer, and measures time. */
import { callReported } from '../../defer/callback-result.js';
import type { Deferred } from '../../defer/deferred.js';
import type { CommandErrors } from '../../exchange/command-errors.js';
import {
  type CommandOptions,
  PIPELINE_OPTIONS,
  type PipelineOptions,
  PipelineSettings,
} from '../../exchange/command-settings.js';
import { type PendingCommand, PipelinedProtocol } from '../../exchange/pipelined-protocol.js';
import { checkFunction } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkCommand, RedisConnection } from './connection.js';
import { REDIS_ERRORS, RedisServerError } from './errors.js';
import type { RedisCommand, RedisValue } from './events.js';
import { LIMITS, type RedisLimits, type ResolvedLimits, resolveLimits } from './limits.js';

/** Receives a message that answers no command: `kind` is its first value, such as `message` or `invalidate`. */
export type RedisPushReceiver = (kind: string, values: readonly RedisValue[]) => void;

export interface RedisProtocolOptions extends RedisLimits, PipelineOptions {
  /** Called for each push that answers no command: messages of channels above all. An error is reported. */
  readonly onPush?: RedisPushReceiver;
}

/** Options of one command. */
export interface RedisCallOptions extends CommandOptions {}

/** @internal */
export const PROTOCOL_OPTIONS: OptionNames<RedisProtocolOptions> = {
  ...PIPELINE_OPTIONS,
  ...LIMITS,
  onPush: true,
};

/** @internal */
export class RedisSettings extends PipelineSettings<RedisCommand> {
  override readonly method = 'call';
  override readonly ping: RedisCommand = ['PING'];
  override readonly errors: CommandErrors = REDIS_ERRORS;
  readonly limits: ResolvedLimits;
  readonly onPush: RedisPushReceiver | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: RedisProtocolOptions) {
    const limits = resolveLimits(options);
    super(options, limits.maxUnanswered);
    const { onPush } = options;
    if (onPush !== undefined) checkFunction('onPush', onPush);
    this.limits = limits;
    this.onPush = onPush;
  }

  override nameOf(command: RedisCommand): string {
    return Array.isArray(command) ? String(command[0]) : 'a command';
  }

  override check(command: RedisCommand): void {
    checkCommand(command);
  }
}

type Pending = PendingCommand<RedisValue>;

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
export class RedisProtocol extends PipelinedProtocol<
  RedisCommand,
  RedisValue,
  RedisConnection<Pending>
> {
  readonly #onPush: RedisPushReceiver | undefined;
  readonly #lost: ((reason: Error) => void) | undefined;

  /**
   * @param lost Called once, when the connection is gone and its commands have failed.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: RedisProtocolOptions | RedisSettings, lost?: (reason: Error) => void) {
    const settings = options instanceof RedisSettings ? options : settingsOf(options);
    super(settings, new RedisConnection(settings.limits));
    if (lost !== undefined) checkFunction('lost', lost);
    this.#onPush = settings.onPush;
    this.#lost = lost;
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
    return this.perform(command, options);
  }

  protected override readAnswers(connection: RedisConnection<Pending>): void {
    for (let answer = connection.next(); answer !== undefined; answer = connection.next()) {
      if (answer.type === 'reply') {
        const { value } = answer;
        const deferred = this.answered(answer.context);
        if (value instanceof RedisServerError) deferred?.errback(value);
        else deferred?.callback(value);
      } else if (this.#onPush !== undefined) {
        callReported('onPush', this.#onPush, answer.kind, answer.values);
      }
    }
  }

  protected override ended(reason: Error): void {
    if (this.#lost !== undefined) callReported('lost', this.#lost, reason);
  }
}

function settingsOf(options: RedisProtocolOptions): RedisSettings {
  checkOptions('RedisProtocol', options, PROTOCOL_OPTIONS);
  return new RedisSettings(options);
}
