/** The common part of the errors of pipelined clients. Each family has classes with names and codes of its own. */
import { LocalProtocolError, RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

export type CommandLimit = 'maxUnanswered' | 'maxUnsentBytes';

/** Too many commands are unanswered, or too many bytes unsent. Nothing was sent. */
export abstract class CommandOverloadError extends LocalProtocolError {
  /** The option that was exceeded. */
  readonly option: CommandLimit;
  /** Its value. */
  readonly limit: number;

  constructor(option: CommandLimit, limit: number) {
    const what = option === 'maxUnanswered' ? 'commands are unanswered' : 'bytes are unsent';
    super(`too many ${what}: ${option} is ${limit}`);
    this.option = option;
    this.limit = limit;
  }
}

/** A command was not answered in time. */
export abstract class CommandTimeoutError extends RopewalkError {
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
export abstract class CommandLostError extends RopewalkError {
  readonly command: string;
  /** Whether the command was written to the connection: then the server may have executed it. */
  readonly mayHaveRun: boolean;

  constructor(peer: string, command: string, mayHaveRun: boolean, options?: ErrorOptions) {
    const state = mayHaveRun ? 'it may have been executed' : 'it was not sent';
    super(`the ${peer} connection ended before the answer to ${command}; ${state}`, options);
    this.command = command;
    this.mayHaveRun = mayHaveRun;
  }
}

/** The server is not connected, and the last attempt to connect failed with `cause`. Nothing was sent. */
export abstract class ServerUnavailableError extends RopewalkError {
  /** The name of the server. */
  readonly server: string;
  readonly mayHaveRun = false;

  constructor(peer: string, server: string, options: ErrorOptions = {}) {
    const why = 'cause' in options ? `: ${messageOf(options.cause)}` : '';
    super(`the ${peer} server ${server} is not connected${why}`, options);
    this.server = server;
  }
}

/** A command of a client that was not started, or was stopped. */
export abstract class ClientNotStartedError extends LocalProtocolError {
  constructor(peer: string) {
    super(`the ${peer} client is not started: call startService first`);
  }
}

/** The errors of a family. */
export interface CommandErrors {
  readonly Overload: new (option: CommandLimit, limit: number) => Error;
  readonly Timeout: new (command: string, timeoutMs: number, mayHaveRun: boolean) => Error;
  readonly Lost: new (command: string, mayHaveRun: boolean, options?: ErrorOptions) => Error;
  readonly NotStarted: new () => Error;
  unavailable(server: string, cause: unknown): Error;
}
