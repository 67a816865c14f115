/** Failures after which a stale response may be used (RFC 5861 section 4). */
import { ConnectError } from '../../../core/errors/connecting.js';
import { ConnectionClosed } from '../../../core/errors/connection.js';
import { HTTPMessageError } from '../../../protocols/http/errors.js';
import {
  HTTPPoolFullError,
  HTTPResponseTimeoutError,
  NoHTTPResponseError,
} from '../../client/errors.js';

export const SERVER_ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

const KINDS = [
  ConnectError,
  ConnectionClosed,
  HTTPMessageError,
  HTTPPoolFullError,
  HTTPResponseTimeoutError,
  NoHTTPResponseError,
];

/** Errors of the server or the network. Not those of TLS: the peer may be another one. */
export function isServerFailure(error: unknown): boolean {
  return KINDS.some((kind) => error instanceof kind);
}
