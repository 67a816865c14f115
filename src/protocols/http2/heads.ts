/** Received heads and trailer sections. They keep no received bytes, and may be read at any time. */
import type { HTTPVersion } from '../http/heads.js';
import type { ReceivedFields, ReceivedResponseHead } from '../http/received-fields.js';
import type { HeaderField } from './hpack/header-field.js';
import type { HTTP2Priority } from './priority.js';

/** Values are decoded as Latin-1, a character per octet. Names are compared without case. */
export class HTTP2Fields implements ReceivedFields {
  private readonly list: readonly HeaderField[];
  private readonly first: number;

  /** @internal @param first The index of the first field that is not a pseudo-header field. */
  constructor(list: readonly HeaderField[], first: number) {
    this.list = list;
    this.first = first;
  }

  /** The number of field lines, without pseudo-header fields. */
  get fieldCount(): number {
    return this.list.length - this.first;
  }

  /** Whether there is a field of this name. */
  has(name: string): boolean {
    return this.find(name.toLowerCase(), this.first) !== -1;
  }

  /**
   * The value of a field; `undefined` if there is none. The values of several lines are joined by `, ` (RFC 9110 section 5.3),
   * those of Cookie by `; ` (RFC 9113 section 8.2.3). Read those of Set-Cookie with {@link fields}.
   */
  field(name: string): string | undefined {
    const lower = name.toLowerCase();
    let index = this.find(lower, this.first);
    if (index === -1) return undefined;
    let value = this.valueAt(index);
    const separator = lower === 'cookie' ? '; ' : ', ';
    for (index = this.find(lower, index + 1); index !== -1; index = this.find(lower, index + 1)) {
      value += separator + this.valueAt(index);
    }
    return value;
  }

  /** The values of all lines of a field, in order; empty if there is none. */
  fields(name: string): string[] {
    const lower = name.toLowerCase();
    return this.list
      .slice(this.first)
      .filter((field) => field.name === lower)
      .map(({ value }) => value);
  }

  /** Each field line as it was received, in order: the name, in lower case, and the value. */
  *rawFields(): Generator<readonly [name: string, value: string], void, undefined> {
    for (const { name, value } of this.list.slice(this.first)) yield [name, value];
  }

  /** Whether the sender forbids every hop to index the field (RFC 7541 section 7.1.3). */
  isSensitive(name: string): boolean {
    const lower = name.toLowerCase();
    return this.list.some((field) => field.name === lower && field.isSensitive);
  }

  /** @internal The fields can be read at any time. */
  keep(): this {
    return this;
  }

  private find(lower: string, from: number): number {
    for (let i = from; i < this.list.length; i++) {
      if ((this.list[i] as HeaderField).name === lower) return i;
    }
    return -1;
  }

  private valueAt(index: number): string {
    return (this.list[index] as HeaderField).value;
  }
}

/** The values of the pseudo-header fields of a request. */
export interface RequestTarget {
  readonly method: string;
  /** In lower case; empty for CONNECT without a protocol. */
  readonly scheme: string;
  /** The host with its port if that is given; that of Host if there is no `:authority`. */
  readonly authority: string;
  /** Path and query, or `*`; empty for CONNECT without a protocol. */
  readonly path: string;
  /** The protocol of extended CONNECT (RFC 8441), such as `websocket`. */
  readonly protocol: string | undefined;
}

/** The head of a received request. */
export class HTTP2RequestHead extends HTTP2Fields implements RequestTarget {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly protocol: string | undefined;
  /** The value of Content-Length; `undefined` if there is none. */
  readonly contentLength: number | undefined;
  /** Whether the client waits for a response with 100 before it sends the content (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  readonly priority: HTTP2Priority;

  /** @internal */
  constructor(
    list: readonly HeaderField[],
    first: number,
    method: string,
    scheme: string,
    authority: string,
    path: string,
    protocol: string | undefined,
    contentLength: number | undefined,
    expectsContinue: boolean,
    priority: HTTP2Priority,
  ) {
    super(list, first);
    this.method = method;
    this.scheme = scheme;
    this.authority = authority;
    this.path = path;
    this.protocol = protocol;
    this.contentLength = contentLength;
    this.expectsContinue = expectsContinue;
    this.priority = priority;
  }
}

/** The head of a received response. */
export class HTTP2ResponseHead extends HTTP2Fields implements ReceivedResponseHead {
  /** 100 to 999. */
  readonly status: number;
  /** The value of Content-Length; `undefined` if there is none. */
  readonly contentLength: number | undefined;

  /** @internal */
  constructor(
    list: readonly HeaderField[],
    first: number,
    status: number,
    contentLength: number | undefined,
  ) {
    super(list, first);
    this.status = status;
    this.contentLength = contentLength;
  }

  /** Always empty. */
  get reason(): string {
    return '';
  }

  get version(): HTTPVersion {
    return '2.0';
  }
}
