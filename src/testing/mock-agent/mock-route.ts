/** One route of a mock agent: the requests that it answers, how, and how often. */
import type { AgentRequest } from '../../http/agent/agent-request.js';
import { checkInteger, checkMilliseconds } from '../../internal/check.js';
import type { MockCall } from './mock-call.js';
import { type Behaviour, checkReply, type MockFault, type MockReply } from './mock-reply.js';
import type { MatchURL } from './url-pattern.js';

/**
 * Answers one request with an empty 200, unless its methods say otherwise. Each returns the route.
 *
 * @example agent.on('GET', 'https://api.example/users/:id').reply(({ params }) => ({ json: { id: params.id } })).persist();
 */
export class MockRoute {
  readonly #method: string;
  readonly #match: MatchURL;
  readonly #description: string;
  #behaviour: Behaviour;
  #times = 1;
  #used = 0;

  /** @internal */
  constructor(method: string, match: MatchURL, description: string) {
    this.#method = method;
    this.#match = match;
    this.#description = description;
    const empty = checkReply('reply', {});
    this.#behaviour = { kind: 'reply', answerTo: () => empty };
  }

  /** The number of requests that it has answered. */
  get used(): number {
    return this.#used;
  }

  /**
   * Answers with a response, or with the one that a function makes from the request, whose content is complete. What the function throws
   * fails the request.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  reply(reply: MockReply | ((call: MockCall) => MockReply)): this {
    if (typeof reply === 'function') {
      const answerTo = (call: MockCall) => checkReply('the result of reply', reply(call));
      this.#behaviour = { kind: 'reply', answerTo };
    } else {
      const answer = checkReply('reply', reply);
      this.#behaviour = { kind: 'reply', answerTo: () => answer };
    }
    return this;
  }

  /**
   * The server refuses the connection.
   * @param delayMs Time that this takes, by the agent's clock. Default 0.
   */
  refuse(delayMs = 0): this {
    this.#behaviour = { kind: 'refuse', delayMs: checkMilliseconds('delayMs', delayMs) };
    return this;
  }

  /** The connection is reset: before the response, or behind `afterBytes` of its content. */
  reset(fault: MockFault = {}): this {
    this.#behaviour = { kind: 'reset', answer: checkReply('reset', fault, true) };
    return this;
  }

  /** The server sends nothing more: before the response, or behind `afterBytes` of its content. */
  stall(fault: MockFault = {}): this {
    this.#behaviour = { kind: 'stall', answer: checkReply('stall', fault, true) };
    return this;
  }

  /** @param count How many requests it answers: 1 to 2^31. Default 1. */
  times(count: number): this {
    this.#times = checkInteger('count', count, 1, 2 ** 31);
    return this;
  }

  /** Answers any number of requests, and at least one for `assertAllUsed`. */
  persist(): this {
    this.#times = Number.POSITIVE_INFINITY;
    return this;
  }

  /** For example `GET https://a.example/: used once, expected 2 times`. */
  toString(): string {
    const expected = this.#times === Number.POSITIVE_INFINITY ? 'any number of' : this.#times;
    return `${this.#description}: used ${this.#used} of ${expected} times`;
  }

  /** @internal Whether it was used as often as expected. */
  get isUsed(): boolean {
    return this.#used >= (this.#times === Number.POSITIVE_INFINITY ? 1 : this.#times);
  }

  /** @internal @returns The parameters of the URL; undefined if it does not answer this request. */
  match({ method, url }: AgentRequest): Readonly<Record<string, string>> | undefined {
    if (this.#used >= this.#times) return undefined;
    return this.#method === '*' || this.#method === method ? this.#match(url) : undefined;
  }

  /** @internal */
  use(): Behaviour {
    this.#used += 1;
    return this.#behaviour;
  }
}
