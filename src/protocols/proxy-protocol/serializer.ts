/** Makes PROXY headers. The parser shows their layout. */
import type { Address, IPAddress } from '../../core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkBoolean, checkChoice, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  addressBytes,
  pathBlock,
  UNIX_PATH_BYTES,
} from './addresses.js';
import { crc32c } from './crc32c.js';
import type { ProxyHeaderExtras, ProxyVersion } from './events.js';
import { LONGEST_HEADER_BYTES, PREFIX_BYTES, SIGNATURE } from './parser.js';
import { CRC32C, field, writeTLVs } from './tlvs.js';

/** A header to send. A received `ProxyHeader` is one too. */
export interface ProxyHeaderOptions extends ProxyHeaderExtras {
  /** Default 2. Version 1 has none of the fields that follow `destination`, and no `LOCAL`. */
  readonly version?: ProxyVersion | undefined;
  /** `LOCAL`: the connection is the proxy's own, and only the fields `version` and `command` are given. Default `PROXY`. */
  readonly command?: 'PROXY' | 'LOCAL' | undefined;
  /** The kind of the proxied connection. Default: that of the addresses; `stream` for UNIX addresses. */
  readonly kind?: 'stream' | 'datagram' | undefined;
  /** The client's address. Without addresses, the receiver uses those of the connection. */
  readonly source?: Address | undefined;
  /** The address that the client connected to. Given if `source` is. */
  readonly destination?: Address | undefined;
  /** Whether a version 2 header has a CRC32c checksum. Default false. */
  readonly checksum?: boolean | undefined;
}

export const PROXY_HEADER_OPTIONS: OptionNames<ProxyHeaderOptions> = {
  version: true,
  command: true,
  kind: true,
  source: true,
  destination: true,
  checksum: true,
  alpn: true,
  authority: true,
  uniqueId: true,
  ssl: true,
  netns: true,
  tlvs: true,
};

/**
 * Makes a header in wire format. If one address is IPv4 and the other IPv6, the IPv4 address is mapped to IPv6. Version 1
 * can't express UDP and UNIX addresses: it sends `UNKNOWN`, as the specification requires.
 *
 * @throws InvalidArgumentTypeError
 * @throws InvalidArgumentValueError one address is a UNIX address and the other is not, a path exceeds 108 bytes, the header
 * would exceed 65,551 bytes, or the version or command has no such field.
 */
export function serializeProxyHeader(options: ProxyHeaderOptions): Buffer {
  checkOptions('serializeProxyHeader', options, PROXY_HEADER_OPTIONS);
  const { version = 2, command = 'PROXY', checksum = false } = options;
  checkInteger('version', version, 1, 2);
  checkChoice('command', command, ['PROXY', 'LOCAL']);
  checkBoolean('checksum', checksum);
  const pair = checkPair(options);
  if (version === 1) return line(options, pair);
  if (command === 'LOCAL') {
    refuseFields('a LOCAL header', options, ['source', 'destination', 'kind', ...EXTRAS]);
    return block(0, 0, Buffer.alloc(0), Buffer.alloc(0), checksum);
  }
  const tlvs = writeTLVs(options);
  if (pair === undefined) {
    refuseFields('a header without addresses', options, ['kind', ...EXTRAS]);
    return block(1, 0, Buffer.alloc(0), tlvs, checksum);
  }
  const { family, addresses } = addressBlock(pair);
  return block(
    1,
    (family << 4) | (kindOf(options, pair) === 'stream' ? 1 : 2),
    addresses,
    tlvs,
    checksum,
  );
}

/** The fields that only a version 2 header with addresses has. */
const EXTRAS = ['alpn', 'authority', 'uniqueId', 'ssl', 'netns', 'tlvs'] as const;

type Pair = readonly [source: Address, destination: Address];

