/** An attempt to connect over the simulated network, from the first packet to the answer. */
import { addressFrom, type IPAddress } from '../../core/address.js';
import { systemError } from '../../internal/system-error.js';
import type { Dial } from '../../reactor/streams/dial.js';
import type { ConnectSettings } from '../../reactor/streams/tcp-settings.js';
import type { ManualClock } from '../manual-clock.js';
import type { SimulatedConnection } from './connection.js';
import type { Endpoint } from './endpoint.js';
import { draw, type FaultSettings } from './faults.js';
import type { Host } from './host.js';
import type { SeededRandom } from './random.js';
import type { Trace } from './trace.js';

/** Who dials. One of these is called, once, from a later event, unless the attempt is cancelled before. */
export interface Dialler {
  connected(endpoint: Endpoint, host: IPAddress): void;
  failed(cause: Error): void;
}

/** What is to be connected. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

export interface AttemptOptions {
  /** Counts the attempts of the network. */
  readonly number: number;
  readonly clock: ManualClock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  /** Determines this attempt's fate, and its connection's. */
  readonly random: SeededRandom;
  readonly from: Host;
  /** Undefined where no host has the address. */
  readonly to: Host | undefined;
  readonly destination: Destination;
  readonly dialler: Dialler;
  /** Puts a connection to `to` into the network. */
  connect(to: Host, client: IPAddress, server: IPAddress): SimulatedConnection;
  /** Takes a connection that was never made out again. */
  forget(connection: SimulatedConnection): void;
}

export class ConnectAttempt implements Dial {
  readonly #options: AttemptOptions;
  readonly #peer: IPAddress;
  readonly #name: string;
  #cancelled = false;

  constructor(options: AttemptOptions) {
    const { from, to, destination } = options;
    this.#options = options;
    this.#peer = addressFrom('TCP', destination.address, destination.port);
    this.#name = `${from.name} -> ${to?.name ?? destination.address}:${destination.port}`;
  }

  begin(settings: ConnectSettings): void {
    const { clock, faults, from, random, to, trace } = this.#options;
    trace.add('connections', this.#name, 'connecting');
    const own = from.bind(settings, this.#peer.host);
    if (own instanceof Error) {
      clock.callLater(0, () => this.#fail(own));
      return;
    }
    const delay = draw(random.fork('connectDelay'), faults.connectDelayMs);
    const failure = this.#failure();
    if (to === undefined || failure !== undefined) {
      const wait = delay + draw(random, faults.latencyMs);
      clock.callLater(wait, () => this.#fail(failure ?? this.#error('EHOSTUNREACH')));
      return;
    }
    const connection = this.#options.connect(to, own, this.#peer);
    clock.callLater(delay, () => connection.carry('server', () => this.#knock(to, connection)));
  }

  cancel(): void {
    this.#cancelled = true;
  }

  /** How fate has it fail. */
  #failure(): Error | undefined {
    const { faults, random } = this.#options;
    const fate = random.fork('connectFailure');
    const fails = fate.chance(faults.connectFailure);
    const code = fate.pick(['ECONNREFUSED', 'EHOSTUNREACH']);
    return fails ? this.#error(code) : undefined;
  }

  /** It has reached the other host. */
  #knock(to: Host, connection: SimulatedConnection): void {
    const { number, faults, forget, random, trace } = this.#options;
    const acceptor = this.#cancelled
      ? undefined
      : to.acceptorFor(this.#peer.host, this.#peer.port, number);
    // The answer is on its way before the server can send or close.
    connection.carry('client', () => this.#answered(connection));
    if (acceptor === undefined) {
      forget(connection);
      return;
    }
    connection.accepted = true;
    trace.add('connections', connection.name, 'connected');
    const { clientAddress, serverAddress } = connection;
    if (random.fork('acceptFailure').chance(faults.acceptFailure)) {
      connection.server.reset('it could not be accepted');
      acceptor.acceptFailed(systemError('accept', 'EMFILE'));
    } else {
      acceptor.accepted(connection.server, clientAddress, serverAddress);
    }
  }

  #answered(connection: SimulatedConnection): void {
    if (!connection.accepted) this.#fail(this.#error('ECONNREFUSED'));
    else if (this.#cancelled) connection.client.reset('nobody wants it any more');
    else this.#options.dialler.connected(connection.client, connection.clientAddress);
  }

  #fail(cause: Error): void {
    if (this.#cancelled) return;
    this.#options.trace.add('connections', this.#name, `failed: ${cause.message}`);
    this.#options.dialler.failed(cause);
  }

  #error(code: string): Error {
    return systemError('connect', code, this.#peer.host, this.#peer.port);
  }
}
