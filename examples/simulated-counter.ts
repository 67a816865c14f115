// Finds a bug that appears only if the network splits a line, and shows that the fix works:
// `node --import tsx examples/simulated-counter.ts`
import { ok } from 'node:assert/strict';
import { Protocol } from 'ropewalk';
import { AccumulatingProtocol, type Simulation, simulate } from 'ropewalk/testing';

// Answers each line with its length. The bug: it assumes that data arrives in whole lines.
class HastyCounter extends Protocol {
  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true);
  }

  override dataReceived(data: Buffer): void {
    this.count(data.toString().split('\n').slice(0, -1));
  }

  // The peer has finished sending, and so has this side.
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }

  protected count(lines: string[]): void {
    for (const line of lines) this.transport.write(`${line.length}\n`);
  }
}

// Keeps an unfinished line until the rest of it arrives.
class PatientCounter extends HastyCounter {
  #unfinished = '';

  override dataReceived(data: Buffer): void {
    const lines = (this.#unfinished + data).split('\n');
    this.#unfinished = lines.pop() ?? '';
    this.count(lines);
  }
}

// One conversation over a simulated network. Each seed makes a different network.
async function conversation(simulation: Simulation, Counter: new () => Protocol): Promise<void> {
  simulation.host('server').listenTCP(7, Counter);
  const client = new AccumulatingProtocol();
  simulation.host('client').connectTCP('server', 7, () => client);
  await client.onConnectionMade;
  client.transport.write('one\nthree\nseventeen\n');
  client.transport.loseWriteConnection();
  await client.onConnectionLost;
  ok(client.text === '3\n5\n9\n', `the counts are ${JSON.stringify(client.text)}`);
}

await simulate((simulation) => conversation(simulation, PatientCounter), { runs: 200 });
console.log('PatientCounter: no seed fails.\n');

try {
  await simulate((simulation) => conversation(simulation, HastyCounter));
} catch (error) {
  console.log(`HastyCounter: ${(error as Error).message}`);
}
