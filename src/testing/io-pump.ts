/** Joins two protocols by a simulated connection, for tests that wait for no promise. */
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
  /** Has every other piece or so cut short at random, the same seed in the same way. Default: none is. */
  readonly seed?: number;
  /**
   * How what is written in one turn becomes pieces: `identityPumpPolicy`, `collapsingPumpPolicy`, or a function of your own.
   * Default: each write is one.
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
 * Connects two protocols and delivers nothing yet but the connection itself: see {@link IOPump}.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 * @throws TestTransportStateError a protocol ended the connection in `connectionMade`.
 * @throws What a protocol's `connectionMade` threw.
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
 * Two protocols and the connection between them. What one writes gets to the other when the pump is worked, and not
 * before. What a protocol throws is thrown by the call that it happens in.
 *
 * @example
 * const pump = joinProtocols(new EchoServer(), client);
 * client.transport.write('hello');
 * pump.flush();
 */
export class IOPump {
  /** The clock of both, and their trace: `pump.simulation.trace`. */
  readonly simulation: Simulation;
  readonly serverTransport: TCPTransport;
  readonly clientTransport: TCPTransport;
  readonly #connection: SimulatedConnection;

  /** @internal {@link joinProtocols} makes it. */
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
   * One step: whatever happens next, at this moment or, where data is on its way, a little later.
   * @returns False where nothing happens until a timer falls due or a protocol is made to write.
   */
  pump(): boolean {
    return this.simulation.busy && this.simulation.step();
  }

  /**
   * Works the pump until nothing happens any more. Timers fall due only as far as time passes while data travels.
   * @throws SimulationLimitError that takes more than {@link MAX_FLUSH_STEPS} steps.
   */
  flush(): void {
    for (let steps = 0; this.pump(); steps++) {
      if (steps === MAX_FLUSH_STEPS) {
        throw new SimulationLimitError(`the protocols are not quiet after ${steps} steps`);
      }
    }
  }

  /**
   * Lets `ms` pass: timers fall due.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  advance(ms: number): void {
    this.simulation.runSync({ ms });
  }

  /** The network breaks the connection: both protocols are told at once, and what was on its way is lost. */
  disconnect(): void {
    this.#connection.reset();
    this.flush();
  }
}

function firstTransport(reactor: SimulatedReactor): TCPTransport | undefined {
  return [...reactor.open][0] as TCPTransport | undefined;
}
