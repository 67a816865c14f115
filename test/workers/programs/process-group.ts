/** A program of a group of two worker processes: says the port, stops them on SIGINT, and ends by itself then. */
import { runWorkers } from '../../../src/workers/index.js';

const group = runWorkers(new URL('./commanded.ts', import.meta.url), {
  workers: 2,
  kind: 'processes',
  data: {},
  reactor: { kind: 'native' },
  onEvent: ({ type, worker, ...more }) => {
    if ('id' in more) console.log(`${type} ${worker} ${more.id}`);
  },
});
process.once('SIGINT', async () => {
  await group.stop();
  console.log('stopped');
});
await group.ready;
console.log(`port ${group.addresses[0]?.port}`);
