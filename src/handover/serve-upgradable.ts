/** A service that upgrades without refused connections: it takes listeners over or opens them, and then offers them. */
import type { Address } from '../core/address.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import { Deferred } from '../defer/deferred.js';
import { checkFunction, checkMilliseconds, checkPlainObject } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { connectionsGone } from './connections-gone.js';
import {
  checkCanBeGiven,
  type ListenerOffer,
  type NamedPorts,
  offerListeners,
} from './offer-listeners.js';
import { checkSendsDescriptors } from './peer-check.js';
import { takeListeners } from './take-listeners.js';

/**
 * Opens a port, or adopts that of a predecessor: `inherited` is its descriptor, to be adopted with `takeOver`. This function owns
 * it and must close it if it throws without having adopted it.
 */
export type OpenPort = (inherited: number | undefined) => ListeningPort<Address>;

export interface UpgradableOptions {
  /** Time in milliseconds that connections may last after a successor has taken over; 0 waits forever. Default 30,000. */
  readonly drainMs?: number;
  /** Limit for each step of taking over, in milliseconds; 0 waits forever. Default 30,000. */
  readonly timeoutMs?: number;
}

const OPTIONS: OptionNames<UpgradableOptions> = { drainMs: true, timeoutMs: true };

/** A service that listens and offers its listeners. */
export interface UpgradableService<Names extends string = string> extends AsyncDisposable {
  readonly ports: Readonly<Record<Names, ListeningPort<Address>>>;
  /** Whether there was a predecessor. */
  readonly tookOver: boolean;
  /** Fires when a successor accepts connections and this process no longer does: time to close idle connections. */
  readonly superseded: Deferred<void>;
  /** Fires after `superseded` with the number of open connections, when all have ended or `drainMs` is over: time to stop. */
  readonly drained: Deferred<number>;
  /** Stops listening and withdraws the offer. Connections stay open. */
  stop(): Promise<void>;
}

/**
 * Opens the ports of `listen`. If a process offers its sockets at `path`, these are used, and that process stops accepting. Then
 * offers the ports in turn. The sockets are never closed meanwhile, so no connection is refused. Native only.
 *
 * @param path The path of a UNIX socket, created with mode 0600: the meeting point of all versions of the service.
 * @returns Fails with a HandoverError if there is a predecessor that does not hand over, or with an error of opening a port: the
 * predecessor then continues. Cancelling closes the opened ports; the predecessor continues unless it was already asked to stop.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError; UnsupportedError on Windows and with the pure-JS reactor.
 */
export function serveUpgradable<Names extends string>(
  reactor: Reactor,
  path: string,
  listen: Readonly<Record<Names, OpenPort>>,
  options: UpgradableOptions = {},
): Deferred<UpgradableService<Names>> {
  checkOptions('serveUpgradable', options, OPTIONS);
  checkPlainObject('listen', listen);
  for (const [name, open] of Object.entries(listen)) checkFunction(`listen.${name}`, open);
  const drainMs = checkMilliseconds('drainMs', options.drainMs ?? 30_000);
  const timeoutMs = checkMilliseconds('timeoutMs', options.timeoutMs ?? 30_000);
  checkSendsDescriptors(reactor, 'serveUpgradable');
  return Deferred.fromPromise((signal) =>
    serve(reactor, path, listen, { drainMs, timeoutMs }, signal),
  );
}

async function serve<Names extends string>(
  reactor: Reactor,
  path: string,
  listen: Readonly<Record<Names, OpenPort>>,
  { drainMs, timeoutMs }: Required<UpgradableOptions>,
  signal: AbortSignal,
): Promise<UpgradableService<Names>> {
  const taken = await takeListeners(reactor, path, { timeoutMs }).toPromise({ signal });
  const ports: Partial<Record<Names, ListeningPort<Address>>> = {};
  /** Ports whose files belong to the predecessor while it continues. */
  const inherited = new Set<ListeningPort<Address>>();
  try {
    for (const name of Object.keys(listen) as Names[]) {
      const fd = taken?.take(name);
      const port = listen[name](fd);
      ports[name] = port;
      if (fd !== undefined) inherited.add(port);
    }
    const opened = ports as Record<Names, ListeningPort<Address>>;
    // After the call of `ready` the hand-over cannot be reversed.
    checkCanBeGiven(opened);
    signal.throwIfAborted();
    await taken?.ready();
    inherited.clear();
    signal.throwIfAborted();
    const tookOver = taken !== undefined;
    return new Service(reactor, opened, offer(reactor, path, opened, tookOver), tookOver, drainMs);
  } catch (error) {
    taken?.[Symbol.dispose]();
    const opened = Object.values<ListeningPort<Address>>(ports as never);
    await Promise.all(opened.map((port) => port.stopListening({ keepFile: inherited.has(port) })));
    throw error;
  }
}

/** If the predecessor is gone, a service that cannot be taken over is better than none. */
function offer(
  reactor: Reactor,
  path: string,
  ports: NamedPorts,
  tookOver: boolean,
): ListenerOffer | undefined {
  try {
    return offerListeners(reactor, path, ports);
  } catch (error) {
    if (!tookOver) throw error;
    reportError(error, 'offerListeners');
    return undefined;
  }
}

class Service<Names extends string> implements UpgradableService<Names> {
  readonly ports: Readonly<Record<Names, ListeningPort<Address>>>;
  readonly tookOver: boolean;
  readonly superseded: Deferred<void> = new Deferred();
  readonly drained: Deferred<number> = new Deferred();
  readonly #offer: ListenerOffer | undefined;

  constructor(
    reactor: Reactor,
    ports: Readonly<Record<Names, ListeningPort<Address>>>,
    offer: ListenerOffer | undefined,
    tookOver: boolean,
    drainMs: number,
  ) {
    this.ports = ports;
    this.tookOver = tookOver;
    this.#offer = offer;
    offer?.taken.addCallback(() => {
      this.superseded.callback();
      connectionsGone(reactor, drainMs).addCallback((left) => this.drained.callback(left));
    });
  }

  async stop(): Promise<void> {
    await this.#offer?.withdraw();
    const ports = Object.values<ListeningPort<Address>>(this.ports);
    await Promise.all(ports.map((port) => port.stopListening()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
