/** Errors of Redis clients. */
import { LocalProtocolError, RemoteProtocolError, RopewalkError } from '../../core/errors/base.js';
import {
  ClientNotStartedError,
  type CommandErrors,
  CommandLostError,
  CommandOverloadError,
  CommandTimeoutError,
  ServerUnavailableError,
} from '../../exchange/command-errors.js';

/** A command cannot be sent. Nothing was sent. */
export class InvalidRedisCommandError extends LocalProtocolError {
  override readonly name = 'InvalidRedisCommandError';
  override readonly code = 'ERR_INVALID_REDIS_COMMAND';
}

/** Too many commands are unanswered, or too many bytes unsent. Nothing was sent. */
export class RedisOverloadError extends CommandOverloadError {
  override readonly name = 'RedisOverloadError';
  override readonly code = 'ERR_REDIS_OVERLOAD';
}

/** A command of a client that was not started, or was stopped. */
export class RedisNotStartedError extends ClientNotStartedError {
  override readonly name = 'RedisNotStartedError';
  override readonly code = 'ERR_REDIS_NOT_STARTED';

  constructor() {
    super('Redis');
  }
}

/** The server sent bytes that are not RESP, exceed a limit, or answer no command. The connection was closed. */
export class InvalidRedisReplyError extends RemoteProtocolError {
  override readonly name = 'InvalidRedisReplyError';
  override readonly code = 'ERR_INVALID_REDIS_REPLY';

  constructor(problem: string) {
    super(`invalid answer of a Redis server: ${problem}`);
  }
}

/** The server answered a command with an error. The connection continues. */
export class RedisServerError extends RopewalkError {
  override readonly name = 'RedisServerError';
  override readonly code = 'ERR_REDIS_SERVER';
  /** The first word of the text, such as `ERR`, `WRONGTYPE`, `NOAUTH`, `OOM` or `MOVED`. */
  readonly kind: string;
  /** The server's text. */
  readonly text: string;

  constructor(text: string) {
    super(`the Redis server answered: ${text}`);
    this.kind = text.split(' ', 1)[0] as string;
    this.text = text;
  }
}

/** A command was not answered in time. */
export class RedisTimeoutError extends CommandTimeoutError {
  override readonly name = 'RedisTimeoutError';
  override readonly code = 'ERR_REDIS_TIMEOUT';
}

/** The connection ended before the answer. `cause` is its reason. */
export class RedisConnectionLostError extends CommandLostError {
  override readonly name = 'RedisConnectionLostError';
  override readonly code = 'ERR_REDIS_CONNECTION_LOST';

  constructor(command: string, mayHaveRun: boolean, options?: ErrorOptions) {
    super('Redis', command, mayHaveRun, options);
  }
}

/** The server is not connected, and the last attempt to connect failed with `cause`. Nothing was sent. */
export class RedisUnavailableError extends ServerUnavailableError {
  override readonly name = 'RedisUnavailableError';
  override readonly code = 'ERR_REDIS_UNAVAILABLE';

  constructor(server: string, options?: ErrorOptions) {
    super('Redis', server, options);
  }
}

/** @internal */
export const REDIS_ERRORS: CommandErrors = {
  Overload: RedisOverloadError,
  Timeout: RedisTimeoutError,
  Lost: RedisConnectionLostError,
  NotStarted: RedisNotStartedError,
  unavailable: (server, cause) => new RedisUnavailableError(server, { cause }),
};
