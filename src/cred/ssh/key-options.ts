/** The options of authorised keys that this package enforces: `from` and `expiry-time`. */
import { BlockList, isIP } from 'node:net';

/**
 * Whether a pattern list matches an address: wildcards, networks such as `10.0.0.0/8`, and `!` before patterns that exclude. Host
 * names never match, because an attacker may control their look-up. A list with a malformed network matches nothing, as in sshd.
 */
export function matchesFrom(list: string, peer: string | undefined): boolean {
  if (peer === undefined || isIP(peer) === 0) return false;
  let matched = false;
  for (const pattern of list.split(',').map((one) => one.trim())) {
    const excluded = pattern.startsWith('!');
    const matches = matchesAddress(excluded ? pattern.slice(1) : pattern, peer);
    if (matches === undefined || (matches && excluded)) return false;
    matched ||= matches;
  }
  return matched;
}

/** @returns Undefined if the pattern is a malformed network. */
function matchesAddress(pattern: string, peer: string): boolean | undefined {
  const [network = '', prefix, ...more] = pattern.split('/');
  const family = isIP(network);
  const type = isIP(peer) === 6 ? 'ipv6' : 'ipv4';
  if (family !== 0) {
    const most = family === 6 ? 128 : 32;
    const bits = Number(prefix ?? most);
    if (!/^\d{1,3}$/.test(prefix ?? '0') || bits > most || more.length > 0) return undefined;
    const list = new BlockList();
    list.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
    return list.check(peer, type);
  }
  if (prefix !== undefined) return undefined;
  if (!/^[0-9a-fA-F:.*?]+$/.test(pattern) || pattern.length > 64) return false;
  return matchesWildcards(pattern.toLowerCase(), peer.toLowerCase());
}

/** Iterative: a pattern of many asterisks takes no more than the product of the lengths. */
function matchesWildcards(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '?' || (pattern[p] !== '*' && pattern[p] === text[t])) {
      p++;
      t++;
    } else if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Whether `YYYYMMDD[HHMM[SS]][Z]` is in the future; without Z in the local time zone. Malformed times are in the past. */
export function isInFuture(expiryTime: string, nowMs: number): boolean {
  const found = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z?)$/.exec(expiryTime);
  if (found === null) return false;
  const [, year, month, day, hour = '00', minute = '00', second = '00', utc] = found;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${utc}`);
  return nowMs < time;
}
