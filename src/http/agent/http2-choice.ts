/** The option `http2` of an agent. */
import { checkChoice } from '../../internal/check.js';
import type { TLSClientOptions } from '../../tls/client-context.js';
import { HTTP2_CHOICES, type HTTP2Choice } from '../client/connection-source.js';

export interface HTTP2ChoiceOptions {
  readonly http2?: HTTP2Choice | false;
  readonly tls?: object;
}

/**
 * Protocols that the caller chose for TLS are kept.
 * @returns Undefined: HTTP/1.1.
 * @throws InvalidArgumentValueError
 */
export function http2ChoiceOf({ http2, tls }: HTTP2ChoiceOptions): HTTP2Choice | undefined {
  if (http2 === false) return undefined;
  if (http2 !== undefined) return checkChoice('http2', http2, HTTP2_CHOICES);
  return (tls as TLSClientOptions | undefined)?.alpnProtocols === undefined ? 'alpn' : undefined;
}
