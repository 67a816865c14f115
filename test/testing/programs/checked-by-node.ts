/** Tests of Node's own runner, checked: the second leaves something behind. */
import { after, afterEach, beforeEach, it } from 'node:test';
import { createReactor, Protocol } from '../../../src/index.js';
import { checkEachTest } from '../../../src/testing/check-each-test.js';

after(() => reactor[Symbol.asyncDispose]());

// Behind the other hooks: this runner runs them in the order in which they are set.
checkEachTest({ beforeEach, afterEach });

const reactor = createReactor({ kind: 'node' });

it('is clean', async () => {
  const listening = reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' });
  await listening.stopListening();
});

it('leaves a delayed call', () => {
  reactor.callLater(60_000, () => {});
});
