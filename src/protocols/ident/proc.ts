/** Finds the owner of a connection in Linux's tables of TCP connections: proc_net(5), `/proc/net/tcp` and `tcp6`. */
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import type { IdentRequest } from './server.js';

/** An established connection, as a line of the table shows it. */
export interface ProcConnection {
  readonly localPort: number;
  readonly remotePort: number;
  /** In hexadecimal, network order: 8 digits for IPv4, 32 for IPv6. IPv4 addresses mapped to IPv6 have 8. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly uid: number;
}

const ESTABLISHED = '01';
/** Sockets that a process has closed: their owner is root in the table. */
const LINE =
  /^\s*\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{2}) \S+ \S+ \S+ +(\d+) /;
const MAPPED = '00000000000000000000ffff';
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The established connections in the text of a table. */
export function* procConnections(table: string): Generator<ProcConnection> {
  for (const line of table.split('\n')) {
    const [, local = '', localPort = '', remote = '', remotePort = '', state, uid] =
      LINE.exec(line) ?? [];
    if (state !== ESTABLISHED) continue;
    yield {
      localPort: Number.parseInt(localPort, 16),
      remotePort: Number.parseInt(remotePort, 16),
      localAddress: unmapped(networkOrder(local)),
      remoteAddress: unmapped(networkOrder(remote)),
      uid: Number(uid),
    };
  }
}

/** The name of a user in the text of passwd(5). */
export function userNameIn(passwd: string, uid: number): string | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , id] = line.split(':');
    if (id === String(uid)) return name;
  }
  return undefined;
}

/**
 * A look-up function for servers on Linux: the user whose process has the connection, by name or, without a name, as a number. It
 * reads a table of all TCP connections for each query, and needs no privileges. It finds only connections in the network namespace
 * of this process. Elsewhere than on Linux it fails.
 */
export async function procIdentLookup(request: IdentRequest): Promise<string | undefined> {
  const uid = await ownerOf(request);
  if (uid === undefined) return undefined;
  return userNameIn(await readFile('/etc/passwd', 'utf8'), uid) ?? String(uid);
}

async function ownerOf(request: IdentRequest): Promise<number | undefined> {
  const local = addressDigits(request.localHost);
  const remote = addressDigits(request.remoteHost);
  for (const name of ['tcp', 'tcp6']) {
    for (const found of procConnections(await tableOf(name))) {
      const ports =
        found.localPort === request.localPort && found.remotePort === request.remotePort;
      // On another address of this machine, another user may have a connection with the same ports.
      const addresses = found.localAddress === local && found.remoteAddress === remote;
      if (ports && addresses) return found.uid;
    }
  }
  return undefined;
}

/** A machine without IPv6 has no second table. */
async function tableOf(name: string): Promise<string> {
  try {
    return await readFile(`/proc/net/${name}`, 'latin1');
  } catch (error) {
    if (name === 'tcp6' && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The table shows words of 32 bits in the order of the machine. */
function networkOrder(digits: string): string {
  const lower = digits.toLowerCase();
  if (!littleEndian) return lower;
  return lower.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
}

function unmapped(digits: string): string {
  return digits.startsWith(MAPPED) ? digits.slice(MAPPED.length) : digits;
}

/** @param host An IP address, possibly with a scope. */
export function addressDigits(host: string): string {
  const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
  if (isIPv4(host))
    return host
      .split('.')
      .map((part) => hex(Number(part), 2))
      .join('');
  const [address = ''] = host.split('%');
  // The URL parser writes IPv4 in the last words as hexadecimal.
  const spelled = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = spelled.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = words(head);
  const after = words(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return unmapped(all.map((word) => hex(Number.parseInt(word, 16), 4)).join(''));
}
