/** A service whose next version takes over without a refused connection: takes listeners over, or opens them; then offers them. */
import type { Address } from '../core/address.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import { Deferred } from '../defer/deferred.js';
import { checkFunction, checkMilliseconds, checkObject } from '../internal/check.js';
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
 * Opens a port, or goes on with the one that a predecessor had: `inherited` is its descriptor, to be adopted with `takeOver`. It is
 * this function's own: what throws without having adopted it closes it.
 */
export type OpenPort = (inherited: number | undefined) => ListeningPort<Address>;

export interface UpgradableOptions {
  /** How long connections may last, in milliseconds, after a successor has taken over; 0 waits for ever. Default 30,000. */
  readonly drainMs?: number;
  /** Limit for each step of taking over, in milliseconds; 0 waits for ever. Default 30,000. */
  readonly timeoutMs?: number;
}

const OPTIONS: OptionNames<UpgradableOptions> = { drainMs: true, timeoutMs: true };

/** A service that listens, and offers its listeners. */
export interface UpgradableService<Names extends string = string> extends AsyncDisposable {
  readonly ports: Readonly<Record<Names, ListeningPort<Address>>>;
  /** Whether a predecessor was there. */
  readonly tookOver: boolean;
  /** Fires when a successor accepts connections and this process does not any more: time to close what is idle. */
  readonly superseded: Deferred<void>;
  /** Fires after `superseded`, when all connections have ended or `drainMs` is over, with how many are left: time to stop. */
  readonly drained: Deferred<number>;
  /** Stops listening and takes the offer back. Connections live on. */
  stop(): Promise<void>;
}

/**
 * Listens as `listen` says, with the sockets of the process that offers them at `path` where there is one, which then stops
 * accepting, and offers its own in turn. The sockets are never closed in between, so nobody is refused. Native only.
 *
 * @param path Of a UNIX socket, made with mode 0600: all versions of the service meet there.
 * @returns Fails with a HandoverError where a predecessor is there and does not give way, or with what opening a port threw: the
 * predecessor then goes on. Cancelling closes what was opened; the predecessor goes on unless it was told already.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError; UnsupportedError on Windows and of the pure-JS reactor.
 */
export function serveUpgradable<Names extends string>(
  reactor: Reactor,
  path: string,
  listen: Readonly<Record<Names, OpenPort>>,
  options: UpgradableOptions = {},
): Deferred<UpgradableService<Names>> {
  checkOptions('serveUpgradable', options, OPTIONS);
  checkObject('listen', listen);
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
  /** Whose files are the predecessor's as long as that goes on. */
  const inherited = new Set<ListeningPort<Address>>();
  try {
    for (const name of Object.keys(listen) as Names[]) {
      const fd = taken?.take(name);
      const port = listen[name](fd);
      ports[name] = port;
      if (fd !== undefined) inherited.add(port);
    }
    const opened = ports as Record<Names, ListeningPort<Address>>;
    // There is no way back once the predecessor is told.
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

/** With the predecessor gone, a service that nobody can take over is better than none. */
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
