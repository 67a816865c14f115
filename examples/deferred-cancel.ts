// Cancelling: by `cancel`, by an AbortSignal, by a timeout, and through a chain down to what does the work.
import { CancelledError, Deferred, TimeoutError } from 'ropewalk';
import { ManualClock } from 'ropewalk/testing';

const clock = new ManualClock(); // a reactor is a clock too

/** Something that takes its time. Cancelled, it stops. */
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

// Waiting for another one: cancelling goes to that, and the chain goes on with what came of it.
const meal = brew('rice', 200)
  .addCallback(() => brew('curry', 5000))
  .addErrback(() => 'bread');
clock.advance(1500);
meal.cancel();
meal.addCallback((food) => console.log(`served: ${food}`));

// The other way round: what speaks AbortSignal is stopped by `cancel`.
const sleep = Deferred.fromPromise<never>(
  (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }),
);
sleep.addErrback((failure) => console.log(`sleep: ${failure.trap(CancelledError).code}`));
sleep.cancel();
