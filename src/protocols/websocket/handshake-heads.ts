/** The parts of HTTP heads that handshakes read, and the accept value that both roles compute. */
import { hash } from 'node:crypto';

/** A request head: that of an HTTP/1.1 parser, for example. */
export interface HandshakeRequest {
  readonly method: string;
  /** `1.1` or `HTTP/1.1`; `2.0` for an extended CONNECT (RFC 8441) that is presented as a GET with Upgrade. */
  readonly version: string;
  /**
   * The value of a field without surrounding white space; the values of a repeated field, in order, are joined by `, `.
   * @param name In any case.
   */
  field(name: string): string | undefined;
  /** The requested host and port. Default: those of the Host field. */
  readonly host?: string | undefined;
  /** Whether the connection is secured by TLS: then pages that are not are refused. Default false: that is not known. */
  readonly secure?: boolean;
}

/** A response head. */
export interface HandshakeResponse {
  readonly status: number;
  readonly version: string;
  /** {@link HandshakeRequest.field}. */
  field(name: string): string | undefined;
}

/** Fields to send, in order. */
export type HandshakeFields = readonly (readonly [name: string, value: string])[];

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The value of `Sec-WebSocket-Accept` (RFC 6455 section 4.2.2). @param key The value of `Sec-WebSocket-Key`. */
export function acceptValueOf(key: string): string {
  // A Hash object would be garbage with memory outside of V8's heap, which only a full collection frees.
  return hash('sha1', key + GUID, 'base64');
}

export function isHTTP11(version: string): boolean {
  return version === '1.1' || version === 'HTTP/1.1';
}
