/** A reactor whose delayed calls throw 5,000 times. */
import { subscribe } from 'node:diagnostics_channel';
import { createReactor } from '../../../src/index.js';

let published = 0;
subscribe('ropewalk.error', () => {
  published += 1;
});

const reactor = createReactor({ kind: 'node' });
for (let i = 0; i < 5000; i++) {
  reactor.callLater(0, () => {
    throw new Error(`failure ${i}`);
  });
}
reactor.callLater(0, () => reactor.stop());
await reactor.run();
console.log(`${published} published`);
