// Cancelling: with `cancel`, with an AbortSignal, by a timeout, and through a chain down to the operation.
import { CancelledError, Deferred, TimeoutError } from 'ropewalk';
import { ManualClock } from 'ropewalk/testing';

const clock = new ManualClock(); // a reactor is a clock too

/** An operation that takes some time, and stops when it is cancelled. */
function brew(what: string, durationMs: number): Deferred<string> {
  const brewed = new Deferred<string>(() => {
    call.cancel();
    console.log(`${what}: stopped`);
  });
  const call = clock.callLater(durationMs, () => brewed.callback(what));
  return brewed;
}

function serve(what: string, durationMs: number): Deferred<void> {
  return brew(what, durationMs).addCallbacks(
    (drink) => console.log(`${drink}: ready`),
    (failure) => console.log(`${what}: ${failure.trap(CancelledError).message}`),
  );
}

serve('tea', 300).cancel();

const controller = new AbortController();
brew('coffee', 300)
  .cancelOn(controller.signal)
  .addErrback((failure) => {
    console.log(`coffee: ${failure.message}, since ${failure.value.cause}`);
  });
controller.abort('the kitchen is closed');

brew('soup', 9000)
  .addTimeout(1000, clock)
  .addErrback((failure) => console.log(`soup: ${failure.trap(TimeoutError).message}`));

// While the chain waits for another Deferred, cancelling cancels that one, and the chain continues with its outcome.
const meal = brew('rice', 200)
  .addCallback(() => brew('curry', 5000))
  .addErrback(() => 'bread');
clock.advance(1500);
meal.cancel();
meal.addCallback((food) => console.log(`served: ${food}`));

// In the other direction, `cancel` stops an operation that takes an AbortSignal.
const sleep = Deferred.fromPromise<never>(
  (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }),
);
sleep.addErrback((failure) => console.log(`sleep: ${failure.trap(CancelledError).code}`));
sleep.cancel();
