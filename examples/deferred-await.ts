// Deferreds and promises: callbacks run at once, `await` continues in a microtask, and each converts to the other.
import { readFile } from 'node:fs/promises';
import { Deferred, fail, succeed } from 'ropewalk';

const answer = new Deferred<string>();
answer.addCallback((text) => {
  console.log(`callback: ${text}`);
  return text;
});

async function wait(name: string): Promise<void> {
  console.log(`${name}: ${await answer}`);
}

const waiting = [wait('first'), wait('second')];
answer.callback('the tide');
console.log('callback() has returned');
await Promise.all(waiting);

// `await` also pauses if the result already exists.
const ready = wait('third');
console.log('not yet');
await ready;

try {
  await fail(new Error('out of rope'));
} catch (error) {
  console.log(`caught: ${(error as Error).message}`);
}

// A promise becomes a Deferred, and a callback may return either.
const lines = Deferred.fromPromise((signal) => readFile(import.meta.filename, { signal }))
  .addCallback((bytes) => bytes.toString().split('\n'))
  .addCallback(async (all) => all.filter((line) => line.startsWith('import')).length);
console.log(`${await lines} imports`);

const [one, two] = await Promise.all([succeed(1), Promise.resolve(2)]);
console.log(one + two);
