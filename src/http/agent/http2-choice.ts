/** The option `http2` of an agent. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
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
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function http2ChoiceOf({ http2, tls }: HTTP2ChoiceOptions): HTTP2Choice | undefined {
  if (http2 === false) return undefined;
  if (typeof http2 === 'boolean') {
    const hint = 'alpn is the default';
    throw new InvalidArgumentTypeError('http2', 'alpn, prior-knowledge or false', http2, hint);
  }
  if (http2 !== undefined) return checkChoice('http2', http2, HTTP2_CHOICES);
  return (tls as TLSClientOptions | undefined)?.alpnProtocols === undefined ? 'alpn' : undefined;
}
