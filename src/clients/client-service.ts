/** A client that stays connected: it connects again when its connection is lost, and tries again when it cannot connect. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { type FactoryLike, toFactory } from '../core/factory.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { ProtocolOf, StreamClientEndpoint } from '../core/stream-endpoint.js';
import { toError } from '../core/text-of.js';
import { callReported } from '../defer/callback-result.js';
import { Deferred } from '../defer/deferred.js';
import { CancelledError, ReactorStoppedError } from '../defer/errors.js';
import { fail, maybeDeferred, succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import { checkClock, checkFunction, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkClientEndpoint } from '../internal/check-endpoint.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { backoffPolicy, type RetryPolicy } from './backoff-policy.js';
import { CLIENT_STATES, type ClientEvent, type ClientState } from './client-states.js';
import { AttemptFactory, endedEarly, type WatchedConnection } from './watched-connection.js';

export interface ClientServiceOptions<P = unknown> {
  /** Measures the delays: usually the reactor. */
  readonly clock: Clock;
  /** The delays between attempts. Default {@link backoffPolicy}. */
  readonly retryPolicy?: RetryPolicy;
  /** For the jitter of delays. Default `Math.random`. */
  readonly random?: () => number;
  /**
   * Prepares each new connection, for example logs in. The service is connected when the returned Deferred or promise has
   * succeeded. If it fails, the connection is closed, which counts as a failed attempt. It is cancelled if the connection is
   * lost or the service is stopped.
   */
  readonly prepareConnection?: (protocol: P) => unknown;
  /** Time that a connection may take to close before it is aborted. Default 5,000. */
  readonly closeTimeoutMs?: number;
  /** Called for each failed attempt, before the wait for the next one. */
  readonly onFailure?: (error: Error) => void;
}

export interface WhenConnectedOptions {
  /** The number of failed attempts from now on after which the Deferred fails with the last error. Default: no limit. */
  readonly failAfterFailures?: number;
}

const OPTIONS: OptionNames<ClientServiceOptions> = {
  clock: true,
  retryPolicy: true,
  random: true,
  prepareConnection: true,
  closeTimeoutMs: true,
  onFailure: true,
};
const WHEN_OPTIONS: OptionNames<WhenConnectedOptions> = { failAfterFailures: true };

const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

interface Waiter<P> {
  readonly deferred: Deferred<P>;
  /** Failures that are left. */
  failures: number;
}

/**
 * Keeps one connection through an endpoint, from `startService` to `stopService`.
 *
 * If the reactor is stopped, the service stops too. It can be started again in the next run.
 *
 * @example
 * const service = new ClientService(clientFromString(reactor, 'tcp:irc.example:6667'), Bot, { clock: reactor });
 * service.startService();
 * const bot = await service.whenConnected();
 */
export class ClientService<F extends FactoryLike = FactoryLike> {
  readonly #endpoint: StreamClientEndpoint;
  readonly #factory: ClientProtocolFactory;
  readonly #clock: Clock;
  readonly #retryPolicy: RetryPolicy;
  readonly #random: () => number;
  readonly #prepareConnection: ((protocol: ProtocolOf<F>) => unknown) | undefined;
  readonly #closeTimeoutMs: number;
  readonly #onFailure: ((error: Error) => void) | undefined;
  #state: ClientState = 'new';
  #changes = 0;
  /** Consecutive ends of attempts and connections without a connection in between. */
  #failures = 0;
  #attempt: AttemptFactory | undefined;
  /** The attempt in progress, or the preparation. */
  #pending: Deferred<unknown> | undefined;
  #connection: WatchedConnection | undefined;
  #protocol: ProtocolOf<F> | undefined;
  /** The next attempt, or the end of the time limit of a connection that is closing. */
  #call: DelayedCall | undefined;
  #waiters: Waiter<ProtocolOf<F>>[] = [];
  #stops: Waiters<void> = new Waiters();

