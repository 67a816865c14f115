/** Names and numbers of network interfaces, and the spelling of IPv6 scopes that is based on them. */
import { readdirSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** On Linux, a folder for each interface, with its number in a file. */
const SYSFS = '/sys/class/net';

/** For that long the interfaces are not read again: a resolver may return thousands of scoped addresses at once. */
const MAX_AGE_MS = 20;

interface Interfaces {
  readonly names: ReadonlyMap<number, string>;
  /** Not 0. */
  readonly scopeIds: ReadonlyMap<string, number>;
  /** By the clock of `performance`. */
  readonly readAtMs: number;
}

let latest: Interfaces | undefined;

/** The name of the interface with this number, if it is known: Node lists only interfaces that are up and have an address. */
export function interfaceNameOf(index: number): string | undefined {
  return interfaces().names.get(index);
}

/**
 * An address with its scope in the spelling that Node uses for addresses of sockets: the interface's name, or its number on
 * Windows. Other texts and unknown interfaces are returned unchanged.
 */
export function withScopeSpelled(host: string): string {
  const percent = host.indexOf('%');
  if (percent < 0 || !isIPv6(host)) return host;
  const scope = host.slice(percent + 1);
  const spelled = process.platform === 'win32' ? interfaces().scopeIds.get(scope) : nameOf(scope);
  return spelled === undefined ? host : `${host.slice(0, percent)}%${spelled}`;
}

function nameOf(scope: string): string | undefined {
  return /^\d{1,10}$/.test(scope) ? interfaceNameOf(Number(scope)) : undefined;
}

function interfaces(): Interfaces {
  const now = performance.now();
  if (latest === undefined || now - latest.readAtMs >= MAX_AGE_MS) latest = readInterfaces(now);
  return latest;
}

function readInterfaces(readAtMs: number): Interfaces {
  const scopeIds = new Map<string, number>();
  for (const [name, entries = []] of Object.entries(listed())) {
    const scopeId = entries.find(({ family, scopeid }) => family === 'IPv6' && scopeid)?.scopeid;
    if (scopeId !== undefined) scopeIds.set(name, scopeId);
  }
  // The scope id of a link-local address is the number of its interface.
  const names = new Map([...scopeIds].map(([name, scopeId]) => [scopeId, name]));
  for (const name of namesInSysfs()) {
    const index = sysfsIndex(name);
    if (index !== undefined) names.set(index, name);
  }
  return { names, scopeIds, readAtMs };
}

function listed(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {}; // no descriptor is left, for example
  }
}

function namesInSysfs(): readonly string[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync(SYSFS);
  } catch {
    return []; // not mounted
  }
}

/** Undefined for entries that are not interfaces, and for an interface that was removed meanwhile. */
function sysfsIndex(name: string): number | undefined {
  try {
    return Number(readFileSync(`${SYSFS}/${name}/ifindex`, 'utf8'));
  } catch {
    return undefined;
  }
}
