/** Errors of Redis clients. */
import { LocalProtocolError, RemoteProtocolError, RopewalkError } from '../../core/errors/base.js';

/** A command cannot be sent. Nothing was sent. */
export class InvalidRedisCommandError extends LocalProtocolError {
  override readonly name = 'InvalidRedisCommandError';
  override readonly code = 'ERR_INVALID_REDIS_COMMAND';
}

/** Too many commands are unanswered, or too many bytes unsent. Nothing was sent. */
export class RedisOverloadError extends LocalProtocolError {
  override readonly name = 'RedisOverloadError';
  override readonly code = 'ERR_REDIS_OVERLOAD';
  /** The option that was exceeded. */
  readonly option: 'maxUnanswered' | 'maxUnsentBytes';
  readonly limit: number;

  constructor(option: 'maxUnanswered' | 'maxUnsentBytes', limit: number) {
    const what = option === 'maxUnanswered' ? 'commands are unanswered' : 'bytes are unsent';
    super(`too many ${what}: ${option} is ${limit}`);
    this.option = option;
    this.limit = limit;
  }
}

/** A command of a client that was not started, or was stopped. */
export class RedisNotStartedError extends LocalProtocolError {
  override readonly name = 'RedisNotStartedError';
  override readonly code = 'ERR_REDIS_NOT_STARTED';

  constructor() {
    super('the Redis client is not started: call startService first');
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
export class RedisTimeoutError extends RopewalkError {
  override readonly name = 'RedisTimeoutError';
  override readonly code = 'ERR_REDIS_TIMEOUT';
  readonly command: string;
  readonly timeoutMs: number;
  /** Whether the command was sent: then the server may still execute it. */
  readonly mayHaveRun: boolean;

  constructor(command: string, timeoutMs: number, mayHaveRun: boolean) {
    const state = mayHaveRun ? 'it may still be executed' : 'it was not sent';
    super(`no answer to ${command} in ${timeoutMs} ms; ${state}`);
    this.command = command;
    this.timeoutMs = timeoutMs;
    this.mayHaveRun = mayHaveRun;
  }
}

/** The connection ended before the answer. `cause` is its reason. */
export class RedisConnectionLostError extends RopewalkError {
  override readonly name = 'RedisConnectionLostError';
  override readonly code = 'ERR_REDIS_CONNECTION_LOST';
  readonly command: string;
  /** Whether the command was written to the connection: then the server may have executed it. */
  readonly mayHaveRun: boolean;

  constructor(command: string, mayHaveRun: boolean, options?: ErrorOptions) {
    const state = mayHaveRun ? 'it may have been executed' : 'it was not sent';
    super(`the Redis connection ended before the answer to ${command}; ${state}`, options);
    this.command = command;
    this.mayHaveRun = mayHaveRun;
  }
}

/** The server is not connected, and the last attempt to connect failed with `cause`. Nothing was sent. */
export class RedisUnavailableError extends RopewalkError {
  override readonly name = 'RedisUnavailableError';
  override readonly code = 'ERR_REDIS_UNAVAILABLE';
  readonly mayHaveRun = false;

  constructor(server: string, options?: ErrorOptions) {
    super(`the Redis server ${server} is not connected`, options);
  }
}
