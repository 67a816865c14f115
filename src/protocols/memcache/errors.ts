/** Errors of memcache clients. */
import { LocalProtocolError, RemoteProtocolError, RopewalkError } from '../../core/errors/base.js';
import {
  ClientNotStartedError,
  type CommandErrors,
  CommandLostError,
  CommandOverloadError,
  CommandTimeoutError,
  ServerUnavailableError,
} from '../../exchange/command-errors.js';

/** A key, value, flag or token cannot be sent. Nothing was sent. */
export class InvalidMemcacheRequestError extends LocalProtocolError {
  override readonly name = 'InvalidMemcacheRequestError';
  override readonly code = 'ERR_INVALID_MEMCACHE_REQUEST';
}

/** Too many commands are unanswered, or too many bytes unsent. Nothing was sent. */
export class MemcacheOverloadError extends CommandOverloadError {
  override readonly name = 'MemcacheOverloadError';
  override readonly code = 'ERR_MEMCACHE_OVERLOAD';
}

/** A command of a client that was not started, or was stopped. */
export class MemcacheNotStartedError extends ClientNotStartedError {
  override readonly name = 'MemcacheNotStartedError';
  override readonly code = 'ERR_MEMCACHE_NOT_STARTED';

  constructor() {
    super('memcache');
  }
}

/** The server sent bytes that are not an answer to the oldest unanswered command. The connection was closed. */
export class InvalidMemcacheReplyError extends RemoteProtocolError {
  override readonly name = 'InvalidMemcacheReplyError';
  override readonly code = 'ERR_INVALID_MEMCACHE_REPLY';

  constructor(problem: string) {
    super(`invalid answer of a memcache server: ${problem}`);
  }
}

/** The server answered `ERROR`: it does not have this command. */
export class MemcacheUnknownCommandError extends RopewalkError {
  override readonly name = 'MemcacheUnknownCommandError';
  override readonly code = 'ERR_MEMCACHE_UNKNOWN_COMMAND';
  /** The name of the command, such as `mg`. */
  readonly command: string;

  constructor(command: string) {
    super(`the memcache server does not have the command ${command}`);
    this.command = command;
  }
}

/** The server answered `CLIENT_ERROR`: it rejects the command. */
export class MemcacheClientError extends RopewalkError {
  override readonly name = 'MemcacheClientError';
  override readonly code = 'ERR_MEMCACHE_CLIENT';
  readonly command: string;
  /** The server's text. */
  readonly text: string;

  constructor(command: string, text: string) {
    super(`the memcache server rejected ${command}: ${text}`);
    this.command = command;
    this.text = text;
  }
}

/** The server answered `SERVER_ERROR`: it could not execute the command. */
export class MemcacheServerError extends RopewalkError {
  override readonly name = 'MemcacheServerError';
  override readonly code = 'ERR_MEMCACHE_SERVER';
  readonly command: string;
  /** The server's text. */
  readonly text: string;

  constructor(command: string, text: string) {
    super(`the memcache server failed to execute ${command}: ${text}`);
    this.command = command;
    this.text = text;
  }
}

/** A command was not answered in time. */
export class MemcacheTimeoutError extends CommandTimeoutError {
  override readonly name = 'MemcacheTimeoutError';
  override readonly code = 'ERR_MEMCACHE_TIMEOUT';
}

/** The connection ended before the answer. `cause` is its reason. */
export class MemcacheConnectionLostError extends CommandLostError {
  override readonly name = 'MemcacheConnectionLostError';
  override readonly code = 'ERR_MEMCACHE_CONNECTION_LOST';

  constructor(command: string, mayHaveRun: boolean, options?: ErrorOptions) {
    super('memcache', command, mayHaveRun, options);
  }
}

/** The server of a key is not connected: the last attempt to connect failed with `cause`. Nothing was sent. */
export class MemcacheUnavailableError extends ServerUnavailableError {
  override readonly name = 'MemcacheUnavailableError';
  override readonly code = 'ERR_MEMCACHE_UNAVAILABLE';

  constructor(server: string, cause: unknown) {
    super('memcache', server, { cause });
  }
}

/** A stored value does not have the format that was expected. */
export class MemcacheValueError extends RopewalkError {
  override readonly name = 'MemcacheValueError';
  override readonly code = 'ERR_MEMCACHE_VALUE';
  /** The flags of the value. */
  readonly flags: number;

  constructor(problem: string, flags: number, options?: ErrorOptions) {
    super(`a memcache value ${problem}`, options);
    this.flags = flags;
  }
}

/** @internal */
export const MEMCACHE_ERRORS: CommandErrors = {
  Overload: MemcacheOverloadError,
  Timeout: MemcacheTimeoutError,
  Lost: MemcacheConnectionLostError,
  NotStarted: MemcacheNotStartedError,
  unavailable: (server, cause) => new MemcacheUnavailableError(server, cause),
};
