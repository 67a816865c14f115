/** Joins two protocols by a simulated connection, for tests that don't await. */
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { TCPTransport } from '../core/transport.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { PumpPolicy } from './pump-policy.js';
import type { SimulatedConnection } from './simulation/connection.js';
import { SimulationLimitError, TestTransportStateError } from './simulation/errors.js';
import type { SimulationFaults } from './simulation/faults.js';
import type { SimulatedReactor } from './simulation/simulated-reactor.js';
import { Simulation } from './simulation/simulation.js';

/** {@link IOPump.flush} gives up after this many steps. */
const MAX_FLUSH_STEPS: number = 100_000;

export interface JoinOptions {
  /** Data is delivered in pieces of at most this many bytes. Default 64 KiB. */
  readonly chunkBytes?: number;
  /** How long each piece travels. Default 0. */
  readonly latencyMs?: number;
  /** Cuts about every other piece short at random, determined by the seed. Default: none. */
  readonly seed?: number;
  /**
   * How the writes of one turn become pieces: `identityPumpPolicy`, `collapsingPumpPolicy`, or a function of your own.
   * Default: each write is one piece.
   */
  readonly pumpPolicy?: PumpPolicy;
}

const OPTIONS: OptionNames<JoinOptions> = {
  chunkBytes: true,
  latencyMs: true,
  seed: true,
  pumpPolicy: true,
};

/**
 * Connects two protocols and delivers nothing except the connection itself: see {@link IOPump}.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 * @throws TestTransportStateError a protocol ended the connection in `connectionMade`.
 * @throws The exception of a protocol's `connectionMade`.
 */
export function joinProtocols(
  server: StreamProtocol,
  client: StreamProtocol,
  options: JoinOptions = {},
): IOPump {
  checkOptions('joinProtocols', options, OPTIONS);
  const { chunkBytes, latencyMs = 0, seed, pumpPolicy } = options;
  const faults: SimulationFaults = {
    latencyMs,
    ...(chunkBytes !== undefined && { maxPieceBytes: chunkBytes }),
    ...(seed !== undefined && { split: 0.5 }),
  };
  const simulation = new Simulation({
    faults,
    seed: seed ?? 1,
    ...(pumpPolicy !== undefined && { pumpPolicy }),
  });
  return new IOPump(simulation, server, client);
}

/**
 * Two protocols and the connection between them. Bytes that one writes reach the other only while the pump is worked.
 * An exception of a protocol is thrown by the call in which it happens.
 *
 * @example
 * const pump = joinProtocols(new EchoServer(), client);
 * client.transport.write('hello');
 * pump.flush();
 */
export class IOPump {
  /** The clock of both protocols, and their trace: `pump.simulation.trace`. */
  readonly simulation: Simulation;
  readonly serverTransport: TCPTransport;
  readonly clientTransport: TCPTransport;
  readonly #connection: SimulatedConnection;

  /** @internal Made by {@link joinProtocols}. */
  constructor(simulation: Simulation, server: StreamProtocol, client: StreamProtocol) {
    this.simulation = simulation;
    const serverReactor = simulation.host('server');
    const clientReactor = simulation.host('client');
    const port = serverReactor.listenTCP(80, () => server);
    let built = false;
    clientReactor.connectTCP('server', 80, () => {
      built = true;
      return client;
    });
    let serverTransport: TCPTransport | undefined;
    let clientTransport: TCPTransport | undefined;
    simulation.runSync(() => {
      serverTransport ??= firstTransport(serverReactor);
      clientTransport ??= firstTransport(clientReactor);
      return built;
    });
    const [connection] = simulation.connections;
    if (
      connection === undefined ||
      serverTransport === undefined ||
      clientTransport === undefined
    ) {
      throw new TestTransportStateError('joinProtocols: the connection was ended at once');
    }
    port.stopListening();
    this.#connection = connection;
    this.serverTransport = serverTransport;
    this.clientTransport = clientTransport;
  }

  /**
   * One step: the next event, now or, if data is on its way, a little later.
   * @returns False if nothing happens until a timer falls due or a protocol is made to write.
   */
  pump(): boolean {
    return this.simulation.busy && this.simulation.step();
  }

  /**
   * Works the pump until nothing happens any more. Timers fall due only if time passes while data travels.
   * @throws SimulationLimitError it takes more than {@link MAX_FLUSH_STEPS} steps.
   */
  flush(): void {
    for (let steps = 0; this.pump(); steps++) {
      if (steps === MAX_FLUSH_STEPS) {
        throw new SimulationLimitError(`the protocols are not quiet after ${steps} steps`, steps);
      }
    }
  }

  /**
   * Advances the time by `ms`; timers fall due.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  advance(ms: number): void {
    this.simulation.runSync({ ms });
  }

  /** The network breaks the connection: `connectionLost` of both protocols is called at once; data on its way is lost. */
  disconnect(): void {
    this.#connection.reset();
    this.flush();
  }
}

function firstTransport(reactor: SimulatedReactor): TCPTransport | undefined {
  return [...reactor.open][0] as TCPTransport | undefined;
}
