// What the workloads of Deferreds share: both contenders do the same step for step, in batches, and give a sum that is checked.
//
// Promises do nothing before their microtasks run. A batch ends with one `await` of the promise that settles last: as microtasks
// run in the order in which they were queued, all others of the batch have settled then. That is one `await` for a hundred
// operations, with no turn of the event loop. The executor below makes no closure either, which no program would bother to do.

export type Contender = 'Deferred' | 'promise';

/** Does `count` operations, and gives the sum of what came out. */
type Batch = (count: number) => Promise<number> | number;

export interface Workload {
  readonly name: string;
  /** Operations of a batch. */
  readonly count: number;
  /** What a batch of `count` gives. */
  readonly expected: (count: number) => number;
  readonly run: Readonly<Record<Contender, Batch>>;
}

interface Resolvers {
  readonly promise: Promise<number>;
  readonly resolve: (value: number) => void;
  readonly reject: (reason: Error) => void;
}

let lastResolve: Resolvers['resolve'] = () => {};
let lastReject: Resolvers['reject'] = () => {};

function keepResolvers(resolve: Resolvers['resolve'], reject: Resolvers['reject']): void {
  lastResolve = resolve;
  lastReject = reject;
}

/** As `Promise.withResolvers`, which Node 20 lacks. */
export function withResolvers(): Resolvers {
  const promise = new Promise<number>(keepResolvers);
  return { promise, resolve: lastResolve, reject: lastReject };
}

let sum = 0;

/** Adds to the sum of the batch. */
export function tally(value: number): void {
  sum += value;
}

/** The sum of the numbers below `n`: that of the indices of a batch. */
export function sumBelow(n: number): number {
  return (n * (n - 1)) / 2;
}

/** A batch of operations each of which is over when `act` returns. */
export function atOnce(act: (index: number) => void): Batch {
  return (count) => {
    sum = 0;
    for (let i = 0; i < count; i++) act(i);
    return sum;
  };
}

/** A batch of operations that have begun when `begin` returns, and are over when its promise has settled. */
export function settled(begin: (index: number) => Promise<void>): Batch {
  return async (count) => {
    sum = 0;
    let last: Promise<void> | undefined;
    for (let i = 0; i < count; i++) last = begin(i);
    await last;
    return sum;
  };
}

/** A batch that has a shape of its own. */
export function whole(run: (count: number) => Promise<void> | void): Batch {
  return (count) => {
    sum = 0;
    const done = run(count);
    return done === undefined ? sum : done.then(() => sum);
  };
}
