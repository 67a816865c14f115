/** Connections by listener and by the reason of their end, and TLS handshakes. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { Address } from '../core/address.js';
import { builtProtocol, type FactoryLike } from '../core/factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { TLSConnection } from '../core/tls.js';
import { checkString } from '../internal/check.js';
import { WrappingFactory } from '../policies/wrapping-factory.js';
import type { CounterSeries } from './instruments.js';
import type { MetricsRegistry } from './registry.js';

const registered = new WeakMap<MetricsRegistry, ReturnType<typeof listenerCounter>>();

function listenerCounter(
  registry: MetricsRegistry,
): (listener: string, outcome: string) => CounterSeries {
  const counter = registry.counter(
    'ropewalk_listener_connections_total',
    'Connections that a listener accepted, refused because its factory built no protocol, or lost because that failed.',
    ['listener', 'outcome'],
  );
  return (listener, outcome) => counter.with({ listener, outcome });
}

class MeteredFactory extends WrappingFactory {
  readonly #accepted: CounterSeries;
  readonly #refused: CounterSeries;
  readonly #failed: CounterSeries;

  constructor(registry: MetricsRegistry, listener: string, factory: FactoryLike) {
    super(factory);
    const counter = registered.get(registry) ?? listenerCounter(registry);
    registered.set(registry, counter);
    this.#accepted = counter(listener, 'accepted');
    this.#refused = counter(listener, 'refused');
    this.#failed = counter(listener, 'failed');
  }

  /** The protocol itself: a connection costs nothing more once it is counted. */
  override buildProtocol(address: Address): StreamProtocol | null {
    let protocol: StreamProtocol | null;
    try {
      protocol = builtProtocol(this.wrappedFactory, address);
    } catch (error) {
      this.#failed.add();
      throw error;
    }
    (protocol === null ? this.#refused : this.#accepted).add();
    return protocol;
  }
}

/**
 * A factory that counts the connections of a listener, `ropewalk_listener_connections_total`, by whether they are accepted. It costs
 * nothing after that.
 *
 * @param listener The label `listener`.
 * @param factory Any value that `listenTCP` accepts.
 * @throws InvalidArgumentTypeError
 * @example reactor.listenTCP(7, meterListener(metrics, 'echo', Echo));
 */
export function meterListener(
  registry: MetricsRegistry,
  listener: string,
  factory: FactoryLike,
): WrappingFactory {
  return new MeteredFactory(registry, checkString('listener', listener), factory);
}

/**
 * Counts the ends of all connections in this thread by reason, `ropewalk_connections_ended_total`, and TLS handshakes by version,
 * `ropewalk_tls_handshakes_total`. Failed handshakes are ends with the code of their error. At most one for each registry.
 *
 * @returns A function that ends the counting.
 * @throws InvalidArgumentValueError they are counted already.
 */
export function addConnections(registry: MetricsRegistry): () => void {
  const ends = registry.counter(
    'ropewalk_connections_ended_total',
    'Connections that ended, by the code of the reason.',
    ['reason'],
  );
  const handshakes = registry.counter(
    'ropewalk_tls_handshakes_total',
    'TLS handshakes that were completed.',
    ['role', 'version', 'resumed'],
  );
  const lost = (message: unknown): void => {
    const { code } = ((message as { reason?: unknown }).reason ?? {}) as { code?: unknown };
    ends.add(1, { reason: typeof code === 'string' ? code : 'other' });
  };
  const secured = (message: unknown): void => {
    const { role, version, resumed } = (message as { tls: TLSConnection }).tls;
    handshakes.add(1, { role, version: version ?? 'unknown', resumed: String(resumed) });
  };
  subscribe('ropewalk.connection.lost', lost);
  subscribe('ropewalk.tls.handshake', secured);
  return () => {
    unsubscribe('ropewalk.connection.lost', lost);
    unsubscribe('ropewalk.tls.handshake', secured);
  };
}
