/** Functions that the tests call in threads. */
import {
  blockingCallFromThread,
  callFromThread,
  callSignal,
  isCallCancelled,
  withTransfer,
} from '../../../src/threads/index.js';

export const notAFunction = 1;

export class OutOfStockError extends Error {
  readonly code = 'ERR_OUT_OF_STOCK';
  readonly left = 3;
}

export function add(a: number, b: number): number {
  return a + b;
}

export async function later(value: string): Promise<string> {
  await new Promise((resolve) => setImmediate(resolve));
  return value;
}

const order: string[] = [];

/** The order in which calls began and ended. */
export async function noted(name: string): Promise<readonly string[]> {
  order.push(`${name} began`);
  await new Promise((resolve) => setTimeout(resolve, 1));
  order.push(`${name} ended`);
  return [...order];
}

export function fail(kind: 'type' | 'own' | 'string' | 'aggregate'): never {
  if (kind === 'type') {
    const cause = Object.assign(new Error('inner'), { code: 'EACCES' });
    throw new TypeError('outer', { cause });
  }
  if (kind === 'own') throw new OutOfStockError('no apples');
  if (kind === 'aggregate') throw new AggregateError([new RangeError('first')], 'all failed');
  // biome-ignore lint/style/useThrowOnlyError: this is the case.
  throw 'a string';
}

/** Promises that break their rules. */
export function broken(kind: 'throws' | 'settles twice'): unknown {
  return {
    then(resolve: (value: string) => void): void {
      if (kind === 'throws') throw new RangeError('from then');
      resolve('first');
      setImmediate(() => resolve('second'));
    },
  };
}

export function exit(code: number): never {
  process.exit(code);
}

/** Throws outside the call. */
export function crash(): Promise<never> {
  setImmediate(() => {
    throw new RangeError('crashed');
  });
  return new Promise(() => {});
}

export function unsendable(): () => void {
  return () => {};
}

export function bytes(length: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length);
  return withTransfer(made, [made.buffer]);
}

let kept: Uint8Array | undefined;

export function keep(length: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length);
  kept = made;
  return withTransfer(made, [made.buffer]);
}

export function keptLength(): number {
  return kept?.length ?? -1;
}

export function byteLength(data: Uint8Array): number {
  return data.byteLength;
}

/** Computes, without returning to its loop, until it is cancelled; says so with `tell`. */
export function computeUntilCancelled(): void {
  blockingCallFromThread('started');
  const signal = callSignal();
  if (signal.aborted) return;
  while (!isCallCancelled());
  blockingCallFromThreadAfterCancel(signal);
}

function blockingCallFromThreadAfterCancel(signal: AbortSignal): void {
  void callFromThread('stopped', signal.aborted).catch(() => {});
}

let heard = 0;

export async function waitUntilCancelled(): Promise<void> {
  const signal = callSignal();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      heard += 1;
      resolve();
    });
  });
  await callFromThread('started');
  await aborted;
}

export function abortsHeard(): number {
  return heard;
}

/** Never ends by itself. */
export function compute(): void {
  blockingCallFromThread('started');
  for (;;);
}

export function ask(name: string, ...args: readonly unknown[]): unknown {
  return blockingCallFromThread(name, ...args);
}

export async function askLater(name: string, ...args: readonly unknown[]): Promise<unknown> {
  return callFromThread(name, ...args);
}

/** What `blockingCallFromThread` throws. */
export function failureOf(name: string): string {
  try {
    blockingCallFromThread(name);
  } catch (error) {
    return String(error);
  }
  return 'nothing';
}

const remembered: string[] = [];

export function remember(text: string): void {
  remembered.push(text);
}

export async function tellRemembered(): Promise<void> {
  await callFromThread('told', remembered);
  await callFromThread('done');
}

/** Throws after the call. */
export function crashLater(): void {
  setImmediate(() => {
    throw new RangeError('crashed later');
  });
}
