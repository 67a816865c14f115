/** A client of one Redis server that stays connected. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { CommandLink, LINK_OPTIONS, type LinkOptions } from '../../exchange/command-link.js';
import {
  checkFunction,
  checkInteger,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { RedisCommand, RedisValue } from './events.js';
import {
  PROTOCOL_OPTIONS,
  type RedisCallOptions,
  RedisProtocol,
  type RedisProtocolOptions,
  RedisSettings,
} from './protocol.js';

export interface RedisClientOptions extends RedisProtocolOptions, LinkOptions {
  /** Default: the server's user `default`. */
  readonly username?: string;
  /** Sent in clear unless the endpoint uses TLS. Default: none. */
  readonly password?: string;
  /** The number of the database, 0 to 2^31 - 1. Default 0. */
  readonly database?: number;
  /** The name of the connection in `CLIENT LIST`, without spaces. Default: none. */
  readonly clientName?: string;
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
  ...LINK_OPTIONS,
  username: true,
  password: true,
  database: true,
  clientName: true,
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
  readonly #link: CommandLink<RedisCommand, RedisValue, RedisProtocol>;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(endpoint: StreamClientEndpoint, options: RedisClientOptions) {
    checkOptions('RedisClient', options, CLIENT_OPTIONS);
    checkClientEndpoint(endpoint);
    const settings = new RedisSettings(options);
    checkCallbacks(options);
    const greeting = greetingOf(options);
    const { onConnected, onLost, onFailure } = options;
    /** The connection that `onConnected` was called for. */
    let announced: RedisProtocol | undefined;
    this.#link = new CommandLink(endpoint, String(endpoint), settings, options, {
      makeProtocol: () => {
        const protocol: RedisProtocol = new RedisProtocol(settings, (reason) => {
          if (announced !== protocol) return;
          announced = undefined;
          onLost?.(reason);
        });
        return protocol;
      },
      prepare: (protocol) =>
        greet(protocol, greeting).addCallback(() => {
          announced = protocol;
          return onConnected?.(protocol);
        }),
      failed: (error) => onFailure?.(error),
    });
  }

  /** True from `startService` to `stopService`. */
  get running(): boolean {
    return this.#link.running;
  }

  /** Whether there is a connection that serves calls. */
  get connected(): boolean {
    return this.#link.connected;
  }

  /** Commands without an answer, those that wait for a connection included. */
  get unanswered(): number {
    return this.#link.unanswered;
  }

  /** Begins to connect. Does nothing if the client runs. */
  startService(): void {
    this.#link.start();
  }

  /**
   * Accepts no more commands, waits for the answers of those that were sent, within `timeoutMs`, and closes the connection.
   * Commands that wait for a connection fail with a RedisConnectionLostError.
   */
  stopService(): Deferred<void> {
    return this.#link.stop();
  }

  /**
   * Sends a command: {@link RedisProtocol.call}.
   * @returns Fails with the errors of {@link RedisProtocol.call}, and with a RedisUnavailableError if there is no connection and the last
   * attempt has failed.
   * @throws RedisNotStartedError, InvalidRedisCommandError, RedisOverloadError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  call(command: RedisCommand, options: RedisCallOptions = {}): Deferred<RedisValue> {
    this.#link.expectRunning();
    return this.#link.perform(command, options);
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

/** Sends the greeting at once. @returns Fails with the first error. */
function greet(protocol: RedisProtocol, greeting: readonly RedisCommand[]): Deferred<RedisValue> {
  const greeted = greeting.map((command) => protocol.call(command));
  const all = greeted.reduce((before, next) => before.addCallback(() => next));
  // Each failure is handled once: the first one fails the attempt.
  for (const other of greeted.slice(1)) other.addErrback(() => undefined);
  return all;
}
