/** Look-ups in the hands of a test: what was begun waits for the test to answer it. */
import type { HostAddress } from '../../src/index.js';
import { type LookUp, SharedLookups } from '../../src/resolver/shared-lookups.js';
import { hostAddresses } from '../support/name-resolvers.js';

export interface Begun {
  readonly name: string;
  readonly family: number;
  readonly done: (error: Error | null, found: readonly HostAddress[]) => void;
}

export class LookupDesk {
  readonly begun: Begun[] = [];
  readonly lookups: SharedLookups;
  /** What holds the program up. */
  held = 0;

  constructor(options: { maxAtOnce?: number; maxWaiting?: number; lookUp?: LookUp } = {}) {
    this.lookups = new SharedLookups({
      lookUp: (name, family, done) => void this.begun.push({ name, family, done }),
      maxAtOnce: 2,
      keepAlive: () => {
        this.held += 1;
        return () => {
          this.held -= 1;
        };
      },
      ...options,
    });
  }

  get names(): string[] {
    return this.begun.map(({ name }) => name);
  }

  answer(index: number, ...addresses: string[]): void {
    this.begun[index]?.done(null, hostAddresses(...addresses));
  }

  refuse(index: number, code: string): void {
    const error = new Error(`getaddrinfo ${code}`);
    this.begun[index]?.done(Object.assign(error, { code, syscall: 'getaddrinfo' }), []);
  }
}
