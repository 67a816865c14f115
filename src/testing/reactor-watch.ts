/**
 * Leftovers of reactors: open ports and connections, attempts, delayed calls. New reactors are published on the diagnostics
 * channel `ropewalk.reactor`; this file remembers them, weakly, and checks them.
 */
import type { DelayedCall } from '../core/clock.js';
import type { Connector } from '../core/connector.js';
import { destinationText } from '../core/destination.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { Transport } from '../core/transport.js';
import { reactorChannel } from '../reactor/diagnostics.js';

/** A reactor whose open things can be listed: published as `{ reactor }` when it is made. */
export interface WatchedReactor extends Reactor {
  /** Open listening ports. */
  readonly ports: Iterable<ListeningPort>;
  /** Connectors that are connecting. */
  readonly connectors: Iterable<Connector>;
  /** Transports whose protocol's `connectionLost` has not been called. */
  transports(): Iterable<Transport>;
}

/** The open things of one reactor. */
export interface ReactorLeak {
  readonly reactor: Reactor;
  /** A line for each thing: `a port listens on 127.0.0.1:8080`. */
  readonly open: readonly string[];
}

const leftAlone: WeakSet<Reactor> = new WeakSet();

/** Excludes a reactor that is meant to outlive tests from every check for leftovers. */
export function leaveReactorAlone(reactor: Reactor): void {
  leftAlone.add(reactor);
}

/**
 * Knows the reactors made from now on in this thread, except simulated ones, which have nothing real open.
 */
export class ReactorWatch implements Disposable {
  readonly #known: Set<WeakRef<WatchedReactor>> = new Set();
  readonly #seen: WeakSet<Reactor> = new WeakSet();
  /** The things that were open at the last {@link mark}. */
  #before: WeakSet<object> = new WeakSet();

  constructor() {
    reactorChannel.subscribe(this.#onReactor);
  }

  /** Things that are open now are not leaks: {@link leaks} omits them from now on. */
  mark(): void {
    this.#before = new WeakSet();
    for (const reactor of this.#reactors()) {
      for (const [thing] of openThings(reactor)) this.#before.add(thing);
    }
  }

  /** Behaves as if nothing had been open at the last {@link mark}. */
  forgetMark(): void {
    this.#before = new WeakSet();
  }

  /** Things that are open and were not at the last {@link mark}, for each reactor that has any. */
  leaks(): ReactorLeak[] {
    const leaks: ReactorLeak[] = [];
    for (const reactor of this.#reactors()) {
      const open = [...openThings(reactor)]
        .filter(([thing]) => !this.#before.has(thing))
        .map(([, describe]) => describe());
      if (open.length > 0) leaks.push({ reactor, open });
    }
    return leaks;
  }

  [Symbol.dispose](): void {
    reactorChannel.unsubscribe(this.#onReactor);
    this.#known.clear();
  }

  readonly #onReactor = (message: unknown): void => {
    const { reactor } = message as { reactor: WatchedReactor };
    if (this.#seen.has(reactor)) return;
    this.#seen.add(reactor);
    this.#known.add(new WeakRef(reactor));
  };

  *#reactors(): Generator<WatchedReactor> {
    for (const ref of this.#known) {
      const reactor = ref.deref();
      if (reactor === undefined) this.#known.delete(ref);
      else if (isReal(reactor) && !leftAlone.has(reactor)) yield reactor;
    }
  }
}

/** A simulated reactor's open things are kept alive by the test only. */
function isReal(reactor: Reactor): boolean {
  return reactor.poller !== 'simulation';
}

/** Something open, and a function that describes it. */
type OpenThing = readonly [thing: object, describe: () => string];

/** Everything a reactor has open. Running counts as a thing: the reactor itself. */
function* openThings(reactor: WatchedReactor): Generator<OpenThing> {
  if (reactor.running) yield [reactor, () => 'it is running'];
  for (const port of reactor.ports) yield [port, () => `a port listens on ${port.getHost()}`];
  for (const connector of reactor.connectors) yield [connector, () => wordsOfConnector(connector)];
  for (const transport of reactor.transports()) {
    yield [transport, () => `a connection with ${transport.getPeer()} is open`];
  }
  for (const call of reactor.getDelayedCalls()) {
    yield [call, () => wordsOfCall(call, reactor.now())];
  }
  for (const reader of reactor.getReaders()) {
    yield [reader, () => `descriptor ${reader.fileno()} is being read`];
  }
  for (const writer of reactor.getWriters()) {
    yield [writer, () => `descriptor ${writer.fileno()} is being written`];
  }
}

function wordsOfConnector(connector: Connector): string {
  return `a connector is connecting to ${destinationText(connector.getDestination())}`;
}

function wordsOfCall(call: DelayedCall, now: number): string {
  const wait = call.getTime() - now;
  return wait > 0 ? `a delayed call is due in ${wait.toFixed(1)} ms` : 'a delayed call is due now';
}