function checkPair({ source, destination }: ProxyHeaderOptions): Pair | undefined {
  if (source === undefined && destination === undefined) return undefined;
  for (const [what, address] of Object.entries({ source, destination })) {
    if (typeof address?.type !== 'string') {
      throw new InvalidArgumentTypeError(what, 'an address', address);
    }
  }
  const pair = [source, destination] as [Address, Address];
  if (pair[0].type !== pair[1].type) {
    throw new InvalidArgumentValueError('destination', `a ${pair[0].type} address`, pair[1].type);
  }
  return pair;
}

function line(options: ProxyHeaderOptions, pair: Pair | undefined): Buffer {
  refuseFields('a header of version 1', options, EXTRAS);
  if (options.command === 'LOCAL') {
    throw new InvalidArgumentValueError('command', 'PROXY in version 1', 'LOCAL');
  }
  if (options.checksum === true) {
    throw new InvalidArgumentValueError('checksum', 'false in version 1', true);
  }
  if (pair?.[0].type !== 'TCP' || kindOf(options, pair) !== 'stream')
    return Buffer.from('PROXY UNKNOWN\r\n');
  const [source, destination] = pair as [IPAddress, IPAddress];
  const ipv6 = source.family === 'IPv6' || destination.family === 'IPv6';
  const host = (address: IPAddress): string =>
    ipv6 && address.family === 'IPv4'
      ? `::ffff:${address.host}`
      : (address.host.split('%', 1)[0] ?? '');
  const words = ['PROXY', ipv6 ? 'TCP6' : 'TCP4', host(source), host(destination)];
  return Buffer.from(`${words.join(' ')} ${source.port} ${destination.port}\r\n`);
}

function kindOf({ kind }: ProxyHeaderOptions, [source]: Pair): 'stream' | 'datagram' {
  const natural = source.type === 'UDP' ? 'datagram' : 'stream';
  if (kind === undefined) return natural;
  checkChoice('kind', kind, ['stream', 'datagram']);
  if (source.type === 'UNIX' || kind === natural) return kind;
  throw new InvalidArgumentValueError('kind', `${natural} for ${source.type} addresses`, kind);
}

function addressBlock(pair: Pair): { family: number; addresses: Buffer } {
  if (pair[0].type === 'UNIX') {
    const paths = pair.map((address) => {
      const { path } = address as { path: string };
      const bytes = pathBlock(path);
      if (bytes !== undefined) return bytes;
      throw new InvalidArgumentValueError('path', `at most ${UNIX_PATH_BYTES} bytes`, path);
    });
    return { family: AF_UNIX, addresses: Buffer.concat(paths) };
  }
  const addresses = pair as [IPAddress, IPAddress];
  const ipv6 = addresses.some(({ family }) => family === 'IPv6');
  const ports = addresses.map(({ port }) => Buffer.of(port >>> 8, port & 0xff));
  const hosts = addresses.map((address) => addressBytes(address, ipv6));
  return { family: ipv6 ? AF_INET6 : AF_INET, addresses: Buffer.concat([...hosts, ...ports]) };
}

function block(
  command: number,
  familyAndKind: number,
  addresses: Buffer,
  tlvs: Buffer,
  checksum: boolean,
): Buffer {
  const fields = checksum
    ? Buffer.concat([tlvs, field('checksum', CRC32C, Buffer.alloc(4))])
    : tlvs;
  const length = addresses.length + fields.length;
  checkInteger(
    'the length of the header',
    PREFIX_BYTES + length,
    PREFIX_BYTES,
    LONGEST_HEADER_BYTES,
  );
  const prefix = Buffer.of(0x20 | command, familyAndKind, length >>> 8, length & 0xff);
  const bytes = Buffer.concat([SIGNATURE, prefix, addresses, fields]);
  if (checksum) bytes.writeUInt32BE(crc32c(bytes), bytes.length - 4);
  return bytes;
}

function refuseFields(
  what: string,
  options: ProxyHeaderOptions,
  names: readonly (keyof ProxyHeaderOptions)[],
): void {
  for (const name of names) {
    const value = options[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new InvalidArgumentValueError(name, `omitted in ${what}`, value);
  }
}
