/** The pseudo-header fields of a request to be sent (RFC 9113 section 8.3.1, RFC 8441 section 4). */
import { isAuthority } from '../http/authority.js';
import { InvalidHTTPOutputError } from '../http/errors.js';
import { checkText, checkToken } from '../http/field-block.js';
import { HOST, TARGET } from '../http/octets.js';
import type { RequestTarget } from './heads.js';

/** @returns Names and values in turn. @throws InvalidHTTPOutputError */
export function requestPseudoFields(target: RequestTarget): string[] {
  const { method, scheme, authority, path, protocol } = target;
  checkToken('method', method);
  checkAuthority(authority);
  const isTunnel = method === 'CONNECT' && protocol === undefined;
  if (isTunnel) return [':method', method, ':authority', authority];
  checkText('scheme', scheme, HOST);
  checkText('path', path, TARGET);
  if (!/^[a-z]/.test(scheme)) throw new InvalidHTTPOutputError('scheme', 'is not in lower case');
  if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS')) {
    throw new InvalidHTTPOutputError('path', 'does not begin with /');
  }
  const list = [':method', method, ':scheme', scheme, ':authority', authority, ':path', path];
  if (protocol === undefined) return list;
  if (method !== 'CONNECT') {
    throw new InvalidHTTPOutputError('protocol', 'belongs to CONNECT only');
  }
  checkToken('protocol', protocol);
  list.push(':protocol', protocol);
  return list;
}

function checkAuthority(authority: string): void {
  const bytes = Buffer.from(authority, 'latin1');
  if (authority !== '' && isAuthority(bytes, 0, bytes.length)) return;
  throw new InvalidHTTPOutputError('authority', 'is not a host with an optional port');
}
