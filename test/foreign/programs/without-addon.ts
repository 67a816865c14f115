/** A foreign loop without the addon, on the pure-JS reactor. Arguments: what is tried. It prints what happened. */
import { attachForeignLoop, type ForeignWait } from '../../../src/foreign/index.js';
import { createReactor } from '../../../src/index.js';

const reactor = createReactor({ kind: 'node' });
const [how = ''] = process.argv.slice(2);
const early: number[] = [];
let until = reactor.now() + 5;
let dispatches = 0;

const attachment = attachForeignLoop(
  reactor,
  {
    name: 'timer',
    prepare: (): ForeignWait => ({ descriptors: [], until }),
    dispatch: () => {
      if (reactor.now() < until) early.push(until - reactor.now());
      dispatches += 1;
      if (how === 'keeps' && dispatches === 20) {
        attachment.unref();
        until = reactor.now() + 3_600_000;
      } else {
        until = reactor.now() + (dispatches % 2);
      }
    },
  },
  { keepAlive: how !== 'refuses' },
);
if (how === 'detaches') attachment.detach();
process.on('exit', () => console.log(`${how}: ${dispatches} dispatches, ${early.length} early`));
