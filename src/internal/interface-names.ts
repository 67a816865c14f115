/** Names and numbers of network interfaces, and the spelling of IPv6 scopes that is based on them. */
import { readdirSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** On Linux, a folder for each interface, with its number in a file. */
const SYSFS = '/sys/class/net';

/** The name of the interface with this number, if it is known: Node lists only interfaces that are up and have an address. */
export function interfaceNameOf(index: number): string | undefined {
  return numberedInSysfs(index) ?? numberedByScope(index);
}

/**
 * An address with its scope in the spelling that Node uses for addresses of sockets: the interface's name, or its number on
 * Windows. Other texts and unknown interfaces are returned unchanged.
 */
export function withScopeSpelled(host: string): string {
  const percent = host.indexOf('%');
  if (percent < 0 || !isIPv6(host)) return host;
  const scope = host.slice(percent + 1);
  const spelled = process.platform === 'win32' ? scopeIdOf(scope) : nameOf(scope);
  return spelled === undefined ? host : `${host.slice(0, percent)}%${spelled}`;
}

function nameOf(scope: string): string | undefined {
  return /^\d{1,10}$/.test(scope) ? interfaceNameOf(Number(scope)) : undefined;
}

function scopeIdOf(name: string): number | undefined {
  // An object with a prototype: a scope may be called `constructor`.
  const all = new Map(Object.entries(networkInterfaces()));
  return all.get(name)?.find(({ family }) => family === 'IPv6')?.scopeid || undefined;
}

function numberedInSysfs(index: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const text = String(index);
  try {
    return readdirSync(SYSFS).find((name) => sysfsIndex(name) === text);
  } catch {
    return undefined; // not mounted
  }
}

/** Undefined for entries that are not interfaces, and for an interface that was removed meanwhile. */
function sysfsIndex(name: string): string | undefined {
  try {
    return readFileSync(`${SYSFS}/${name}/ifindex`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The scope id of a link-local address is the number of its interface. */
function numberedByScope(index: number): string | undefined {
  if (index === 0) return undefined;
  const all = networkInterfaces();
  return Object.keys(all).find((name) =>
    all[name]?.some((entry) => entry.family === 'IPv6' && entry.scopeid === index),
  );
}
