/** A listening endpoint as a service. */
import type { Address } from '../core/address.js';
import { type FactoryLike, toFactory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import { callReported } from '../defer/callback-result.js';
import type { Deferred } from '../defer/deferred.js';
import { inlineCallbacks } from '../defer/inline-callbacks.js';
import { succeed } from '../defer/succeed.js';
import type { EndpointReactor } from '../endpoints/endpoint-type.js';
import { type EndpointStringOptions, serverFromString } from '../endpoints/from-string.js';
import { checkChoice, checkReactorWith, checkString } from '../internal/check.js';
import { checkServerEndpoint } from '../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { connectionsOf, watchUntilGone } from './connections.js';
import type { Drain } from './drain.js';
import { Service } from './service.js';

export interface EndpointServiceOptions {
  readonly name?: string;
  /**
   * What a drain does with connections whose protocol has no `serverClosing`: it waits for their end, or closes each when its
   * unsent bytes were sent. Default `wait`.
   */
  readonly whenDraining?: 'wait' | 'close';
}

const OPTIONS: OptionNames<EndpointServiceOptions> = { name: true, whenDraining: true };

export interface ServiceFromStringOptions extends EndpointServiceOptions, EndpointStringOptions {}

const STRING_OPTIONS: OptionNames<ServiceFromStringOptions> = { ...OPTIONS, types: true };

/** A factory with a drain of its own, such as an `HTTPFactory`. */
interface DrainableFactory {
  drain(options: { readonly deadlineMs: number }): unknown;
}

/**
 * Listens from its start to its stop, or from its privileged start.
 *
 * A drain stops listening, after connections that wait to be accepted, and tells the open connections: by `drain` of the factory,
 * as `HTTPFactory` has, or by `serverClosing` of each protocol. Those that are left at the deadline are aborted.
 */
export class StreamServerEndpointService extends Service {
  readonly #endpoint: StreamServerEndpoint;
  readonly #factory: ClientProtocolFactory;
  readonly #whenDraining: 'wait' | 'close';
  #port: ListeningPort<Address> | undefined;

  /**
   * @param factory Any value that `listenTCP` accepts.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    endpoint: StreamServerEndpoint,
    factory: FactoryLike,
    options: EndpointServiceOptions = {},
  ) {
    checkServerEndpoint(endpoint);
    checkOptions('StreamServerEndpointService', options, OPTIONS);
    const { name, whenDraining = 'wait' } = options;
    super(name === undefined ? undefined : checkString('name', name));
    this.#endpoint = endpoint;
    this.#factory = toFactory(factory);
    this.#whenDraining = checkChoice('whenDraining', whenDraining, ['wait', 'close']);
  }

  /** Undefined unless it is listening or being drained. */
  get port(): ListeningPort<Address> | undefined {
    return this.#port;
  }

  /** The address that it listens on; undefined unless it is listening. */
  getHost(): Address | undefined {
    return this.#port?.getHost();
  }

  protected override privilegedStart(): Deferred<void> {
    return this.#endpoint.listen(this.#factory).addCallback((port) => {
      this.#port = port;
    });
  }

  protected override start(signal: AbortSignal): Deferred<void> {
    if (this.#port !== undefined) return succeed();
    return this.privilegedStart().cancelOn(signal);
  }

  protected override drain(drain: Drain): Deferred<void> {
    return this.#drain(drain);
  }

  readonly #drain: (drain: Drain) => Deferred<void> = inlineCallbacks(function* (
    this: StreamServerEndpointService,
    drain: Drain,
  ) {
    const port = this.#port;
    if (port === undefined) return;
    const before = connectionsOf(port);
    yield* port.stopListening({ drain: true });
    const open = connectionsOf(port);
    const { size } = new Set([...before, ...open]);
    const gone = watchUntilGone(open);
    if (!drain.signal.aborted) {
      this.#tell(open, drain);
      yield* drain.wait(gone);
    }
    const left = [...open];
    for (const transport of left) transport.abortConnection();
    yield* gone;
    drain.count({ finished: size - left.length, aborted: left.length });
    this.#port = undefined;
  });

  #tell(open: ReturnType<typeof connectionsOf>, drain: Drain): void {
    const factory = this.#factory as Partial<DrainableFactory>;
    if (typeof factory.drain === 'function') {
      callReported('drain', () => factory.drain?.({ deadlineMs: drain.remainingMs }));
      return;
    }
    const closes = this.#whenDraining === 'close';
    for (const transport of [...open]) transport.serverClosing(closes);
  }
}

/**
 * A service that listens on the endpoint that a string describes: Twisted's strports.
 *
 * @example application.addService(serviceFromString(reactor, "tcp:8080:interface=127.0.0.1", Echo));
 * @throws InvalidEndpointError, UnknownEndpointTypeError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serviceFromString(
  reactor: EndpointReactor,
  text: string,
  factory: FactoryLike,
  options: ServiceFromStringOptions = {},
): StreamServerEndpointService {
  checkReactorWith('callLater', reactor);
  checkOptions('serviceFromString', options, STRING_OPTIONS);
  const { types, ...others } = options;
  const endpoint = serverFromString(reactor, text, types === undefined ? {} : { types });
  return new StreamServerEndpointService(endpoint, factory, others);
}
