/** One connection to a memcache server: writes commands, gives each caller its answer, and measures time. */
import { withoutStack } from '../../core/errors/base.js';
import type { Deferred } from '../../defer/deferred.js';
import type { CommandErrors } from '../../exchange/command-errors.js';
import {
  type CommandOptions,
  PIPELINE_OPTIONS,
  type PipelineOptions,
  PipelineSettings,
} from '../../exchange/command-settings.js';
import { type PendingCommand, PipelinedProtocol } from '../../exchange/pipelined-protocol.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkValueLength, MemcacheConnection } from './connection.js';
import {
  MEMCACHE_ERRORS,
  MemcacheClientError,
  MemcacheServerError,
  MemcacheUnknownCommandError,
} from './errors.js';
import type { MemcacheErrorReply, MemcacheReply, MemcacheRequest } from './events.js';
import { LIMITS, type MemcacheLimits, type ResolvedLimits, resolveLimits } from './limits.js';
import { versionRequest } from './serializer.js';

export interface MemcacheProtocolOptions extends MemcacheLimits, PipelineOptions {}

/** Options of one command. */
export interface MemcacheCallOptions extends CommandOptions {}

/** @internal */
export const PROTOCOL_OPTIONS: OptionNames<MemcacheProtocolOptions> = {
  ...PIPELINE_OPTIONS,
  ...LIMITS,
};

/** @internal */
export class MemcacheSettings extends PipelineSettings<MemcacheRequest> {
  override readonly method = 'execute';
  override readonly ping: MemcacheRequest = versionRequest();
  override readonly errors: CommandErrors = MEMCACHE_ERRORS;
  readonly limits: ResolvedLimits;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: MemcacheProtocolOptions) {
    const limits = resolveLimits(options);
    super(options, limits.maxUnanswered);
    this.limits = limits;
  }

  override nameOf({ command }: MemcacheRequest): string {
    return command;
  }

  override check(request: MemcacheRequest): void {
    checkValueLength(request, this.limits.maxValueBytes);
  }
}

type Pending = PendingCommand<MemcacheReply>;

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
export class MemcacheProtocol extends PipelinedProtocol<
  MemcacheRequest,
  MemcacheReply,
  MemcacheConnection<Pending>
> {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: MemcacheProtocolOptions | MemcacheSettings) {
    const settings = options instanceof MemcacheSettings ? options : settingsOf(options);
    super(settings, new MemcacheConnection(settings.limits));
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
    return this.perform(request, options);
  }

  protected override readAnswers(connection: MemcacheConnection<Pending>): void {
    for (let answer = connection.next(); answer !== undefined; answer = connection.next()) {
      const { request, context, reply, fatal } = answer;
      const deferred = this.answered(context);
      if (reply.type === 'error') deferred?.errback(errorOf(request.command, reply));
      else deferred?.callback(reply);
      if (fatal) throw errorOf(request.command, reply as MemcacheErrorReply);
    }
  }
}

function settingsOf(options: MemcacheProtocolOptions): MemcacheSettings {
  checkOptions('MemcacheProtocol', options, PROTOCOL_OPTIONS);
  return new MemcacheSettings(options);
}

function errorOf(command: string, { kind, text }: MemcacheErrorReply): Error {
  return withoutStack(() => {
    if (kind === 'ERROR') return new MemcacheUnknownCommandError(command);
    if (kind === 'CLIENT_ERROR') return new MemcacheClientError(command, text);
    return new MemcacheServerError(command, text);
  });
}
