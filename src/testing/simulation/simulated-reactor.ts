/**
 * A reactor of a simulation: time, ports, connectors and the rules of transports are the very code of the others; time
 * is virtual, and sockets are those of the simulated network.
 */
import { addressFrom } from '../../core/address.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { AcceptError, CannotListenError } from '../../core/errors/listening.js';
import type { RunOptions } from '../../core/reactor.js';
import type { Deferred } from '../../defer/deferred.js';
import { HostedReactor, type OwnNameResolver } from '../../reactor/hosted-reactor.js';
import type { Dial, DialListener } from '../../reactor/streams/stream-connector.js';
import type { ListenSocket, StreamPort } from '../../reactor/streams/stream-port.js';
import type { StreamTransport } from '../../reactor/streams/stream-transport.js';
import type { ConnectSettings, ListenSettings } from '../../reactor/streams/tcp-settings.js';
import type { ManualClock } from '../manual-clock.js';
import type { Host, Listener } from './host.js';
import type { Network } from './network.js';
import { SimulatedNames } from './simulated-names.js';
import { SimulatedTransport } from './simulated-transport.js';
import { virtualLoop } from './virtual-loop.js';

/** @internal What a simulated reactor is made of. */
export interface SimulatedReactorOptions {
  readonly clock: ManualClock;
  readonly network: Network;
  readonly host: Host;
  readonly reportError: ErrorReporter;
}

/**
 * A reactor on one host of a `Simulation`, which makes it: `simulation.host(name)`. It has all of TCP; descriptors are
 * not to be had. Options that make no difference here, such as `noDelay`, are checked and remembered.
 */
export class SimulatedReactor extends HostedReactor {
  override readonly kind = 'node';
  override readonly poller = 'simulation';

  /** @internal Transports whose protocol has not been told of their end. */
  readonly open: Set<SimulatedTransport> = new Set();
  /** @internal */
  bytesReceived = 0;
  /** @internal */
  bytesSent = 0;
  readonly #clock: ManualClock;
  readonly #network: Network;
  readonly #host: Host;
  #turns = 0;

  /** @internal */
  constructor(options: SimulatedReactorOptions) {
    super({ reportError: options.reportError }, virtualLoop(options.clock));
    this.#clock = options.clock;
    this.#network = options.network;
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

  /** As every reactor's, but for signals: they don't stop it unless that is asked for. */
  override run(options: RunOptions = {}): Deferred<void> {
    return super.run({ installSignalHandlers: false, ...options });
  }

  /** @internal */
  override openListenSocket(settings: ListenSettings, port: StreamPort): ListenSocket {
    let listener: Listener;
    try {
      listener = this.#host.listen(settings, {
        accepted: (endpoint, peer, host) => {
          this.beginTurn();
          const transport = new SimulatedTransport(this, port, endpoint, peer, host, settings);
          port.accepted(transport, peer);
          transport.attach();
        },
        acceptFailed: (cause) => this.report(new AcceptError(cause), 'accept'),
      });
    } catch (cause) {
      throw new CannotListenError(settings, { cause });
    }
    return {
      address: addressFrom('TCP', settings.interface || '::', listener.port),
      fileno: () => {
        throw this.unsupported('fileno');
      },
      close: () => this.#host.close(listener),
    };
  }

  /** @internal */
  override dial(
    address: string,
    port: number,
    settings: ConnectSettings,
    listener: DialListener,
  ): Dial {
    const peer = addressFrom('TCP', address, port);
    return this.#network.dial(this.#host, { address, port }, settings, {
      connected: (endpoint, host) => {
        this.beginTurn();
        const transport = new SimulatedTransport(this, listener, endpoint, peer, host, settings);
        listener.dialSucceeded(transport, peer);
        transport.attach();
      },
      failed: (cause) => {
        this.beginTurn();
        listener.dialFailed(cause);
      },
    });
  }

  /** @internal A socket has something to say. */
  beginTurn(): void {
    this.#turns += 1;
    this.runSoon();
  }

  /** @internal */
  inNextTurn(callback: () => void): void {
    this.#clock.callLater(0, callback);
  }

  /** @internal What it waits for, in one line. */
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

  override transports(): Iterable<StreamTransport> {
    return this.open;
  }

  protected override bytes(): { received: number; sent: number; turns: number } {
    return { received: this.bytesReceived, sent: this.bytesSent, turns: this.#turns };
  }

  protected override turnTimes(): { p50Ms: number; p99Ms: number } {
    return { p50Ms: 0, p99Ms: 0 };
  }

  protected override checkSupported(_settings: ListenSettings | ConnectSettings): void {}

  protected override makeNameResolver(): OwnNameResolver {
    return new SimulatedNames(this.#clock, (name) => this.#network.resolve(name));
  }

  protected override release(): void {}
}
