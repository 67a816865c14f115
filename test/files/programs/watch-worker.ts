/** A worker that watches a folder until it is terminated. Posts when it does. */
import { parentPort, workerData } from 'node:worker_threads';
import { watchFiles } from '../../../src/files/index.js';
import { reactorMaker } from '../../support/reactors.js';

const { reactor: name, folder } = workerData as { reactor: string; folder: string };
const reactor = reactorMaker(name).make();
await watchFiles(reactor, folder).ready();
parentPort?.postMessage('ready');
void reactor.run({ installSignalHandlers: false });
