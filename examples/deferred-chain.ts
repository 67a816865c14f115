// Callbacks and errbacks: orders wait for prices, and each failure is handled where something can be done about it.
import { Deferred } from 'ropewalk';

class UnknownItemError extends Error {
  readonly item: string;

  constructor(item: string) {
    super(`there is no price for ${item}`);
    this.item = item;
  }
}

const prices = new Map([
  ['rope', 250],
  ['tar', 90],
]);

/** The price in cents. It arrives in a later turn, like an answer from the network. */
function priceOf(item: string): Deferred<number> {
  const answer = new Deferred<number>();
  setImmediate(() => {
    const price = prices.get(item);
    if (price === undefined) answer.errback(new UnknownItemError(item));
    else answer.callback(price);
  });
  return answer;
}

function order(item: string, count: number): Deferred<string> {
  return priceOf(item)
    .addCallback((price) => {
      if (price * count > 1000) throw new RangeError('too much for one order');
      return price * count;
    })
    .addCallback((total) => priceOf('tar').addCallback((tar) => total + tar)) // waits for a second price
    .addCallback((total) => `${count} x ${item}, with tar: ${total} cents`)
    .addErrback((failure) => `${failure.trap(UnknownItemError).item} is not sold here`);
}

function show(item: string, count: number): void {
  order(item, count).addCallbacks(console.log, (failure) => {
    console.log(`${item}: ${failure.message}`);
  });
}

show('rope', 3);
show('wire', 1);
show('rope', 5);
