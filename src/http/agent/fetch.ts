/**
 * `fetch` over an agent: Request and Response are those of the platform (https://fetch.spec.whatwg.org), and so are its results and
 * errors. Options that only a browser can mean are refused.
 */
import type { AgentCall } from './agent-call.js';
import { fetchBody } from './fetch-body.js';
import { fetchResponse } from './fetch-response.js';
import { type FieldList, withDefaults, withoutFields } from './field-list.js';
import type { AgentRequestOptions } from './request-options.js';

/** The methods of an agent that are used. */
export interface FetchAgent {
  request(url: string, options: AgentRequestOptions): AgentCall;
}

/** As the function of the platform. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Fields that the option `priority` adds, unless the request has them. */
const PRIORITY_FIELDS: Readonly<Record<string, FieldList>> = {
  high: [['Priority', 'u=1']],
  low: [['Priority', 'u=5']],
};

/** @param base The URL to which others are relative. */
export function fetchOver(agent: FetchAgent, base: URL | undefined): Fetch {
  return async (input, init = {}) => {
    const request = requestOf(input, init, base);
    const signal = init.signal === undefined ? signalOf(input) : (init.signal ?? undefined);
    const facts = { method: request.method, signal, integrity: request.integrity };
    let options: AgentRequestOptions = {};
    try {
      signal?.throwIfAborted();
      options = await optionsOf(request, init, signal);
      const response = await agent.request(request.url, options);
      if (signal?.aborted === true) {
        response.abort();
        throw signal.reason;
      }
      if (request.cache === 'only-if-cached' && response.cached?.hit !== true) {
        response.abort();
        throw new Error('nothing is stored for the request');
      }
      return await fetchResponse(response, facts);
    } catch (cause) {
      leaveBody(request, options);
      if (signal?.aborted === true) throw signal.reason;
      throw new TypeError('fetch failed', { cause });
    }
  };
}

/** A stream that is not read any more is cancelled. */
function leaveBody({ body }: Request, { content }: AgentRequestOptions): void {
  const { return: leave } = (content ?? {}) as Partial<AsyncIterator<unknown>>;
  if (leave !== undefined) void leave.call(content);
  else body?.cancel().catch(() => {});
}

/** A Request follows another signal, and keeps listening to it. */
function signalOf(input: string | URL | Request): AbortSignal | undefined {
  return input instanceof Request ? input.signal : undefined;
}

/** @throws TypeError */
function requestOf(
  input: string | URL | Request,
  init: RequestInit,
  base: URL | undefined,
): Request {
  const isRelative = !(input instanceof Request) && base !== undefined;
  const request = new Request(isRelative ? new URL(input, base) : input, init);
  const { referrer, referrerPolicy, dispatcher } = init as Record<string, unknown>;
  const refuse = (option: string, advice: string): never => {
    throw new TypeError(`fetch of an Agent does not have the option ${option}: ${advice}`);
  };
  // The platform's Request has `only-if-cached` with this mode only.
  const isCached = request.mode === 'same-origin' && request.cache === 'only-if-cached';
  if (request.mode !== 'cors' && !isCached) refuse('mode', 'no page sends the request');
  if (dispatcher !== undefined) refuse('dispatcher', 'an Agent has connections of its own');
  if (referrer !== undefined && referrer !== '' && referrer !== 'about:client') {
    refuse('referrer', 'set the field Referer');
  }
  if (referrerPolicy !== undefined && referrerPolicy !== '' && referrerPolicy !== 'no-referrer') {
    refuse('referrerPolicy', 'Referer is sent if you set it, and to the URL of the request');
  }
  return request;
}

async function optionsOf(
  request: Request,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<AgentRequestOptions> {
  const { method, headers, redirect, credentials, cache, body } = request;
  const { priority = 'auto' } = init as { readonly priority?: string };
  const added = PRIORITY_FIELDS[priority] ?? [];
  const fields = withDefaults(withoutFields([...headers], ['Content-Length']), added);
  const omits = credentials === 'omit';
  return {
    method,
    redirect,
    cache,
    fields,
    ...(signal === undefined ? {} : { signal }),
    ...(omits ? { auth: false, cookies: false } : {}),
    ...(body === null ? {} : await contentOf(request, init, body)),
  };
}

/** Content-Length of the caller is the length of a stream, and otherwise must be right. */
async function contentOf(
  { headers }: Request,
  init: RequestInit,
  stream: ReadableStream<Uint8Array>,
): Promise<Pick<AgentRequestOptions, 'content' | 'contentLength'>> {
  const body = await fetchBody(init.body ?? undefined, stream, headers.get('content-type') ?? '');
  const announced = headers.get('content-length');
  if (announced === null) return body;
  if (!/^\d{1,15}$/.test(announced)) throw new TypeError('Content-Length is no length');
  const length = Number(announced);
  const { content, contentLength } = body;
  const known =
    typeof content === 'string' || content instanceof Uint8Array
      ? Buffer.byteLength(content)
      : contentLength;
  if (known === undefined) return { content, contentLength: length };
  if (known !== length) throw new TypeError('Content-Length is not the length of the body');
  return body;
}
