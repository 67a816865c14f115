/** The pseudo-header fields of a request to be sent (RFC 9113 section 8.3.1, RFC 8441 section 4). */
import { isAuthority, isHostWithPort } from '../http/authority.js';
import { InvalidHTTPOutputError } from '../http/errors.js';
import { checkText, checkToken } from '../http/field-block.js';
import { HOST, TARGET } from '../http/octets.js';
import type { RequestTarget } from './heads.js';

/** @returns Names and values in turn. @throws InvalidHTTPOutputError */
export function requestPseudoFields(target: RequestTarget): string[] {
  const { method, scheme, authority, path, protocol } = target;
  checkToken('method', method);
  const isTunnel = method === 'CONNECT' && protocol === undefined;
  checkAuthority(authority, isTunnel);
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

function checkAuthority(authority: string, needsPort: boolean): void {
  // Octets for the check are made of the low eight bits of each character.
  const isText = authority !== '' && !/[^\x21-\x7e]/.test(authority);
  if (!isText || !isAuthorityText(authority)) {
    throw new InvalidHTTPOutputError('authority', 'is not a host with an optional port');
  }
  if (needsPort && !isHostWithPort(authority)) {
    throw new InvalidHTTPOutputError('authority', 'of CONNECT is not a host with a port');
  }
}

function isAuthorityText(authority: string): boolean {
  const bytes = Buffer.from(authority, 'latin1');
  return isAuthority(bytes, 0, bytes.length);
}
