// Several Deferreds: gathered results, listed outcomes, a race, at most two at a time, and a queue.
import {
  Deferred,
  DeferredQueue,
  DeferredSemaphore,
  deferredList,
  FirstError,
  fail,
  gatherResults,
  race,
  succeed,
} from 'ropewalk';

gatherResults([succeed('hemp'), Promise.resolve(12)]).addCallback(([fibre, strands]) => {
  console.log(`gathered: ${fibre}, ${strands} strands`); // a string and a number
});

gatherResults([succeed(1), fail(new Error('wet'))], { consumeErrors: true }).addErrback(
  (failure) => {
    const { index, message } = failure.trap(FirstError);
    console.log(`gathering ended at ${index}: ${message}`);
  },
);

deferredList([succeed('dry'), fail(new Error('wet'))], { consumeErrors: true }).addCallback(
  (outcomes) => {
    for (const [succeeded, result] of outcomes) {
      console.log(succeeded ? `listed: ${result}` : `listed: ${result.message}`);
    }
  },
);

const slow = new Deferred<string>(() => console.log('race: the loser is cancelled'));
const fast = new Deferred<string>();
race([slow, fast]).addCallback(([index, result]) => console.log(`race: ${index}, ${result}`));
fast.callback('fast');

const benches = new DeferredSemaphore(2);
const work: Deferred<string>[] = [];
for (const rope of ['a', 'b', 'c']) {
  benches.run(() => {
    const done = new Deferred<string>();
    work.push(done);
    console.log(`rope ${rope} begins`);
    return done;
  });
}
console.log(`waiting for a bench: ${benches.waiting}`);
work[0]?.callback('done'); // now there is room for c

const queue = new DeferredQueue<string>();
queue.get().addCallback((order) => console.log(`taken: ${order}`));
queue.put('ten fathoms');
queue.put('two fathoms');
queue.close();
for await (const order of queue) console.log(`iterated: ${order}`);
