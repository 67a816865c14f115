/** A worker that starts programs, which run until their input ends, and is terminated meanwhile. Posts their numbers. */
import { parentPort, workerData } from 'node:worker_threads';
import { ProcessProtocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const { reactor: name } = workerData as { readonly reactor: string };
const reactor = reactorMaker(name).make();
const pids = [1, 2, 3].map(() => reactor.spawnProcess(new ProcessProtocol(), '/bin/cat').pid);
parentPort?.postMessage(pids);
void reactor.run({ installSignalHandlers: false });
