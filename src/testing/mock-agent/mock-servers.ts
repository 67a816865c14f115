/** The servers of a mock agent: its last layer. Each request has a connection of its own, over which it really goes. */
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../defer/deferred.js';
import type { Failure } from '../../defer/failure.js';
import { fail } from '../../defer/succeed.js';
import type { AgentRequest } from '../../http/agent/agent-request.js';
import type { AgentResponse } from '../../http/agent/agent-response.js';
import { sendAlone } from '../../http/agent/connections.js';
import type { HTTPConnectionPool } from '../../http/client/connection-pool.js';
import { UnexpectedRequestError, UnusedRoutesError } from './errors.js';
import { MockCall } from './mock-call.js';
import { MockConnection } from './mock-connection.js';
import type { MockRoute } from './mock-route.js';

export class MockServers {
  readonly routes: MockRoute[] = [];
  readonly calls: MockCall[] = [];
  readonly unexpected: MockCall[] = [];
  readonly #clock: Clock;
  readonly #pool: HTTPConnectionPool;

  constructor(clock: Clock, pool: HTTPConnectionPool) {
    this.#clock = clock;
    this.#pool = pool;
  }

  send(request: AgentRequest): Deferred<AgentResponse> {
    for (const route of this.routes) {
      const params = route.match(request);
      if (params === undefined) continue;
      const call = new MockCall(request, params);
      this.calls.push(call);
      return this.#carry(request, call, route);
    }
    this.unexpected.push(new MockCall(request, {}));
    const { method, url } = request;
    return fail(new UnexpectedRequestError(method, url.href, this.routes.map(String)));
  }

  /** @throws UnusedRoutesError */
  assertAllUsed(): void {
    const unused = this.routes.filter(({ isUsed }) => !isUsed);
    if (unused.length > 0) throw new UnusedRoutesError(unused.map(String));
  }

  #carry(request: AgentRequest, call: MockCall, route: MockRoute): Deferred<AgentResponse> {
    const answered = new Deferred<AgentResponse>(() => sent.cancel());
    const endpoint = new MockConnection(this.#clock, call, route.use(), (error) => {
      if (answered.fired) return;
      answered.errback(error);
      sent.cancel();
    });
    const origin = { endpoint, authority: request.url.host };
    const spentMs = this.#clock.now() - request.startedMs;
    const sent = sendAlone(this.#pool, origin, request, spentMs);
    sent.addCallbacks(
      (response) => answered.callback(response),
      (failure: Failure) => {
        if (!answered.fired) answered.errback(failure);
      },
    );
    return answered;
  }
}
