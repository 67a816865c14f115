/** An agent whose servers are played by routes of a test. */
import type { Clock } from '../../core/clock.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { Deferred } from '../../defer/deferred.js';
import { Agent } from '../../http/agent/agent.js';
import { AGENT_OPTION_NAMES, type AgentOptions } from '../../http/agent/agent-options.js';
import { parseHTTPURL } from '../../http/agent/urls.js';
import { HTTPConnectionPool } from '../../http/client/connection-pool.js';
import { POOL_OPTION_NAMES } from '../../http/client/settings.js';
import { checkClock, checkString } from '../../internal/check.js';
import {
  checkOptions,
  type OptionNames,
  omitOptions,
  pickOptions,
} from '../../internal/options.js';
import type { MockCall } from './mock-call.js';
import { MockRoute } from './mock-route.js';
import { MockServers } from './mock-servers.js';
import { type MockURL, urlMatcher } from './url-pattern.js';

type Connecting = Pick<
  AgentOptions,
  'endpointFor' | 'http2' | 'pool' | 'proxy' | 'proxyTLS' | 'send' | 'tls'
>;

/** Those of an Agent that do not say how to connect. */
export type MockAgentOptions = Omit<AgentOptions, keyof Connecting>;

const CONNECTING: OptionNames<Connecting> = {
  endpointFor: true,
  http2: true,
  pool: true,
  proxy: true,
  proxyTLS: true,
  send: true,
  tls: true,
};

const NAMES = omitOptions(AGENT_OPTION_NAMES, CONNECTING) as OptionNames<MockAgentOptions>;

/**
 * An Agent that sends nothing to the network: its requests are answered by routes. Redirections, cookies, retries, decoding, time limits and
 * content are those of every agent, and each request is serialized and parsed by HTTP/1.1 in memory, also those with `https:`.
 *
 * Replies without a delay need no clock: they come in a later microtask, so `await` them. Delays and time limits pass on the clock of the
 * agent.
 *
 * A request that no route answers fails with an UnexpectedRequestError.
 *
 * @example
 * const agent = new MockAgent(new ManualClock());
 * agent.on('GET', 'https://api.example/users/:id').reply({ json: { name: 'Ada' } });
 * expect(await agent.get('https://api.example/users/7').json()).toEqual({ name: 'Ada' });
 * agent.assertAllUsed();
 */
export class MockAgent extends Agent {
  readonly #mocked: HTTPConnectionPool;
  readonly #servers: MockServers;
  readonly #base: URL | undefined;

  /**
   * @param clock A ManualClock or a reactor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, options: MockAgentOptions = {}) {
    checkClock('clock', clock);
    checkOptions('MockAgent', options, NAMES);
    const pool = new HTTPConnectionPool(clock, pickOptions(options, POOL_OPTION_NAMES));
    const servers = new MockServers(clock, pool);
    const others = omitOptions(options, POOL_OPTION_NAMES) as AgentOptions;
    super(clockAlone(clock), { ...others, pool, send: (request) => servers.send(request) });
    this.#mocked = pool;
    this.#servers = servers;
    const { baseURL } = options;
    this.#base = baseURL === undefined ? undefined : parseHTTPURL(baseURL, undefined);
  }

  /** The requests that were answered, in order; each redirection and retry is one. */
  get calls(): readonly MockCall[] {
    return this.#servers.calls;
  }

  /** The requests that no route answered. */
  get unexpected(): readonly MockCall[] {
    return this.#servers.unexpected;
  }

  /**
   * Adds a route. Of several that match a request, the first that is not used up answers it.
   *
   * @param method Case-sensitive; `*`: all.
   * @param url Relative to `baseURL` if the agent has one. See {@link MockURL}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  on(method: string, url: MockURL): MockRoute {
    checkString('method', method);
    const description = typeof url === 'function' ? 'a function' : String(url);
    const route = new MockRoute(method, urlMatcher(url, this.#base), `${method} ${description}`);
    this.#servers.routes.push(route);
    return route;
  }

  /** @throws UnusedRoutesError routes were used less often than expected: see `times` and `persist`. */
  assertAllUsed(): void {
    this.#servers.assertAllUsed();
  }

  /** As {@link Agent.close}. */
  override close(): Deferred<void> {
    return this.#mocked.close();
  }

  /** As {@link Agent.abort}. */
  override abort(): Deferred<void> {
    return this.#mocked.abort();
  }
}

/** A reactor that has a clock only. */
function clockAlone(clock: Clock): Clock & ReactorTCP {
  const refuse = (): never => {
    throw new UnsupportedError('TCP', 'a mock agent uses no network');
  };
  return {
    now: () => clock.now(),
    callLater: (delayMs, callback, ...args) => clock.callLater(delayMs, callback, ...args),
    getDelayedCalls: () => clock.getDelayedCalls(),
    connectTCP: refuse,
    listenTCP: refuse,
  };
}
