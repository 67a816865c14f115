/** One server of a client: its connection, the commands that wait for it, and whether it is away. */
import type { Clock } from '../../core/clock.js';
import type { Deferred } from '../../defer/deferred.js';
import { CancelledError, TimeoutError } from '../../defer/errors.js';
import type { Failure } from '../../defer/failure.js';
import { fail, maybeDeferred, succeed } from '../../defer/succeed.js';
import { checkValueLength } from './connection.js';
import {
  MemcacheConnectionLostError,
  MemcacheOverloadError,
  MemcacheTimeoutError,
  MemcacheUnavailableError,
} from './errors.js';
import type { MemcacheReply, MemcacheRequest } from './events.js';
import {
  checkCall,
  type MemcacheCallOptions,
  type MemcacheProtocol,
  type ProtocolSettings,
} from './protocol.js';
import { versionRequest } from './serializer.js';

/** The part of a `ClientService` that a link uses. */
export interface Connecting {
  startService(): void;
  stopService(): Deferred<void>;
  whenConnected(options: { readonly failAfterFailures: number }): Deferred<MemcacheProtocol>;
}

/** Commands for one server. Its owner reports the changes of the connection. */
export class ServerLink {
  readonly name: string;
  readonly #service: Connecting;
  readonly #settings: ProtocolSettings;
  readonly #clock: Clock;
  #protocol: MemcacheProtocol | undefined;
  #failure: Error | undefined;
  #waiting = 0;
  #stopped = false;

  /** @param makeService Calls the methods of this link in its callbacks, later. */
  constructor(
    name: string,
    clock: Clock,
    settings: ProtocolSettings,
    makeService: (link: ServerLink) => Connecting,
  ) {
    this.name = name;
    this.#clock = clock;
    this.#settings = settings;
    this.#service = makeService(this);
  }

  /** Whether the last attempt to connect failed. */
  get away(): boolean {
    return this.#failure !== undefined && this.#protocol?.connected !== true;
  }

  /** Whether there is a connection. */
  get connected(): boolean {
    return this.#protocol?.connected === true;
  }

  /** Commands without an answer, those that wait for a connection included. */
  get unanswered(): number {
    return this.#waiting + (this.#protocol?.unanswered ?? 0);
  }

  start(): void {
    this.#failure = undefined;
    this.#stopped = false;
    this.#service.startService();
  }

  /** Fires when the commands that were sent are answered or lost; never fails. */
  answered(): Deferred<void> {
    const protocol = this.#protocol;
    if (protocol === undefined || protocol.unanswered === 0) return succeed(undefined);
    // Answers come in order.
    return maybeDeferred(() => protocol.execute(versionRequest())).addBoth(() => undefined);
  }

  stop(): Deferred<void> {
    this.#stopped = true;
    return this.#service.stopService();
  }

  /** A connection is ready for commands. */
  opened(protocol: MemcacheProtocol): void {
    this.#protocol = protocol;
    this.#failure = undefined;
  }

  /** An attempt to connect has failed. */
  failed(error: Error): void {
    this.#failure = error;
  }

  /** {@link MemcacheProtocol.execute}; waits for a connection unless the server is away. */
  execute(request: MemcacheRequest, options: MemcacheCallOptions): Deferred<MemcacheReply> {
    const protocol = this.#protocol;
    if (protocol?.connected === true && !protocol.transport.disconnecting) {
      return protocol.execute(request, options);
    }
    checkCall(options);
    const { maxValueBytes, maxUnanswered } = this.#settings.limits;
    checkValueLength(request, maxValueBytes);
    if (this.away) return fail(new MemcacheUnavailableError(this.name, this.#failure));
    if (this.#waiting >= maxUnanswered) {
      throw new MemcacheOverloadError('maxUnanswered', maxUnanswered);
    }
    return this.#whenConnected(request, options);
  }

  #whenConnected(request: MemcacheRequest, options: MemcacheCallOptions): Deferred<MemcacheReply> {
    const { timeoutMs = this.#settings.timeoutMs, signal } = options;
    const clock = this.#clock;
    const began = clock.now();
    this.#waiting += 1;
    const connected = this.#service
      .whenConnected({ failAfterFailures: 1 })
      .addTimeout(timeoutMs, clock)
      .addBoth((result) => {
        this.#waiting -= 1;
        return result;
      }) as Deferred<MemcacheProtocol>;
    const answer = connected.addCallbacks(
      (protocol) => {
        const left = Math.max(timeoutMs - (clock.now() - began), 1);
        return protocol.execute(request, { timeoutMs: left });
      },
      (failure) => this.#notConnected(request.command, timeoutMs, failure),
    ) as Deferred<MemcacheReply>;
    return signal === undefined ? answer : answer.cancelOn(signal);
  }

  #notConnected(command: string, timeoutMs: number, { value }: Failure): never {
    if (value instanceof TimeoutError) throw new MemcacheTimeoutError(command, timeoutMs, false);
    if (value instanceof CancelledError && this.#stopped) {
      throw new MemcacheConnectionLostError(command, false, { cause: value });
    }
    if (value instanceof CancelledError) throw value;
    throw new MemcacheUnavailableError(this.name, value);
  }
}
