/** An attempt to connect over the simulated network, from the first packet to the answer. */
import type { Address } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { systemError } from '../../internal/system-error.js';
import type { Dial } from '../../reactor/streams/dial.js';
import type { SimulatedConnection } from './connection.js';
import type { Endpoint } from './endpoint.js';
import { draw, type FaultSettings } from './faults.js';
import type { Acceptor, Host } from './host.js';
import type { SeededRandom } from './random.js';
import type { Trace } from './trace.js';

/** The caller of an attempt. One of these is called, once, from a later event, unless the attempt is cancelled before. */
export interface Dialler {
  /** Comes before either of the others. */
  beginTurn(): void;
  connected(endpoint: Endpoint, host: Address): void;
  failed(cause: Error): void;
}

/** The destination of an attempt: a port of a host, or a path. */
export interface Destination {
  /** Names it in the trace. */
  readonly name: string;
  readonly peer: Address;
  /** Undefined where no host has the address. */
  readonly to: Host | undefined;
  /** How an attempt may fail by chance. */
  readonly failures: readonly [string, ...string[]];
  /** The local end of the attempt, or the reason that there is none. */
  bind(): Address | Error;
  /** The listener, or the reason that there is none. */
  acceptor(random: SeededRandom): Acceptor | Error;
  error(code: string): Error;
}

export interface AttemptOptions {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  /** Determines this attempt's fate, and its connection's. */
  readonly random: SeededRandom;
  readonly from: Host;
  readonly destination: Destination;
  readonly dialler: Dialler;
  /** Puts a connection to `to` into the network. */
  connect(to: Host, client: Address, server: Address): SimulatedConnection;
  /** Takes a connection that was never made out again. */
  forget(connection: SimulatedConnection): void;
}

export class ConnectAttempt implements Dial {
  readonly #options: AttemptOptions;
  readonly #name: string;
  #cancelled = false;
  #refusal: Error | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.#name = `${options.from.name} -> ${options.destination.name}`;
  }

  begin(): void {
    const { clock, destination, faults, random, trace } = this.#options;
    const { to } = destination;
    trace.add('connections', this.#name, 'connecting');
    const own = destination.bind();
    if (own instanceof Error) {
      clock.callLater(0, () => this.#failed(own));
      return;
    }
    const delay = draw(random.fork('connectDelay'), faults.connectDelayMs);
    const failure = this.#failure();
    if (to === undefined || failure !== undefined) {
      const wait = delay + draw(random, faults.latencyMs);
      clock.callLater(wait, () => this.#failed(failure ?? destination.error('EHOSTUNREACH')));
      return;
    }
    const connection = this.#options.connect(to, own, destination.peer);
    clock.callLater(delay, () => connection.carry('server', () => this.#knock(connection)));
  }

  cancel(): void {
    this.#cancelled = true;
  }

  /** The failure that chance has decided on, if any. */
  #failure(): Error | undefined {
    const { destination, faults, random } = this.#options;
    const fate = random.fork('connectFailure');
    const fails = fate.chance(faults.connectFailure);
    const code = fate.pick(destination.failures);
    return fails ? destination.error(code) : undefined;
  }

  /** The attempt has reached the other host. */
  #knock(connection: SimulatedConnection): void {
    const { destination, faults, forget, random, trace } = this.#options;
    const acceptor = this.#cancelled
      ? destination.error('ECONNREFUSED')
      : destination.acceptor(random);
    // The answer is on its way before the server can send or close.
    connection.carry('client', () => this.#answered(connection));
    if (acceptor instanceof Error) {
      this.#refusal = acceptor;
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
    // Callbacks of this turn may cancel the attempt.
    this.#options.dialler.beginTurn();
    if (this.#refusal !== undefined) this.#fail(this.#refusal);
    else if (this.#cancelled) connection.client.reset('the attempt was cancelled');
    else this.#options.dialler.connected(connection.client, connection.clientAddress);
  }

  #failed(cause: Error): void {
    this.#options.dialler.beginTurn();
    this.#fail(cause);
  }

  #fail(cause: Error): void {
    if (this.#cancelled) return;
    this.#options.trace.add('connections', this.#name, `failed: ${cause.message}`);
    this.#options.dialler.failed(cause);
  }
}
