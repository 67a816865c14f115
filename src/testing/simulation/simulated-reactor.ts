/**
 * A reactor of a simulation: time, ports, connectors and the rules of transports are the same code as in the other reactors;
 * time is virtual, and sockets are those of the simulated network.
 */
import type { ErrorReporter } from '../../core/error-reporter.js';
import type { RunOptions } from '../../core/reactor-life.js';
import type { SocketTransport } from '../../core/transport.js';
import type { Deferred } from '../../defer/deferred.js';
import { checkString } from '../../internal/check.js';
import { HostedReactor } from '../../reactor/hosted-reactor.js';
import type { Host } from './host.js';
import { SimulatedBackend, type SimulatedPlace } from './simulated-backend.js';
import { virtualLoop } from './virtual-loop.js';

/** @internal The parts of a simulated reactor. */
export interface SimulatedReactorOptions extends SimulatedPlace {
  readonly reportError: ErrorReporter;
}

/**
 * A reactor on one host of a `Simulation`, which makes it: `simulation.host(name)`. It has TCP, UDP and UNIX sockets, and no
 * descriptors. UNIX sockets are names of its host: no file is made. Options that make no difference here, such as `noDelay`, are
 * checked and remembered.
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

  /**
   * Removes the path of a UNIX socket, like unlink(2): its listener stays open, and clients no longer find it. A port
   * that is stopped with `keepFile` leaves a path that has to be removed, or replaced by `wantPID`.
   * @returns Whether it existed.
   */
  unlinkPath(path: string): boolean {
    return this.#host.paths.unlink(checkString('path', path));
  }

  /** @internal Transports whose protocol's `connectionLost` has not been called. */
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