  /**
   * @param factory Any value that `connectTCP` accepts. Its `startedConnecting`, `clientConnectionFailed` and
   * `clientConnectionLost` are not called.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    endpoint: StreamClientEndpoint,
    factory: F,
    options: ClientServiceOptions<ProtocolOf<F>>,
  ) {
    checkClientEndpoint(endpoint);
    checkOptions('ClientService', options, OPTIONS as OptionNames<typeof options>);
    const { clock, retryPolicy = backoffPolicy(), random = Math.random } = options;
    const { prepareConnection, closeTimeoutMs = DEFAULT_CLOSE_TIMEOUT_MS, onFailure } = options;
    checkClock('clock', clock);
    checkFunction('retryPolicy', retryPolicy);
    checkFunction('random', random);
    if (prepareConnection !== undefined) checkFunction('prepareConnection', prepareConnection);
    if (onFailure !== undefined) checkFunction('onFailure', onFailure);
    this.#endpoint = endpoint;
    this.#factory = toFactory(factory);
    this.#clock = clock;
    this.#retryPolicy = retryPolicy;
    this.#random = random;
    this.#prepareConnection = prepareConnection;
    this.#closeTimeoutMs = checkMilliseconds('closeTimeoutMs', closeTimeoutMs);
    this.#onFailure = onFailure;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** True from `startService` to `stopService`. */
  get running(): boolean {
    return !['new', 'disconnecting', 'stopped'].includes(this.#state);
  }

  /** Begins to connect. Does nothing if the service runs. If it is being stopped, it connects when that is complete. */
  startService(): void {
    this.#event('start');
  }

  /**
   * Ends the attempt or closes the connection, and stops.
   * @returns Fires when nothing is left of the attempt or connection. Waiting for it is safe in every state.
   */
  stopService(): Deferred<void> {
    if (this.#state === 'stopped') return succeed(undefined);
    // Added first: a callback of the application may start the service again during the event.
    const stopped = this.#stops.add();
    this.#event('stop');
    return stopped;
  }

  /**
   * The protocol of the connection.
   *
   * @returns Fires when the service is connected and prepared: immediately if it is. Fails with a CancelledError if the service is
   * stopped or has been, with a ReactorStoppedError if the reactor is. A service that was never started waits to be.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  whenConnected(options: WhenConnectedOptions = {}): Deferred<ProtocolOf<F>> {
    checkOptions('whenConnected', options, WHEN_OPTIONS);
    const { failAfterFailures = Number.POSITIVE_INFINITY } = options;
    if (options.failAfterFailures !== undefined) {
      checkInteger('failAfterFailures', failAfterFailures, 1, Number.MAX_SAFE_INTEGER);
    }
    if (this.#state === 'connected') return succeed(this.#protocol as ProtocolOf<F>);
    if (this.#state === 'stopped' || this.#state === 'disconnecting') return fail(stopError());
    const deferred = new Deferred<ProtocolOf<F>>(() => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    });
    const waiter: Waiter<ProtocolOf<F>> = { deferred, failures: failAfterFailures };
    this.#waiters.push(waiter);
    return deferred;
  }

  /** The only place where the state changes. */
  #event(event: ClientEvent, error?: Error): void {
    const from = this.#state;
    const to = CLIENT_STATES[from][event];
    if (to === undefined) return;
    this.#state = to;
    this.#changes += 1;
    const change = this.#changes;
    const failed = event === 'failed' || event === 'unprepared' || from === 'preparing';
    if (error !== undefined && failed && (to === 'waiting' || to === 'failing')) {
      this.#attemptFailed(error);
      // The application may have stopped the service meanwhile, and started it again.
      if (this.#changes !== change) return;
    }
    this.#enter(to, event);
  }

  #enter(state: ClientState, event: ClientEvent): void {
    if (state === 'connecting') this.#connect(event);
    else if (state === 'preparing') this.#prepare();
    else if (state === 'connected') this.#connected();
    else if (state === 'failing') this.#close();
    else if (state === 'waiting') this.#wait();
    else if (state === 'disconnecting') this.#disconnect(event);
    else if (state === 'stopped') this.#stopped(event);
  }

  #connect(event: ClientEvent): void {
    this.#call = undefined;
    if (event !== 'due') this.#failures = 0;
    const attempt = new AttemptFactory(this.#factory, (connection, reason) => {
      if (connection === this.#connection) this.#lost(reason);
      else if (attempt.failure !== undefined) this.#failed(attempt, attempt.failure);
    });
    this.#attempt = attempt;
    const stops = this.#takeStops();
    const pending = maybeDeferred(() => this.#endpoint.connect(attempt));
    this.#pending = pending;
    pending.addCallbacks(
      (protocol) => {
        if (this.#attempt === attempt) this.#made(attempt, protocol);
      },
      ({ value }) => this.#failed(attempt, toError(value)),
    );
    // A service that restarts: the old connection is gone.
    stops.fireAll((stopped) => stopped.callback(undefined));
  }

  /** The attempt is over when its connection is gone: an endpoint with steps of its own behind it may leave it open. */
  #failed(attempt: AttemptFactory, error: Error): void {
    const { connection } = attempt;
    if (connection?.exists) {
      attempt.failure = error;
      connection.abortConnection();
    } else if (this.#attempt === attempt) this.#ended('failed', error);
  }

  #made(attempt: AttemptFactory, result: unknown): void {
    this.#pending = undefined;
    const error = endedEarly(attempt);
    if (error !== undefined) {
      this.#ended('failed', error);
      return;
    }
    const connection = attempt.connection as WatchedConnection;
    this.#connection = connection;
    const protocol = result === connection ? connection.wrappedProtocol : result;
    this.#protocol = protocol as ProtocolOf<F>;
    this.#event('made');
  }

  #prepare(): void {
    const prepare = this.#prepareConnection;
    if (prepare === undefined) {
      this.#event('prepared');
      return;
    }
    const pending = maybeDeferred(() => prepare(this.#protocol as ProtocolOf<F>));
    this.#pending = pending;
    const attempt = this.#attempt;
    pending.addCallbacks(
      () => {
        if (this.#attempt === attempt) this.#event('prepared');
      },
      ({ value }) => {
        if (this.#attempt === attempt) this.#event('unprepared', toError(value));
      },
    );
  }

  #connected(): void {
    this.#pending = undefined;
    this.#failures = 0;
    const protocol = this.#protocol as ProtocolOf<F>;
    // The callbacks of one caller may cancel the Deferred of another.
    for (const { deferred } of this.#waiters.splice(0)) {
      if (!deferred.fired) deferred.callback(protocol);
    }
  }

  #wait(): void {
    this.#failures += 1;
    try {
      this.#call = this.#clock.callLater(this.#delayMs(), () => this.#event('due'));
      this.#call.whenDropped(() => this.#event('dropped'));
    } catch {
      // A reactor that was disposed of makes no more calls.
      this.#event('dropped');
    }
  }

  #delayMs(): number {
    try {
      const delayMs = this.#retryPolicy(this.#failures, this.#random);
      return checkMilliseconds('the result of retryPolicy', delayMs);
    } catch (error) {
      reportError(error, 'retryPolicy');
      return backoffPolicy()(this.#failures, this.#random);
    }
  }

  /** Ends the attempt or the connection, unless that is in progress already. */
  #disconnect(event: ClientEvent): void {
    const pending = this.#pending;
    this.#pending = undefined;
    const waiters = this.#waiters.splice(0);
    if (this.#connection !== undefined) this.#close();
    pending?.cancel();
    failAll(waiters, event);
  }

  #stopped(event: ClientEvent): void {
    if (this.#call?.active()) this.#call.cancel();
    this.#call = undefined;
    const stops = this.#takeStops();
    failAll(this.#waiters.splice(0), event);
    stops.fireAll((stopped) => stopped.callback(undefined));
  }

  /** Calls of `stopService` while these are fired wait for the next stop. */
  #takeStops(): Waiters<void> {
    const stops = this.#stops;
    this.#stops = new Waiters();
    return stops;
  }

  /** Closes the connection, and aborts it if that takes too long. */
  #close(): void {
    const connection = this.#connection as WatchedConnection;
    this.#pending = undefined;
    if (this.#call !== undefined) return;
    connection.loseConnection();
    try {
      this.#call = this.#clock.callLater(this.#closeTimeoutMs, () => connection.abortConnection());
    } catch {
      connection.abortConnection();
    }
  }

  #lost(reason: Error): void {
    const pending = this.#pending;
    this.#ended('lost', reason);
    pending?.cancel();
  }

  /** The attempt or connection is over. */
  #ended(event: 'failed' | 'lost', error: Error): void {
    if (this.#call?.active()) this.#call.cancel();
    this.#call = undefined;
    this.#attempt = undefined;
    this.#pending = undefined;
    this.#connection = undefined;
    this.#protocol = undefined;
    this.#event(event, error);
  }

  #attemptFailed(error: Error): void {
    const failed = this.#waiters.filter((waiter) => --waiter.failures <= 0);
    this.#waiters = this.#waiters.filter((waiter) => waiter.failures > 0);
    for (const { deferred } of failed) if (!deferred.fired) deferred.errback(error);
    if (this.#onFailure !== undefined) callReported('onFailure', this.#onFailure, error);
  }
}

function failAll<P>(waiters: readonly Waiter<P>[], event: ClientEvent): void {
  for (const { deferred } of waiters) {
    if (deferred.fired) continue;
    deferred.errback(event === 'dropped' ? new ReactorStoppedError() : stopError());
  }
}

function stopError(): CancelledError {
  return new CancelledError('the client service was stopped');
}
