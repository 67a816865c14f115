/** Calls into threads have the types of the function that they call. */
import { describe, expectTypeOf, it } from 'vitest';
import type { Deferred } from '../../src/index.js';
import { type Thread, threadModule } from '../../src/threads/index.js';

declare const thread: Thread;

type Module = {
  readonly add: (a: number, b: number) => number;
  readonly load: (name: string) => Promise<Uint8Array>;
  readonly limit: number;
};

describe('the result of a call', () => {
  it('has the type that the function returns', () => {
    const typesOnly = (): void => {
      const typed = threadModule<Module>('/m.js');
      expectTypeOf(thread.call(typed, 'add', [1, 2])).toEqualTypeOf<Deferred<number>>();
      expectTypeOf(thread.call(typed, 'load', ['x'])).toEqualTypeOf<Deferred<Uint8Array>>();
      // @ts-expect-error: there is no such function
      thread.call(typed, 'subtract', [1, 2]);
      // @ts-expect-error: it is no function
      thread.call(typed, 'limit', []);
      // @ts-expect-error: an argument is missing
      thread.call(typed, 'add', [1]);
      // @ts-expect-error: an argument has another type
      thread.call(typed, 'add', [1, '2']);
    };
    expectTypeOf(typesOnly).toBeFunction();
  });

  it('is unknown if the types of the module are unknown', () => {
    const typesOnly = (): void => {
      const url = new URL('file:///m.js');
      expectTypeOf(thread.call(url, 'anything', [1])).toEqualTypeOf<Deferred<unknown>>();
      expectTypeOf(thread.call(threadModule(url), 'f', [])).toEqualTypeOf<Deferred<unknown>>();
    };
    expectTypeOf(typesOnly).toBeFunction();
  });
});
