/** A pipelined client of one server: keeps its connection, and the commands that wait for it. */
import { backoffPolicy, type RetryPolicy } from '../clients/backoff-policy.js';
import { ClientService } from '../clients/client-service.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import type { Deferred } from '../defer/deferred.js';
import { CancelledError, TimeoutError } from '../defer/errors.js';
import type { Failure } from '../defer/failure.js';
import { fail, maybeDeferred, succeed } from '../defer/succeed.js';
import type { OptionNames } from '../internal/options.js';
import {
  type CommandOptions,
  checkCommandOptions,
  type PipelineSettings,
} from './command-settings.js';
import type {
  PendingCommand,
  PipelinedConnection,
  PipelinedProtocol,
} from './pipelined-protocol.js';

/** The options of clients that stay connected, beside those of their connections. */
export interface LinkOptions {
  /** The delays between attempts to connect. Default: {@link backoffPolicy} from 250 ms to 10 s. */
  readonly retryPolicy?: RetryPolicy;
  /** For the jitter of delays. Default `Math.random`. */
  readonly random?: () => number;
}

export const LINK_OPTIONS: OptionNames<LinkOptions> = { retryPolicy: true, random: true };

/** A connection of a link. */
type Linked<Command, Reply> = PipelinedProtocol<
  Command,
  Reply,
  PipelinedConnection<Command, PendingCommand<Reply>>
>;

export interface LinkCallbacks<P> {
  makeProtocol(): P;
  /** Prepares a connection for commands. */
  prepare(protocol: P): Deferred<unknown>;
  /** An attempt to connect has failed. */
  failed(error: Error): void;
}

/**
 * While a connection is being made, commands wait for it, within their time limits. When an attempt has failed, commands fail at once
 * until the next one succeeds. A command whose bytes were written is never repeated.
 */
export class CommandLink<Command, Reply, P extends Linked<Command, Reply>> {
  /** In errors. */
  readonly name: string;
  readonly #settings: PipelineSettings<Command>;
  readonly #service: ClientService<() => P>;
  #protocol: P | undefined;
  #failure: Error | undefined;
  #running = false;
  /** Counts starts, so that a stop that waits for answers does not end the connection of a later start. */
  #starts = 0;
  #waiting = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(
    endpoint: StreamClientEndpoint,
    name: string,
    settings: PipelineSettings<Command>,
    options: LinkOptions,
    callbacks: LinkCallbacks<P>,
  ) {
    this.name = name;
    this.#settings = settings;
    const { random } = options;
    const { retryPolicy = backoffPolicy({ initialDelayMs: 250, maxDelayMs: 10_000 }) } = options;
    const prepare = (protocol: P): Deferred<void> =>
      callbacks.prepare(protocol).addCallback(() => {
        this.#protocol = protocol;
        this.#failure = undefined;
      });
    this.#service = new ClientService(endpoint, () => callbacks.makeProtocol(), {
      clock: settings.clock,
      retryPolicy,
      ...(random !== undefined && { random }),
      prepareConnection: prepare as (protocol: unknown) => Deferred<void>,
      onFailure: (error) => {
        this.#failure = error;
        callbacks.failed(error);
      },
    });
  }

  /** True from `start` to `stop`. */
  get running(): boolean {
    return this.#running;
  }

  /** Whether there is a connection that serves commands. */
  get connected(): boolean {
    return this.#protocol?.usable === true;
  }

  /** Whether the last attempt to connect failed. */
  get away(): boolean {
    return this.#failure !== undefined && !this.connected;
  }

  /** Commands without an answer, those that wait for a connection included. */
  get unanswered(): number {
    return this.#waiting + (this.#protocol?.unanswered ?? 0);
  }

  /** Begins to connect. Does nothing if the link runs. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#starts += 1;
    this.#failure = undefined;
    this.#service.startService();
  }

  /**
   * Waits for the answers of commands that were sent, within their time limit, and closes the connection. Commands that wait for a
   * connection fail.
   */
  stop(): Deferred<void> {
    this.#running = false;
    const starts = this.#starts;
    return this.#answered().addCallback(() =>
      starts === this.#starts ? this.#service.stopService() : undefined,
    );
  }

  /** @throws The error of a client that was not started. */
  expectRunning(): void {
    if (!this.#running) throw new this.#settings.errors.NotStarted();
  }

  /** Sends a command; waits for a connection unless the server is away. */
  perform(command: Command, options: CommandOptions): Deferred<Reply> {
    const protocol = this.#protocol;
    if (protocol?.usable === true) return protocol.perform(command, options);
    const settings = this.#settings;
    const { errors, maxUnanswered } = settings;
    checkCommandOptions(settings.method, options);
    settings.check(command);
    if (this.away) return fail(errors.unavailable(this.name, this.#failure));
    if (this.#waiting >= maxUnanswered) throw new errors.Overload('maxUnanswered', maxUnanswered);
    return this.#whenConnected(command, options);
  }

  #whenConnected(command: Command, options: CommandOptions): Deferred<Reply> {
    const { timeoutMs = this.#settings.timeoutMs, signal } = options;
    const { clock } = this.#settings;
    const began = clock.now();
    this.#waiting += 1;
    const connected = this.#service
      .whenConnected({ failAfterFailures: 1 })
      .addTimeout(timeoutMs, clock)
      .addBoth((result) => {
        this.#waiting -= 1;
        return result;
      }) as unknown as Deferred<P>;
    const answer = connected.addCallbacks(
      (protocol) => {
        const left = Math.max(timeoutMs - (clock.now() - began), 1);
        return protocol.perform(command, { timeoutMs: left });
      },
      (failure) => this.#notConnected(command, timeoutMs, failure),
    ) as Deferred<Reply>;
    return signal === undefined ? answer : answer.cancelOn(signal);
  }

  #notConnected(command: Command, timeoutMs: number, { value }: Failure): never {
    const { errors } = this.#settings;
    const name = this.#settings.nameOf(command);
    if (value instanceof TimeoutError) throw new errors.Timeout(name, timeoutMs, false);
    if (value instanceof CancelledError && !this.#running) {
      throw new errors.Lost(name, false, { cause: value });
    }
    if (value instanceof CancelledError) throw value;
    throw errors.unavailable(this.name, value);
  }

  /** Fires when the commands that were sent are answered or lost; never fails. */
  #answered(): Deferred<void> {
    const protocol = this.#protocol;
    if (protocol === undefined || protocol.unanswered === 0) return succeed(undefined);
    // Answers come in order.
    const { ping } = this.#settings;
    return maybeDeferred(() => protocol.perform(ping, {})).addBoth(() => undefined);
  }
}
