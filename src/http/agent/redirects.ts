/**
 * The layer that follows redirections as browsers do (https://fetch.spec.whatwg.org/#http-redirect-fetch), except that fewer things go to another
 * origin: credentials, cookies and Host do not, nor do a user and password in Location.
 */
import type { Clock } from '../../core/clock.js';
import type { Deferred } from '../../defer/deferred.js';
import { type AgentRequest, isReplayable } from './agent-request.js';
import type { AgentResponse } from './agent-response.js';
import { drainBriefly } from './brief-drain.js';
import { HTTPRedirectError } from './errors.js';
import { withoutFields } from './field-list.js';
import type { Interceptor, Send } from './send.js';
import { hasUser, isHTTP } from './urls.js';

export interface RedirectSettings {
  readonly allowInsecureRedirects: boolean;
  readonly credentialFields: readonly string[];
}

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const SEE_OTHER = 303;

/** Fields that belong to an origin. */
const OF_ORIGIN: readonly string[] = ['Authorization', 'Proxy-Authorization', 'Cookie', 'Host'];

/** Fields that describe content. */
const OF_CONTENT: readonly string[] = [
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Location',
  'Content-Type',
];

export function redirects(clock: Clock, settings: RedirectSettings): Interceptor {
  return (next) => (request) =>
    request.redirect === 'manual' ? next(request) : follow(clock, settings, next, request, []);
}

function follow(
  clock: Clock,
  settings: RedirectSettings,
  next: Send,
  request: AgentRequest,
  visited: readonly string[],
): Deferred<AgentResponse> {
  return next(request).addCallback((response) => {
    const locations = locationsOf(response);
    if (locations === undefined) {
      return visited.length === 0 ? response : response.redirectedFrom(visited);
    }
    let onward: AgentRequest;
    try {
      onward = redirected(settings, request, response.status, locations, visited.length);
    } catch (error) {
      response.discard();
      throw error;
    }
    return drainBriefly(clock, response).addCallback(() =>
      follow(clock, settings, next, onward, [...visited, response.url]),
    );
  });
}

/** The values of Location; undefined if the response is no redirection. */
function locationsOf(response: AgentResponse): readonly string[] | undefined {
  if (!REDIRECTIONS.has(response.status)) return undefined;
  const values = new Set(response.fields('location'));
  if (values.size === 0) return undefined;
  // Octets outside ASCII are UTF-8.
  return [...values].map((value) => Buffer.from(value, 'latin1').toString());
}

/** @throws HTTPRedirectError */
function redirected(
  { allowInsecureRedirects, credentialFields }: RedirectSettings,
  request: AgentRequest,
  status: number,
  locations: readonly string[],
  count: number,
): AgentRequest {
  const url = targetOf(request, locations);
  const refuse = (rule: HTTPRedirectError['rule'], limit?: number): never => {
    throw new HTTPRedirectError(rule, request.url.href, url.href, limit);
  };
  if (request.redirect === 'error') refuse('refused');
  if (count >= request.maxRedirects) refuse('limit', request.maxRedirects);
  if (!isHTTP(url)) refuse('scheme');
  const isInsecure = request.url.protocol === 'https:' && url.protocol === 'http:';
  if (isInsecure && !allowInsecureRedirects) refuse('insecure');
  let onward: AgentRequest = { ...request, url };
  if (becomesGet(status, request.method)) onward = asGet(onward);
  else if (!isReplayable(request)) refuse('content-once');
  if (url.origin === request.url.origin) return onward;
  const fields = withoutFields(onward.fields, [...OF_ORIGIN, ...credentialFields]);
  return { ...onward, fields, auth: undefined };
}

/** @throws HTTPRedirectError */
function targetOf({ url }: AgentRequest, [location = '', ...others]: readonly string[]): URL {
  if (others.length > 0 || !URL.canParse(location, url.href)) {
    throw new HTTPRedirectError('location', url.href, location);
  }
  const target = new URL(location, url);
  if (hasUser(target)) {
    target.username = '';
    target.password = '';
  }
  if (target.hash === '') target.hash = url.hash;
  return target;
}

function becomesGet(status: number, method: string): boolean {
  if (status === SEE_OTHER) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

function asGet(request: AgentRequest): AgentRequest {
  return {
    ...request,
    method: 'GET',
    fields: withoutFields(request.fields, OF_CONTENT),
    content: undefined,
    contentLength: undefined,
    trailers: undefined,
    idempotent: undefined,
    continueTimeoutMs: undefined,
  };
}
