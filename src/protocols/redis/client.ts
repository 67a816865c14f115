/** A client of one Redis server that stays connected. */
import { backoffPolicy, type RetryPolicy } from '../../clients/backoff-policy.js';
import { ClientService } from '../../clients/client-service.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { CancelledError, TimeoutError } from '../../defer/errors.js';
import type { Failure } from '../../defer/failure.js';
import { fail, maybeDeferred, succeed } from '../../defer/succeed.js';
import {
  checkFunction,
  checkInteger,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import {
  RedisConnectionLostError,
  RedisNotStartedError,
  RedisOverloadError,
  RedisTimeoutError,
  RedisUnavailableError,
} from './errors.js';
import type { RedisCommand, RedisValue } from './events.js';
import {
  checkCall,
  PROTOCOL_OPTIONS,
  ProtocolSettings,
  type RedisCallOptions,
  RedisProtocol,
  type RedisProtocolOptions,
} from './protocol.js';

export interface RedisClientOptions extends RedisProtocolOptions {
  /** Default: the server's user `default`. */
  readonly username?: string;
  /** Sent in clear unless the endpoint uses TLS. Default: none. */
  readonly password?: string;
  /** The number of the database, 0 to 2^31 - 1. Default 0. */
  readonly database?: number;
  /** The name of the connection in `CLIENT LIST`, without spaces. Default: none. */
  readonly clientName?: string;
  /** The delays between attempts to connect. Default: {@link backoffPolicy} from 250 ms to 10 s. */
  readonly retryPolicy?: RetryPolicy;
  /** For the jitter of delays. Default `Math.random`. */
  readonly random?: () => number;
  /**
   * Called for each new connection, before it serves other calls: subscribes to channels, for example, by calls of the protocol. If
   * its Deferred or promise fails, the connection is closed, and the client connects again.
   */
  readonly onConnected?: (protocol: RedisProtocol) => unknown;
  /** Called when a connection that `onConnected` was called for has ended. */
  readonly onLost?: (reason: Error) => void;
  /** Called for each failed attempt to connect. */
  readonly onFailure?: (error: Error) => void;
}

/** @internal */
export const CLIENT_OPTIONS: OptionNames<RedisClientOptions> = {
  ...PROTOCOL_OPTIONS,
  username: true,
  password: true,
  database: true,
  clientName: true,
  retryPolicy: true,
  random: true,
  onConnected: true,
  onLost: true,
  onFailure: true,
};

/**
 * A client of one Redis server, or of one with the same protocol (Valkey, for example), version 6 or later. One connection has any
 * number of commands in progress.
 *
 * While a connection is being made, commands wait for it, within their time limits. When an attempt has failed, commands fail
 * at once until the next one succeeds. A command whose bytes were written is never repeated: errors say in `mayHaveRun`
 * whether it may have been executed.
 *
 * @example
 * const client = new RedisClient(clientFromString(reactor, 'tcp:127.0.0.1:6379'), { clock: reactor });
 * client.startService();
 * await client.call(['SET', 'greeting', 'hello', 'EX', 60]);
 * const found = await client.call(['GET', 'greeting']); // A Buffer, or null.
 * await client.stopService();
 */
export class RedisClient {
  readonly #server: string;
  readonly #options: RedisClientOptions;
  readonly #settings: ProtocolSettings;
  readonly #service: ClientService<() => RedisProtocol>;
  #protocol: RedisProtocol | undefined;
  /** The connection that `onConnected` was called for. */
  #announced: RedisProtocol | undefined;
  #failure: Error | undefined;
  #running = false;
  #starts = 0;
  #waiting = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(endpoint: StreamClientEndpoint, options: RedisClientOptions) {
    checkOptions('RedisClient', options, CLIENT_OPTIONS);
    checkClientEndpoint(endpoint);
    this.#server = String(endpoint);
    this.#options = options;
    this.#settings = new ProtocolSettings(options);
    checkCallbacks(options);
    const greeting = greetingOf(options);
    const { clock, random } = options;
    const { retryPolicy = backoffPolicy({ initialDelayMs: 250, maxDelayMs: 10_000 }) } = options;
    this.#service = new ClientService(endpoint, () => this.#build(), {
      clock,
      retryPolicy,
      ...(random !== undefined && { random }),
      prepareConnection: (protocol) => this.#prepare(protocol, greeting),
      onFailure: (error) => {
        this.#failure = error;
        options.onFailure?.(error);
      },
    });
  }

  /** True from `startService` to `stopService`. */
  get running(): boolean {
    return this.#running;
  }

  /** Whether there is a connection that serves calls. */
  get connected(): boolean {
    return this.#protocol?.usable === true;
  }

  /** Commands without an answer, those that wait for a connection included. */
  get unanswered(): number {
    return this.#waiting + (this.#protocol?.unanswered ?? 0);
  }

  /** Begins to connect. Does nothing if the client runs. */
  startService(): void {
    if (this.#running) return;
    this.#running = true;
    this.#starts += 1;
    this.#failure = undefined;
    this.#service.startService();
  }

  /**
   * Accepts no more commands, waits for the answers of those that were sent, within `timeoutMs`, and closes the connection.
   * Commands that wait for a connection fail with a RedisConnectionLostError.
   */
  stopService(): Deferred<void> {
    this.#running = false;
    const starts = this.#starts;
    return this.#answered().addCallback(() =>
      starts === this.#starts ? this.#service.stopService() : undefined,
    );
  }

  /**
   * Sends a command: {@link RedisProtocol.call}.
   * @returns Fails with the errors of {@link RedisProtocol.call}, and with a RedisUnavailableError if there is no connection and the last
   * attempt has failed.
   * @throws RedisNotStartedError, InvalidRedisCommandError, RedisOverloadError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  call(command: RedisCommand, options: RedisCallOptions = {}): Deferred<RedisValue> {
    if (!this.#running) throw new RedisNotStartedError();
    const protocol = this.#protocol;
    if (protocol?.usable === true) return protocol.call(command, options);
    checkCall(options);
    const { maxUnanswered } = this.#settings.limits;
    if (this.#failure !== undefined) {
      return fail(new RedisUnavailableError(this.#server, { cause: this.#failure }));
    }
    if (this.#waiting >= maxUnanswered) {
      throw new RedisOverloadError('maxUnanswered', maxUnanswered);
    }
    return this.#whenConnected(command, options);
  }

  #build(): RedisProtocol {
    const protocol: RedisProtocol = new RedisProtocol(this.#settings, (reason) => {
      if (this.#protocol === protocol) this.#protocol = undefined;
      if (this.#announced !== protocol) return;
      this.#announced = undefined;
      this.#options.onLost?.(reason);
    });
    return protocol;
  }

  #prepare(protocol: RedisProtocol, greeting: readonly RedisCommand[]): Deferred<unknown> {
    const { onConnected } = this.#options;
    const greeted = greeting.map((command) => protocol.call(command));
    const all = greeted.reduce((before, next) => before.addCallback(() => next));
    // Each failure is handled once: the first one fails the attempt.
    for (const other of greeted.slice(1)) other.addErrback(() => undefined);
    return all
      .addCallback(() => {
        this.#announced = protocol;
        return onConnected?.(protocol);
      })
      .addCallback(() => {
        this.#protocol = protocol;
        this.#failure = undefined;
      });
  }

  /** Fires when the commands that were sent are answered or lost; never fails. */
  #answered(): Deferred<void> {
    const protocol = this.#protocol;
    if (protocol === undefined || protocol.unanswered === 0) return succeed(undefined);
    // Answers come in order.
    return maybeDeferred(() => protocol.call(['PING'])).addBoth(() => undefined);
  }

  #whenConnected(command: RedisCommand, options: RedisCallOptions): Deferred<RedisValue> {
    const { timeoutMs = this.#settings.timeoutMs, signal } = options;
    const { clock } = this.#options;
    const began = clock.now();
    this.#waiting += 1;
    const connected = this.#service
      .whenConnected({ failAfterFailures: 1 })
      .addTimeout(timeoutMs, clock)
      .addBoth((result) => {
        this.#waiting -= 1;
        return result;
      }) as Deferred<RedisProtocol>;
    const answer = connected.addCallbacks(
      (protocol) => {
        const left = Math.max(timeoutMs - (clock.now() - began), 1);
        return protocol.call(command, { timeoutMs: left });
      },
      (failure) => this.#notConnected(command[0], timeoutMs, failure),
    ) as Deferred<RedisValue>;
    return signal === undefined ? answer : answer.cancelOn(signal);
  }

  #notConnected(command: string, timeoutMs: number, { value }: Failure): never {
    if (value instanceof TimeoutError) throw new RedisTimeoutError(command, timeoutMs, false);
    if (value instanceof CancelledError && !this.#running) {
      throw new RedisConnectionLostError(command, false, { cause: value });
    }
    if (value instanceof CancelledError) throw value;
    throw new RedisUnavailableError(this.#server, { cause: value });
  }
}

function checkCallbacks({ onConnected, onLost, onFailure }: RedisClientOptions): void {
  if (onConnected !== undefined) checkFunction('onConnected', onConnected);
  if (onLost !== undefined) checkFunction('onLost', onLost);
  if (onFailure !== undefined) checkFunction('onFailure', onFailure);
}

/** The first commands of each connection: RESP3, who we are, and the database. */
function greetingOf(options: RedisClientOptions): readonly [RedisCommand, ...RedisCommand[]] {
  const { username, password, database = 0, clientName } = options;
  const hello: [string, ...(string | number)[]] = ['HELLO', 3];
  if (username !== undefined || password !== undefined) {
    hello.push('AUTH', username === undefined ? 'default' : checkString('username', username));
    hello.push(checkSecretString('password', password));
  }
  if (clientName !== undefined) hello.push('SETNAME', checkString('clientName', clientName));
  checkInteger('database', database, 0, 2 ** 31 - 1);
  return database === 0 ? [hello] : [hello, ['SELECT', database]];
}
