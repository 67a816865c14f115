/** Simulations as stages of contracts: virtual time is run until what a case waits for has come. */

import type { Clock } from '../../src/core/clock.js';
import type { FactoryLike } from '../../src/core/factory.js';
import { reportError } from '../../src/internal/error-report.js';
import type { ContractStage } from '../../src/testing/contracts/contract-case.js';
import type { ReactorStage } from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import type { SimulationFaults } from '../../src/testing/simulation/faults.js';
import { Simulation } from '../../src/testing/simulation/simulation.js';

/** Longer than data is under way in any weather of these tests, shorter than timeouts are. */
const SETTLED_MS = 20_000;

export function stageOf(simulation: Simulation, hosts: readonly string[]): ContractStage {
  return {
    async until(condition, what) {
      try {
        await simulation.run(condition);
      } catch (cause) {
        throw new Error(`${what} did not come: ${(cause as Error).message}`, { cause });
      }
    },
    settle: () => simulation.run({ ms: SETTLED_MS }),
    async dispose() {
      const disposals = hosts.map((name) => simulation.host(name)[Symbol.asyncDispose]());
      await simulation.run(Promise.all(disposals));
    },
  };
}

/** Puts a factory around another. */
export type WrapFactory = (factory: FactoryLike, clock: Clock) => FactoryLike;

/** Pairs of transports on two hosts of a network. */
export function simulatedPairs(
  faults: SimulationFaults,
  wrap: WrapFactory = (factory) => factory,
): MakePair {
  return (client, server) => {
    const simulation = new Simulation({ faults, reportError, trace: 'connections' });
    const [here, there] = [simulation.host('client'), simulation.host('server')];
    there.listenTCP(
      7,
      wrap(() => server, there),
    );
    here.connectTCP(
      'server',
      7,
      wrap(() => client, here),
    );
    return stageOf(simulation, ['client', 'server']);
  };
}

/** Pairs of transports over a UNIX socket of one host. */
export function simulatedUNIXPairs(faults: SimulationFaults): MakePair {
  return (client, server) => {
    const simulation = new Simulation({ faults, reportError, trace: 'connections' });
    const reactor = simulation.host('host');
    reactor.listenUNIX('/run/pair', () => server);
    reactor.connectUNIX('/run/pair', () => client);
    return stageOf(simulation, ['host']);
  };
}

/** A reactor on a host of its own. */
export function simulatedReactor(faults: SimulationFaults = {}): ReactorStage {
  const simulation = new Simulation({ faults, reportError, trace: 'connections' });
  const host = '10.0.0.1';
  return { reactor: simulation.host(host), host, ...stageOf(simulation, [host]) };
}
