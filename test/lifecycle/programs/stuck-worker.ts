/** A worker whose look-ups never return: posts a message once all hang. */
import { setImmediate as nextPass } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { reactorMaker } from '../../support/reactors.js';
import { hungLookups } from '../../support/stuck-lookups.js';

const reactor = reactorMaker((workerData as { reactor: string }).reactor).make();
for (let i = 0; i < 4; i++) reactor.nameResolver.resolveHostName(`host${i}.stuck`);
while (hungLookups() < 4) await nextPass();
parentPort?.postMessage('stuck');
