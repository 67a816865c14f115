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

function run(): Promise<void> {
  return new Promise((ended) => {
    reactor.spawnProcess(new Ending(ended), '/bin/true');
  });
}

/** The number of descriptors when it is no more than `most`, or after `ms`: they are closed soon after the end of a process. */
async function countWithin(ms: number, most: number): Promise<number> {
  const latest = performance.now() + ms;
  while (count() > most && performance.now() < latest) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count();
}

const atStart = count();
await run();
// The first process may have opened what later ones use.
const before = await countWithin(500, atStart);
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
    await run();
    break;
  } catch (error) {
    if (error instanceof SpawnError) refusals += 1;
  }
  closeSync(taken.pop() as number);
}
for (const fd of taken) closeSync(fd);
await run();
process.stdout.write(`${refusals > 5} ${(await countWithin(5_000, before)) - before}\n`);
process.exit();
