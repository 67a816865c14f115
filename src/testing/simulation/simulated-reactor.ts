/**
 * A reactor of a simulation: time, ports, connectors and the rules of transports are the same code as in the other reactors;
 * time is virtual, and sockets are those of the simulated network.
 */
import type { ErrorReporter } from '../../core/error-reporter.js';
import type { RunOptions } from '../../core/reactor-life.js';
import type { SocketTransport } from '../../core/transport.js';
import type { Deferred } from '../../defer/deferred.js';
import { HostedReactor } from '../../reactor/hosted-reactor.js';
import type { Host } from './host.js';
import { SimulatedBackend, type SimulatedPlace } from './simulated-backend.js';
import { virtualLoop } from './virtual-loop.js';

/** @internal What a simulated reactor is made of. */
export interface SimulatedReactorOptions extends SimulatedPlace {
  readonly reportError: ErrorReporter;
}

/**
 * A reactor on one host of a `Simulation`, which makes it: `simulation.host(name)`. It has all of TCP, and no descriptors.
 * Options that make no difference here, such as `noDelay`, are checked and remembered.
 */
export class SimulatedReactor extends HostedReactor<SimulatedBackend> {
  readonly #host: Host;

  /** @internal */
  constructor(options: SimulatedReactorOptions) {
    const { reportError, clock } = options;
    super({ reportError }, virtualLoop(clock), (core) => new SimulatedBackend(core, options));
    this.#host = options.host;
  }

  /** The host's name. Others reach it by this name or by its address. */
  get hostName(): string {
    return this.#host.name;
  }

  /** The host's IP address. */
  get hostAddress(): string {
    return this.#host.address;
  }

  /** @internal Transports whose protocol has not been told of their end. */
  get open(): ReadonlySet<SocketTransport> {
    return this.backend.sockets.open;
  }

  /** As for every reactor, except that signals do not stop it by default. */
  override run(options: RunOptions = {}): Deferred<void> {
    return super.run({ installSignalHandlers: false, ...options });
  }

  /** @internal What the reactor is waiting for, in one line. */
  describe(): string {
    const listening = this.#host.describe();
    return [
      this.hostName,
      listening === '' ? 'listens on nothing' : `listens on ${listening}`,
      `${this.connectors.size} attempts to connect`,
      `${this.open.size} transports`,
      `${this.getDelayedCalls().length} delayed calls`,
    ].join('  ');
  }
}
