/** A program made with `react`, whose main function ends in the way that its first argument names. */
import { Deferred } from '../../../src/defer/deferred.js';
import { CancelledError } from '../../../src/defer/errors.js';
import { inlineCallbacks } from '../../../src/defer/inline-callbacks.js';
import { createReactor } from '../../../src/reactor/create-reactor.js';
import { deferLater } from '../../../src/task/defer-later.js';
import { ExitError } from '../../../src/task/errors.js';
import { react } from '../../../src/task/react.js';

const endings: Readonly<Record<string, () => unknown>> = {
  succeed: async () => console.log('done'),
  exit: async () => {
    throw new ExitError(42);
  },
  fail: async () => {
    throw new Error('main has failed');
  },
  throw: () => {
    throw new Error('main has thrown');
  },
  wait: () => {
    reactor.callWhenRunning(() => console.log('waiting'));
    return new Deferred(() => console.log('cancelled'));
  },
  'wait and clean up': inlineCallbacks(function* () {
    reactor.callWhenRunning(() => console.log('waiting'));
    try {
      yield* new Deferred<void>();
    } catch (error) {
      console.log(error instanceof CancelledError ? 'cancelled' : 'broken');
      yield* deferLater(reactor, 10);
      console.log('cleaned up');
      throw new ExitError(7);
    }
  }),
};

const reactor = createReactor({ kind: 'node' });
// Something that goes on keeps the process from ending by itself.
setInterval(() => {}, 60_000);
await react((_reactor, ending: string) => endings[ending]?.() as Promise<unknown>, {
  reactor,
  argv: [process.argv[2] ?? ''],
});
