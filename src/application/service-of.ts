/** Makes services of other objects with a beginning or an end. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { Deferred } from '../defer/deferred.js';
import { inlineCallbacks } from '../defer/inline-callbacks.js';
import { maybeDeferred } from '../defer/succeed.js';
import { HTTPServer } from '../http/serve-http.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Drain } from './drain.js';
import { Service } from './service.js';

export interface ServiceOfOptions {
  readonly name?: string;
}

const OPTIONS: OptionNames<ServiceOfOptions> = { name: true };

/** An object that is started and stopped any number of times, such as a `ProcessMonitor`. */
export interface StartStop {
  start(): unknown;
  stop(): unknown;
}

/** An object that is used until its end, such as an `HTTPServer`, a `ThreadPool`, a `ConnectionPool` or a `WorkerGroup`. */
export type Resource = AsyncDisposable | Disposable | { stop(): unknown } | { close(): unknown };

type End = () => unknown;

/**
 * A service of another object:
 *
 * - with `start` and `stop`: they are called.
 * - a function: called at each start. Its result, or that of its Deferred or promise, is used until the stop. If that has `ready`, as a
 *   `WorkerGroup` has, the start waits for it.
 * - another object: used until the stop.
 *
 * An object is ended by its `stop`, `close`, `[Symbol.asyncDispose]` or `[Symbol.dispose]`, the first that it has. An `HTTPServer`
 * is drained.
 *
 * @example
 * application.addService(serviceOf(() => serveHttp(reactor, endpoint, handler), { name: 'web' }));
 * application.addService(serviceOf(pool));
 *
 * @throws InvalidArgumentTypeError, UnknownOptionError
 */
export function serviceOf(
  object: StartStop | Resource | (() => unknown),
  options: ServiceOfOptions = {},
): Service {
  checkOptions('serviceOf', options, OPTIONS);
  const { name } = options;
  if (typeof object === 'function') return new OpenedService(object, name);
  const { start, stop } = object as Partial<StartStop>;
  if (typeof start === 'function' && typeof stop === 'function') {
    return new StartStopService(object as StartStop, name);
  }
  if (endOf(object) === undefined) throw notAService('object', object);
  return new OpenedService(() => object, name);
}

class StartStopService extends Service {
  readonly #object: StartStop;

  constructor(object: StartStop, name: string | undefined) {
    super(name);
    this.#object = object;
  }

  protected override start(): Deferred<void> {
    return maybeDeferred(() => this.#object.start()).addCallback(() => {});
  }

  protected override stop(): Deferred<void> {
    return maybeDeferred(() => this.#object.stop()).addCallback(() => {});
  }
}

class OpenedService extends Service {
  readonly #open: () => unknown;
  #object: unknown;

  constructor(open: () => unknown, name: string | undefined) {
    super(name);
    this.#open = open;
  }

  protected override start(): Deferred<void> {
    return this.#start();
  }

  protected override drain(drain: Drain): Deferred<void> | undefined {
    return this.#object instanceof HTTPServer ? this.#drain(this.#object, drain) : undefined;
  }

  protected override stop(): Deferred<void> {
    const end = endOf(this.#object);
    this.#object = undefined;
    return maybeDeferred(() => end?.()).addCallback(() => {});
  }

  readonly #start: () => Deferred<void> = inlineCallbacks(function* (this: OpenedService) {
    const object: unknown = yield* maybeDeferred(() => this.#open());
    const end = endOf(object);
    if (end === undefined) throw notAService('the result of the function', object);
    try {
      yield* maybeDeferred(() => (object as { ready?: unknown }).ready);
    } catch (error) {
      yield* maybeDeferred(end);
      throw error;
    }
    this.#object = object;
  });

  readonly #drain: (server: HTTPServer, drain: Drain) => Deferred<void> = inlineCallbacks(
    function* (this: OpenedService, server: HTTPServer, drain: Drain) {
      // From now on no connection is accepted.
      const closed = server.close({ deadlineMs: drain.remainingMs });
      const { connections } = server;
      yield* drain.wait(closed);
      const left = server.connections;
      drain.count({ finished: connections - left, aborted: left });
      yield* server.close({ deadlineMs: 0 });
      yield* closed;
    },
  );
}

const ENDS = ['stop', 'close', Symbol.asyncDispose, Symbol.dispose] as const;

function endOf(object: unknown): End | undefined {
  const methods = (object ?? {}) as Partial<Record<(typeof ENDS)[number], unknown>>;
  for (const name of ENDS) {
    const method = methods[name];
    if (typeof method === 'function') return () => method.call(object) as unknown;
  }
  return undefined;
}

function notAService(what: string, value: unknown): InvalidArgumentTypeError {
  return new InvalidArgumentTypeError(
    what,
    'an object with stop, close, [Symbol.asyncDispose] or [Symbol.dispose]',
    value,
  );
}
