/** Scenes for stuck-lookups.test.ts: `stuck-lookups.ts <reactor> <scene>`. Names that end with `.stuck` are never found. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate as nextPass } from 'node:timers/promises';
import { CancelledError, type Deferred, NameLookupFailedError } from '../../../src/index.js';
import { ProgramWorker } from '../../support/child.js';
import { reactorMaker } from '../../support/reactors.js';
import { hungLookups, releaseStuckLookups } from '../../support/stuck-lookups.js';

const [, , reactorName = '', scene = ''] = process.argv;
const WORKER = new URL('./stuck-worker.ts', import.meta.url);

/** Made by the scene: one of them must not load the addon in this thread. */
const makeReactor = (): ReturnType<ReturnType<typeof reactorMaker>['make']> =>
  reactorMaker(reactorName).make();

const pass = (): void => void process.stdout.write('ok\n');

/** Asks for names that are never found. However the scene ends, nobody misses them. */
function ask(reactor: ReturnType<typeof makeReactor>, count: number): Deferred<unknown>[] {
  return Array.from({ length: count }, (_, i) =>
    reactor.nameResolver
      .resolveHostName(`host${i}.stuck`, { timeoutMs: 0 })
      .addErrback((failure) => failure.trap(CancelledError, NameLookupFailedError)),
  );
}

const threads = (): number => readdirSync('/proc/self/task').length;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextPass();
}

const scenes: Record<string, () => unknown> = {
  async 'files-are-read'() {
    ask(makeReactor(), 100);
    for (let i = 0; i < 20; i++) await readFile('package.json');
    pass();
    releaseStuckLookups();
    process.exit(7);
  },
  async 'other-names'() {
    const reactor = makeReactor();
    ask(reactor, 1);
    // The system reads it as 127.0.0.1, and it is no IP address to Node.
    const [found] = await reactor.nameResolver.resolveHostName('127.1');
    if (found?.address === '127.0.0.1') pass();
    releaseStuckLookups();
    process.exit(7);
  },
  exit: () => {
    ask(makeReactor(), 20);
    setImmediate(() => {
      pass();
      process.exit(7);
    });
  },
  async 'end-when-cancelled'() {
    for (const answer of ask(makeReactor(), 20)) setImmediate(() => answer.cancel());
    pass();
    process.exitCode = 7;
  },
  async 'terminated-worker'() {
    const before = threads();
    const worker = new ProgramWorker(WORKER, { reactor: reactorName });
    await worker.message();
    const beside = threads();
    await worker.worker.terminate();
    // The stuck ones are still there, and the addon, which only the worker has loaded, must be.
    if (beside - before < 4 || threads() <= before) throw new Error('nothing is stuck');
    releaseStuckLookups();
    await until(() => threads() <= before);
    pass();
    process.exit(7);
  },
  async 'disposed-reactor'() {
    const reactor = makeReactor();
    ask(reactor, 4);
    await until(() => hungLookups() === 4);
    await reactor[Symbol.asyncDispose]();
    releaseStuckLookups();
    await nextPass();
    pass();
    process.exitCode = 7;
  },
};

const play = scenes[scene];
if (play === undefined) throw new Error(`no scene is called ${scene}`);
await play();
