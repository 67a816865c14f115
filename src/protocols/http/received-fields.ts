/** Received field lines and heads, whichever version of HTTP brought them. */
import type { HTTPVersion } from './heads.js';

/** Values are decoded as Latin-1, a character per octet. Names are compared without case. */
export interface ReceivedFields {
  /** The number of field lines. */
  readonly fieldCount: number;
  has(name: string): boolean;
  /**
   * The value of a field; `undefined` if there is none. The values of several lines are joined by `, `, those of Cookie by `; `. Read those
   * of Set-Cookie with {@link fields}.
   */
  field(name: string): string | undefined;
  /** The values of all lines of a field, in order. */
  fields(name: string): string[];
  /** Each field line as it was received, in order. Names of HTTP/2 are in lower case. */
  rawFields(): Iterable<readonly [name: string, value: string]>;
  /** Makes the fields readable at any time. */
  keep(): this;
}

/** The head of a response. */
export interface ReceivedResponseHead extends ReceivedFields {
  /** 100 to 999. */
  readonly status: number;
  /** The reason phrase; empty in HTTP/2. */
  readonly reason: string;
  readonly version: HTTPVersion;
  /** The value of Content-Length; `undefined` if there is none. */
  readonly contentLength: number | undefined;
}
