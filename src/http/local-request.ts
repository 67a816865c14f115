/** A request that a resource makes of another one in the same server, on behalf of a client. */

import type { RequestHead } from '../protocols/http/heads.js';
import { HTTPRequest } from './http-request.js';

/** Fields of the content that the first resource has received. */
const CONTENT_FIELD = /^(?:content-.+|expect|trailer|transfer-encoding)$/i;

/**
 * A request by GET, or HEAD if that is the method of the client, for another target. It has no content, and otherwise what the request
 * of the client has: fields, connection, signal and user.
 */
export class LocalRequest extends HTTPRequest {
  readonly #original: HTTPRequest;

  /** @param target In origin form: a path, perhaps with a query, in visible ASCII. */
  constructor(original: HTTPRequest, target: string) {
    super(original.source, localHead(original.head, target));
    this.#original = original;
    this.isComplete = true;
    for (const name of ['user', 'failure'] as const) {
      Object.defineProperty(this, name, {
        get: () => original[name],
        set(value: never) {
          original[name] = value;
        },
      });
    }
  }

  override get signal(): AbortSignal {
    return this.#original.signal;
  }

  override abandon(reason: unknown): void {
    this.#original.abandon(reason);
  }

  override field(name: string): string | undefined {
    return CONTENT_FIELD.test(name) ? undefined : super.field(name);
  }

  override fields(name: string): string[] {
    return CONTENT_FIELD.test(name) ? [] : super.fields(name);
  }

  override has(name: string): boolean {
    return !CONTENT_FIELD.test(name) && super.has(name);
  }

  override *rawFields(): Iterable<readonly [name: string, value: string]> {
    for (const field of super.rawFields()) if (!CONTENT_FIELD.test(field[0])) yield field;
  }
}

/** The fields of a head, under another request line. */
function localHead(head: RequestHead, target: string): RequestHead {
  const constant = (value: unknown): PropertyDescriptor => ({ value });
  return Object.create(head.keep(), {
    method: constant(head.method === 'HEAD' ? 'HEAD' : 'GET'),
    target: constant(target),
    originForm: constant(target),
    authority: constant(head.authority),
    contentLength: constant(undefined),
    isChunked: constant(false),
    expectsContinue: constant(false),
  }) as RequestHead;
}
