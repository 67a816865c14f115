// Generators as coroutines: `yield*` waits for a Deferred and continues when it fires, not in a later microtask.
import { CancelledError, Deferred, inlineCallbacks, succeed } from 'ropewalk';

const asked: string[] = [];
const answers: Deferred<string>[] = [];

/** A question whose answer the main program gives. */
function ask(question: string): Deferred<string> {
  const answer = new Deferred<string>();
  asked.push(question);
  answers.push(answer);
  return answer;
}

const interview = inlineCallbacks(function* (greeting: string) {
  yield* succeed(); // already fired: no pause
  console.log(greeting);
  const name = yield* ask('name?'); // typed as a string
  try {
    const trade = yield* ask('trade?');
    return `${name}, ${trade}`;
  } catch (error) {
    if (error instanceof CancelledError) return `${name}, in a hurry`;
    throw error;
  }
});

const first = interview('welcome');
first.addCallback((line) => console.log(line));
answers[0]?.callback('Ada');
answers[1]?.callback('ropemaker');
console.log('that was the first');

// Cancelling cancels the Deferred that it waits for, and throws the error at that `yield*`.
const second = interview('good evening');
second.addCallback((line) => console.log(line));
answers[2]?.callback('Bob');
second.cancel();

const third = interview('hello');
third.addErrback((failure) => console.log(`the third: ${failure.message}`));
answers[4]?.errback(new Error('no answer'));

console.log(asked.join(' '));
