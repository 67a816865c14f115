/** The four forms of request targets (RFC 9112 section 3.2). */
import { isAuthority, isHostWithPort } from './authority.js';

/**
 * `origin`: `/path?query`. `absolute`: `http://host/path`, to proxies. `authority`: `host:port`, with CONNECT only.
 * `asterisk`: `*`, with OPTIONS only.
 */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk';

const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(.*)$/is;

/** @returns `undefined` if the target is invalid for the method. */
export function targetForm(method: string, target: string): TargetForm | undefined {
  if (method === 'CONNECT') return isHostWithPort(target) ? 'authority' : undefined;
  if (target.startsWith('/')) return 'origin';
  if (target === '*') return method === 'OPTIONS' ? 'asterisk' : undefined;
  const authority = Buffer.from(ABSOLUTE.exec(target)?.[2] ?? '', 'latin1');
  // A user name in the authority is refused (RFC 9110 section 4.2.4): '@' is no octet of a host. So is an empty host.
  if (authority.length === 0 || !isAuthority(authority, 0, authority.length)) return undefined;
  return 'absolute';
}

/** The scheme, authority and rest of a target in absolute form. */
export function splitAbsolute(target: string): [scheme: string, authority: string, rest: string] {
  const [, scheme = '', authority = '', rest = ''] = ABSOLUTE.exec(target) ?? [];
  return [scheme.toLowerCase(), authority, rest];
}
