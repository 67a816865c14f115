// Runs a stormy simulation with `await` in it, under the seed that it is given, and prints its trace.
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Protocol } from '../../../src/core/protocol.js';
import { AccumulatingProtocol } from '../../../src/testing/accumulating-protocol.js';
import { STORMY } from '../../../src/testing/simulation/faults.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';

class SlowEcho extends Protocol {
  override async dataReceived(data: Buffer): Promise<void> {
    await Promise.resolve();
    this.transport.write(data);
  }
}

/** Eight clients of one server, in a network that does its worst. */
export async function stormTrace(seed: number): Promise<string> {
  const simulation = new Simulation({ seed, faults: STORMY, trace: 'all', reportError: () => {} });
  simulation.host('server').listenTCP(7, SlowEcho);
  const events = new EventTarget();
  for (let i = 0; i < 8; i++) {
    const client = new AccumulatingProtocol();
    simulation.host(`client ${i % 3}`).connectTCP('server', 7, () => client);
    const began = once(events, `begin ${i}`).then(() => client.onConnectionMade);
    void began.then(() => client.transport.write(Buffer.alloc(3_000 * i, i)));
    simulation.callLater(simulation.random.integer(0, 100), () =>
      events.dispatchEvent(new Event(`begin ${i}`)),
    );
  }
  await simulation.run({ ms: 60_000 });
  return String(simulation.trace);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(await stormTrace(Number(process.argv[2])));
}
