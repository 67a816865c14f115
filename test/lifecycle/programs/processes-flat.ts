/**
 * Starts many processes, which end in different ways, and prints what is left of them: descriptors, memory, and children that have not
 * been reaped. Arguments: the reactor's name, the number of processes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { ProcessProtocol, SpawnError } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';
import { look } from './figures.js';

/** Processes at a time, and how many of all are started before the first look. */
const LANES = 8;
const WARM_UP = 0.3;

class Ending extends ProcessProtocol {
  readonly gone: Promise<void>;
  #ended: () => void = () => {};

  constructor() {
    super();
    this.gone = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  override processEnded(): void {
    this.#ended();
  }
}

const [name, count] = process.argv.slice(2);
const maker = reactorMaker(name);
const reactor = maker.make();

/** In turn: one that ends by itself, one that reads to the end, one that is killed, one that is refused, one with a terminal. */
const ENDINGS: readonly ((protocol: Ending) => void)[] = [
  (protocol) => void reactor.spawnProcess(protocol, '/bin/true'),
  (protocol) => reactor.spawnProcess(protocol, '/bin/cat').closeStdin(),
  (protocol) => reactor.spawnProcess(protocol, '/bin/cat').signalProcess('SIGKILL'),
  (protocol) => {
    try {
      reactor.spawnProcess(protocol, '/nonexistent');
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      protocol.processEnded();
    }
  },
  (protocol) => void reactor.spawnProcess(protocol, '/bin/true', { pty: maker.native }),
];

async function run(from: number, to: number): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      const protocol = new Ending();
      ENDINGS[next++ % ENDINGS.length]?.(protocol);
      await protocol.gone;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

function children(): string {
  const threads = readdirSync('/proc/self/task');
  return threads.map((id) => readFileSync(`/proc/self/task/${id}/children`, 'utf8')).join('');
}

const all = Number(count);
const first = Math.floor(all * WARM_UP);
await run(0, first);
const before = await look();
await run(first, all);
const after = await look();
process.stdout.write(JSON.stringify({ before, after, children: children() }));
