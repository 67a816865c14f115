/** Fails to start processes because there are few descriptors. Prints the numbers of open ones before and after. */
import { closeSync, openSync, readdirSync } from 'node:fs';
import { ProcessProtocol, SpawnError } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const reactor = reactorMaker(process.argv[2]).make();
const count = (): number => readdirSync('/proc/self/fd').length;

class Ending extends ProcessProtocol {
  readonly #ended: () => void;

  constructor(ended: () => void) {
    super();
    this.#ended = ended;
  }

  override processEnded(): void {
    this.#ended();
  }
}

/** Settles when the descriptors of the process are closed, too. */
async function run(): Promise<void> {
  await new Promise<void>((ended) => {
    reactor.spawnProcess(new Ending(ended), '/bin/true');
  });
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

await run();
const before = count();
const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // None is left.
}
let refusals = 0;
// Different calls fail, the fewer descriptors are taken.
for (let i = 0; i < 12; i++) {
  try {
    reactor.spawnProcess(new Ending(() => {}), '/bin/true');
    break;
  } catch (error) {
    if (error instanceof SpawnError) refusals += 1;
  }
  closeSync(taken.pop() as number);
}
for (const fd of taken) closeSync(fd);
await run();
process.stdout.write(`${refusals > 5} ${count() - before}\n`);
process.exit();
