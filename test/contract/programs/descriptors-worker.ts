/** A worker with open sockets that starts programs. Posts the descriptors that each of them has. */
import { parentPort, workerData } from 'node:worker_threads';
import { reactorMaker } from '../../support/reactors.js';
import { childDescriptorLists, openPairs } from '../child-descriptors.js';

const { reactor: name } = workerData as { readonly reactor: string };
const reactor = reactorMaker(name).make();
await openPairs(reactor, 50);
parentPort?.postMessage('ready');
await new Promise((resolve) => parentPort?.once('message', resolve));
parentPort?.postMessage(await childDescriptorLists(reactor, 40));
parentPort?.close();
await reactor[Symbol.asyncDispose]();
