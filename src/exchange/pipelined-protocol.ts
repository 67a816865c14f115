/**
 * The client's side of one connection on which answers come in the order of the commands: writes commands, gives each caller its
 * answer, and measures time. The family reads the bytes.
 */
import { withoutStack } from '../core/errors/base.js';
import { Protocol } from '../core/protocol.js';
import { Deferred } from '../defer/deferred.js';
import { fail } from '../defer/succeed.js';
import { Deadline } from '../policies/deadline.js';
import type { TimeoutEntry } from '../policies/idle-timeouts.js';
import {
  type CommandOptions,
  checkCommandOptions,
  type PipelineSettings,
} from './command-settings.js';

/** The sans-I/O state of a family. */
export interface PipelinedConnection<Command, T> {
  readonly unanswered: number;
  send(command: Command, context: T): readonly (string | Uint8Array)[];
  receive(chunk: Buffer): void;
  takeUnanswered(): T[];
}

/** A command whose answer has not come. One exists for each command, so its private field is TypeScript's. */
export class PendingCommand<Reply> implements TimeoutEntry {
  previous: TimeoutEntry = this;
  next: TimeoutEntry = this;
  stamp = 0;
  ticks = 0;
  readonly deferred: Deferred<Reply>;
  readonly command: string;
  readonly timeoutMs: number;
  private readonly settings: PipelineSettings<unknown>;

  constructor(command: string, timeoutMs: number, settings: PipelineSettings<unknown>) {
    this.command = command;
    this.timeoutMs = timeoutMs;
    this.settings = settings;
    this.deferred = new Deferred<Reply>(() => settings.timeouts.remove(this));
  }

  expired(): void {
    if (this.deferred.fired) return;
    const { Timeout } = this.settings.errors;
    this.deferred.errback(withoutStack(() => new Timeout(this.command, this.timeoutMs, true)));
  }
}

export abstract class PipelinedProtocol<
  Command,
  Reply,
  Connection extends PipelinedConnection<Command, PendingCommand<Reply>>,
> extends Protocol {
  override readonly acceptsLentBytes: boolean = true;
  readonly #settings: PipelineSettings<Command>;
  readonly #connection: Connection;
  #stall: Deadline | undefined;
  #fault: Error | undefined;

  constructor(settings: PipelineSettings<Command>, connection: Connection) {
    super();
    this.#settings = settings;
    this.#connection = connection;
  }

  /** The number of commands without an answer, cancelled ones included. */
  get unanswered(): number {
    return this.#connection.unanswered;
  }

  /** Whether commands can be sent. */
  get usable(): boolean {
    return this.transport.connected && !this.transport.disconnecting;
  }

  /** @internal Sends a command. */
  perform(command: Command, options: CommandOptions): Deferred<Reply> {
    const settings = this.#settings;
    const { transport } = this;
    const { errors, maxUnsentBytes } = settings;
    checkCommandOptions(settings.method, options);
    const name = settings.nameOf(command);
    if (!this.usable) {
      settings.check(command);
      return fail(new errors.Lost(name, false, this.#cause()));
    }
    if (transport.bufferedBytes > maxUnsentBytes) {
      throw new errors.Overload('maxUnsentBytes', maxUnsentBytes);
    }
    const timeoutMs = options.timeoutMs ?? settings.timeoutMs;
    const pending = new PendingCommand<Reply>(name, timeoutMs, settings);
    const parts = this.#connection.send(command, pending);
    settings.timeouts.add(pending, timeoutMs);
    if (this.unanswered === 1) this.#stall?.set(settings.stallTimeoutMs);
    if (parts.length === 1) transport.write(parts[0] as string);
    else transport.writeSequence(parts);
    const { deferred } = pending;
    return options.signal === undefined ? deferred : deferred.cancelOn(options.signal);
  }

  override connectionMade(): void {
    const { timeouts, stallTimeoutMs, errors } = this.#settings;
    this.#stall = new Deadline(timeouts, this.transport, () => {
      this.#fault = new errors.Timeout('the oldest command', stallTimeoutMs, true);
      this.transport.abortConnection();
    });
  }

  override dataReceived(data: Buffer): void {
    if (this.#fault !== undefined) return;
    try {
      this.#connection.receive(data);
      this.readAnswers(this.#connection);
    } catch (error) {
      this.#fault = error as Error;
      this.transport.abortConnection();
    }
  }

  override connectionLost(reason: Error): void {
    this.#stall?.set(null);
    this.#fault ??= reason;
    const { timeouts, errors } = this.#settings;
    const unanswered = this.#connection.takeUnanswered();
    for (const pending of unanswered) timeouts.remove(pending);
    for (const { deferred, command } of unanswered) {
      if (deferred.fired) continue;
      deferred.errback(new errors.Lost(command, true, this.#cause()));
    }
    this.ended(this.#fault);
  }

  /** @internal Reads answers until bytes are missing. @throws Any error ends the connection. */
  protected abstract readAnswers(connection: Connection): void;

  /** @internal The connection is gone, and its commands have failed. */
  protected ended(_reason: Error): void {}

  /** @internal A command was answered. @returns Its Deferred, unless the caller no longer waits. */
  protected answered(pending: PendingCommand<Reply>): Deferred<Reply> | undefined {
    const { timeouts, stallTimeoutMs } = this.#settings;
    timeouts.remove(pending);
    this.#stall?.set(this.unanswered === 0 ? null : stallTimeoutMs);
    return pending.deferred.fired ? undefined : pending.deferred;
  }

  #cause(): ErrorOptions | undefined {
    return this.#fault === undefined ? undefined : { cause: this.#fault };
  }
}
