/** A request that one resource makes to another. */

import { HTTPRequest } from './http-request.js';
import type { ReceivedHead } from './received-head.js';

/** Fields of the content that the first resource has received. */
const CONTENT_FIELD = /^(?:content-.+|expect|trailer|transfer-encoding)$/i;

/**
 * A request by GET, or HEAD if that is the method of the client, for another target. It has no content. Fields, connection, signal and user
 * are those of the client's request.
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
}

/**
 * The head of the client without the fields of its content and its Upgrade, under another request line. All readers of the head see the same
 * fields: those of the request, and proxies, which read the lines.
 */
function localHead(head: ReceivedHead, target: string): ReceivedHead {
  const kept = head.keep();
  const constant = (value: unknown): PropertyDescriptor => ({ value });
  return Object.create(kept, {
    method: constant(head.method === 'HEAD' ? 'HEAD' : 'GET'),
    target: constant(target),
    originForm: constant(target),
    authority: constant(head.authority),
    contentLength: constant(undefined),
    isChunked: constant(false),
    expectsContinue: constant(false),
    hasUpgrade: constant(false),
    ...fieldReaders(kept),
  }) as ReceivedHead;
}

/** The methods of a section that read its fields, without those of content. */
function fieldReaders(head: ReceivedHead): PropertyDescriptorMap {
  const isLeft = (name: string): boolean => !CONTENT_FIELD.test(name);
  const left = (): [name: string, value: string][] =>
    Array.from(head.rawFields(), ([name, value]): [string, string] => [name, value]).filter(
      ([name]) => isLeft(name),
    );
  const readers: Pick<ReceivedHead, 'has' | 'field' | 'fields' | 'rawList' | 'linesWithout'> = {
    has: (name) => isLeft(name) && head.has(name),
    field: (name) => (isLeft(name) ? head.field(name) : undefined),
    fields: (name) => (isLeft(name) ? head.fields(name) : []),
    rawList: () => left().flat(),
    linesWithout: (filter) =>
      head.linesWithout({
        mayDrop: () => true,
        drops: (lower) => !isLeft(lower) || filter.drops(lower),
      }),
  };
  const descriptors: PropertyDescriptorMap = {
    fieldCount: { get: () => left().length },
    rawFields: { value: () => left().values() },
  };
  for (const [name, value] of Object.entries(readers)) descriptors[name] = { value };
  return descriptors;
}
