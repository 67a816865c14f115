/** Errors of memcache clients. */
import { LocalProtocolError, RemoteProtocolError, RopewalkError } from '../../core/errors/base.js';
import { messageOf } from '../../core/text-of.js';

/** A key, value, flag or token cannot be sent. Nothing was sent. */
export class InvalidMemcacheRequestError extends LocalProtocolError {
  override readonly name = 'InvalidMemcacheRequestError';
  override readonly code = 'ERR_INVALID_MEMCACHE_REQUEST';
}

/** Too many commands are unanswered, or too many bytes unsent. Nothing was sent. */
export class MemcacheOverloadError extends LocalProtocolError {
  override readonly name = 'MemcacheOverloadError';
  override readonly code = 'ERR_MEMCACHE_OVERLOAD';
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
export class MemcacheNotStartedError extends LocalProtocolError {
  override readonly name = 'MemcacheNotStartedError';
  override readonly code = 'ERR_MEMCACHE_NOT_STARTED';

  constructor() {
    super('the memcache client is not started: call startService first');
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
export class MemcacheTimeoutError extends RopewalkError {
  override readonly name = 'MemcacheTimeoutError';
  override readonly code = 'ERR_MEMCACHE_TIMEOUT';
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
export class MemcacheConnectionLostError extends RopewalkError {
  override readonly name = 'MemcacheConnectionLostError';
  override readonly code = 'ERR_MEMCACHE_CONNECTION_LOST';
  readonly command: string;
  /** Whether the command was written to the connection: then the server may have executed it. */
  readonly mayHaveRun: boolean;

  constructor(command: string, mayHaveRun: boolean, options?: ErrorOptions) {
    const state = mayHaveRun ? 'it may have been executed' : 'it was not sent';
    super(`the memcache connection ended before the answer to ${command}; ${state}`, options);
    this.command = command;
    this.mayHaveRun = mayHaveRun;
  }
}

/** The server of a key is not connected: the last attempt to connect failed with `cause`. Nothing was sent. */
export class MemcacheUnavailableError extends RopewalkError {
  override readonly name = 'MemcacheUnavailableError';
  override readonly code = 'ERR_MEMCACHE_UNAVAILABLE';
  /** The name of the server. */
  readonly server: string;
  readonly mayHaveRun = false;

  constructor(server: string, cause: unknown) {
    super(`the memcache server ${server} is not connected: ${messageOf(cause)}`, { cause });
    this.server = server;
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
