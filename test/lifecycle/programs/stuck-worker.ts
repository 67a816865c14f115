/** A worker whose look-ups never return: posts a message once their threads are there. */
import { readdirSync } from 'node:fs';
import { setImmediate as nextPass } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { reactorMaker } from '../../support/reactors.js';

const reactor = reactorMaker((workerData as { reactor: string }).reactor).make();
const threads = (): number => readdirSync('/proc/self/task').length;
const before = threads();
for (let i = 0; i < 4; i++) reactor.nameResolver.resolveHostName(`host${i}.stuck`);
while (threads() < before + 4) await nextPass();
parentPort?.postMessage('stuck');
