// Asks over UDP until it is answered, on a network that loses datagrams: `node --import tsx examples/simulated-resolver.ts`
import { ok } from 'node:assert/strict';
import { type Clock, DatagramProtocol, Deferred, type HostPort } from 'ropewalk';
import { type Simulation, simulate } from 'ropewalk/testing';

// Asks once, and takes the first answer for the answer to its last question. Both are bugs.
class HastyAsker extends DatagramProtocol {
  protected readonly clock: Clock;
  readonly #server: HostPort;
  protected question = '';
  protected answer = new Deferred<string>();

  constructor(clock: Clock, server: HostPort) {
    super();
    this.clock = clock;
    this.#server = server;
  }

  ask(question: string): Deferred<string> {
    this.question = question;
    this.answer = new Deferred();
    this.send();
    return this.answer;
  }

  override datagramReceived(data: Buffer): void {
    if (!this.answer.fired) this.answer.callback(data.toString());
  }

  protected send(): void {
    this.transport.write(this.question, this.#server);
  }
}

// Asks again every second, and ignores late and repeated answers to earlier questions.
class PatientAsker extends HastyAsker {
  override datagramReceived(data: Buffer): void {
    if (data.toString().startsWith(`${this.question}=`)) super.datagramReceived(data);
  }

  protected override send(): void {
    if (this.answer.fired) return;
    super.send();
    this.clock.callLater(1000, () => this.send());
  }
}

async function conversation(simulation: Simulation, Asker: typeof HastyAsker): Promise<void> {
  const server = simulation.host('server');
  server.listenUDP(53, (question, from, transport) => transport.write(`${question}=1`, from));
  const client = simulation.host('client');
  const asker = new Asker(client, { host: server.hostAddress, port: 53 });
  client.listenUDP(0, asker);
  for (const name of ['a', 'b', 'c']) {
    const answer = await asker.ask(name);
    ok(answer === `${name}=1`, `the answer to ${name} is ${answer}`);
  }
}

await simulate((simulation) => conversation(simulation, PatientAsker), { runs: 200 });
console.log('PatientAsker: no seed fails.');
for (const faults of [{ loss: 0.2 }, { duplicate: 0.2 }]) {
  await simulate((simulation) => conversation(simulation, HastyAsker), { faults }).catch((error) =>
    console.log(`HastyAsker: ${error.message.split('\n', 1)}`),
  );
}
