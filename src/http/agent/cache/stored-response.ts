/** The parts of a response that a cache keeps. All but the content is plain data, so that stores can serialize it as JSON. */
import type { HTTPVersion } from '../../../protocols/http/heads.js';
import type { ResponseFacts } from '../agent-response.js';
import type { FieldList } from '../field-list.js';

/** Times are in milliseconds; those of the clock are since 1970. */
export interface StoredHead {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly version: HTTPVersion;
  /** Without Age, and without the fields of the connection. */
  readonly fields: FieldList;
  /** The time of the clock at which it was received or last validated. */
  readonly receivedMs: number;
  /** Its age at that time. */
  readonly initialAgeMs: number;
  /** The age up to which it is fresh. */
  readonly lifetimeMs: number;
  /** How long it may be used after that, while it is validated. */
  readonly staleWhileRevalidateMs: number;
  /** How long it may be used after that, if the server fails. */
  readonly staleIfErrorMs: number;
  /** Whether it must not be used when it is stale. */
  readonly mustRevalidate: boolean;
  /** Whether it must be validated before each use. */
  readonly noCache: boolean;
}

/** The entry of a URL: the request fields on which its responses depend. They are stored under keys that begin with the URL and `id`. */
export interface StoredVariants {
  readonly kind: 'variants';
  /** Names in lower case, sorted. */
  readonly vary: readonly string[];
  readonly id: string;
}

/** A value of a store. */
export interface CacheEntry {
  /** Plain data. */
  readonly head: StoredHead | StoredVariants;
  /** Do not change it. Empty for variants. */
  readonly content: Buffer;
}

export interface StoredResponse extends CacheEntry {
  readonly head: StoredHead;
}

/** The head of an answer from the cache. */
export class StoredFacts implements ResponseFacts {
  readonly status: number;
  readonly reason: string;
  readonly version: HTTPVersion;
  readonly #fields: FieldList;

  /** @param fields Those of the answer, Age included. */
  constructor(head: Pick<StoredHead, 'status' | 'reason' | 'version'>, fields: FieldList) {
    this.status = head.status;
    this.reason = head.reason;
    this.version = head.version;
    this.#fields = fields;
  }

  get contentLength(): number | undefined {
    const length = this.field('content-length');
    return length === undefined ? undefined : Number(length);
  }

  field(name: string): string | undefined {
    const values = this.fields(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  fields(name: string): string[] {
    const lower = name.toLowerCase();
    const values: string[] = [];
    for (const [own, value] of this.#fields) {
      if (own.length === lower.length && own.toLowerCase() === lower) values.push(value);
    }
    return values;
  }

  has(name: string): boolean {
    return this.fields(name).length > 0;
  }

  rawFields(): Iterable<readonly [name: string, value: string]> {
    return this.#fields.values();
  }
}
