/** The result of an agent's methods: a Deferred with the methods of the response. */
import { Deferred } from '../../defer/deferred.js';
import type { AgentResponse } from './agent-response.js';

/**
 * Fires with the response when its head has arrived. Cancelling it gives the request up.
 *
 * @example const user = await agent.get('https://example.com/users/7').json<User>();
 */
export class AgentCall extends Deferred<AgentResponse> {
  #cause: unknown;

  /** @internal */
  constructor(sent: Deferred<AgentResponse>) {
    super(() => sent.cancel(this.#cause));
    sent.addCallbacks(
      (response) => {
        if (this.fired) response.abort();
        else this.callback(response);
      },
      (failure) => {
        if (!this.fired) this.errback(failure);
      },
    );
  }

  override cancel(cause?: unknown): void {
    this.#cause = cause;
    super.cancel(cause);
  }

  /** All content: {@link AgentResponse.bytes}. */
  bytes(maxBytes?: number): Deferred<Buffer> {
    return this.addCallback((response) => response.bytes(maxBytes));
  }

  /** All content as text: {@link AgentResponse.text}. */
  text(maxBytes?: number): Deferred<string> {
    return this.addCallback((response) => response.text(maxBytes));
  }

  /** All content, parsed as JSON: {@link AgentResponse.json}. */
  json<T = unknown>(maxBytes?: number): Deferred<T> {
    return this.addCallback((response) => response.json<T>(maxBytes)) as Deferred<T>;
  }

  /** Receives all content and drops it: {@link AgentResponse.drain}. */
  drain(maxBytes?: number): Deferred<void> {
    return this.addCallback((response) => response.drain(maxBytes)) as Deferred<void>;
  }
}
