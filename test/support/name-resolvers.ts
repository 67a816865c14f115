/** Name resolvers in the hands of a test. */
import {
  Deferred,
  type HostAddress,
  type NameResolver,
  type ResolveOptions,
} from '../../src/index.js';
import { Pulse } from './deadline.js';

/** A question that a {@link HeldResolver} was asked. */
export interface Asked {
  readonly name: string;
  readonly options: ResolveOptions;
  readonly answer: Deferred<readonly HostAddress[]>;
  cancelled: boolean;
}

/** Answers nothing by itself: what it was asked waits for the test. */
export class HeldResolver implements NameResolver {
  readonly asked: Asked[] = [];
  readonly pulse: Pulse = new Pulse();

  resolveHostName(name: string, options: ResolveOptions = {}): Deferred<readonly HostAddress[]> {
    const question: Asked = {
      name,
      options,
      cancelled: false,
      answer: new Deferred(() => {
        question.cancelled = true;
      }),
    };
    this.asked.push(question);
    this.pulse.notify();
    return question.answer;
  }

  /** Settles with the nth question, counted from 0. */
  async question(index = 0): Promise<Asked> {
    await this.pulse.until(() => this.asked.length > index, `question ${index} of a resolver`);
    return this.asked[index] as Asked;
  }
}

/** Addresses of 127.0.0.0/8 and the like, as a resolver gives them. */
export function hostAddresses(...addresses: string[]): HostAddress[] {
  return addresses.map((address) => ({
    address,
    family: address.includes(':') ? 'IPv6' : 'IPv4',
  }));
}
