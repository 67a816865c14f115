/** The Response of `fetch`, made of the response of an agent. */
import type { AgentResponse } from './agent-response.js';
import { verifiedContent } from './integrity.js';

/** A Response cannot have content with these (https://fetch.spec.whatwg.org/#null-body-status). */
const NULL_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
/** The largest status that the constructor of Response accepts. */
const MAX_STATUS = 599;

export interface FetchFacts {
  readonly method: string;
  readonly signal: AbortSignal | undefined;
  /** The hashes that the content must have; empty: any content. */
  readonly integrity: string;
}

export async function fetchResponse(
  response: AgentResponse,
  { method, signal, integrity }: FetchFacts,
): Promise<Response> {
  const { status } = response;
  const headers = new Headers();
  for (const [name, value] of response.rawFields()) headers.append(name, value);
  const hasBody = method !== 'HEAD' && !NULL_BODY.has(status);
  if (!hasBody) response.discard();
  const body = !hasBody
    ? null
    : integrity === ''
      ? bodyOf(response, signal)
      : await verifiedContent(response, integrity);
  const isUsual = status <= MAX_STATUS;
  const made = new Response(body, {
    status: isUsual ? status : 200,
    statusText: response.reason,
    headers,
  });
  const facts = {
    url: response.url.split('#', 1)[0] ?? '',
    redirected: response.redirects.length > 0,
    type: typeOf(response),
    ...(isUsual ? {} : { status, ok: false }),
  };
  return withFacts(made, facts);
}

/** `cors` after a redirection to another origin, as on the platform. */
function typeOf({ url, redirects }: AgentResponse): 'basic' | 'cors' {
  const { origin } = new URL(url);
  return redirects.every((from) => new URL(from).origin === origin) ? 'basic' : 'cors';
}

/** The constructor of Response cannot set these. A clone has them too. */
function withFacts(response: Response, facts: Readonly<Record<string, unknown>>): Response {
  for (const [name, value] of Object.entries(facts)) {
    Object.defineProperty(response, name, { value, configurable: true });
  }
  const clone = (): Response => withFacts(Response.prototype.clone.call(response), facts);
  return Object.defineProperty(response, 'clone', { value: clone, configurable: true });
}

/** A stream of bytes, as that of the platform. Each piece is read when it is asked for. */
function bodyOf(
  response: AgentResponse,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const pieces = response[Symbol.asyncIterator]();
  let aborted = (): void => {};
  const settle = (): void => signal?.removeEventListener('abort', aborted);
  return new ReadableStream(
    {
      type: 'bytes',
      start(controller): void {
        aborted = () => controller.error(signal?.reason);
        signal?.addEventListener('abort', aborted, { once: true });
      },
      async pull(controller): Promise<void> {
        try {
          const { done, value } = await pieces.next();
          if (signal?.aborted === true) return;
          if (done !== true) {
            controller.enqueue(ownMemory(value));
            return;
          }
          settle();
          controller.close();
          controller.byobRequest?.respond(0);
        } catch (cause) {
          settle();
          if (signal?.aborted !== true) controller.error(new TypeError('terminated', { cause }));
        }
      },
      async cancel(): Promise<void> {
        settle();
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream of bytes takes the memory of each piece over: it must hold nothing else. */
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isOwn = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isOwn ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);
}
