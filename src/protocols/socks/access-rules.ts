/**
 * Which addresses a proxy connects to. A proxy reaches what its clients cannot: services of its own machine, of its network, and
 * the metadata service of a cloud, which hands out keys. Rules apply to the resolved address, and the proxy connects to that
 * address, so a name that resolves differently the next time (DNS rebinding) gains nothing.
 */
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { IPv4Address } from '../../core/address.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { addNetwork } from '../../internal/ip-networks.js';
import { ipv6Groups } from '../../internal/ip-text.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

/**
 * Networks that are refused unless allowed: those of the special-purpose registries of IANA that are not globally reachable
 * (RFC 6890), multicast, and addresses that contain an IPv4 address which a gateway or tunnel unpacks. Metadata services have
 * 169.254.169.254, fd00:ec2::254, 100.100.100.200, 192.0.0.192 and, on Azure, the global address 168.63.129.16.
 */
const REFUSED_BY_DEFAULT: readonly string[] = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
  ...[
    '::/96',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
  ],
  ...['3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
];

const EXPECTED = 'an IP address or a network such as 10.0.0.0/8';

const BY_DEFAULT = networks('networks', REFUSED_BY_DEFAULT);

export interface SocksAccessRulesOptions {
  /** Networks to allow although they are refused by default, such as `10.1.0.0/16`. Default: none. */
  readonly allow?: readonly string[];
  /** Networks to refuse, also if `allow` has them. Default: none. */
  readonly deny?: readonly string[];
}

const OPTIONS: OptionNames<SocksAccessRulesOptions> = { allow: true, deny: true };

/** The rules of one proxy. */
export class SocksAccessRules {
  readonly #allowed: BlockList;
  readonly #denied: BlockList;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: SocksAccessRulesOptions = {}) {
    checkOptions('SocksAccessRules', options, OPTIONS);
    const { allow = [], deny = [] } = options;
    this.#allowed = networks('allow', allow);
    this.#denied = networks('deny', deny);
  }

  /** @param address An IP address: anything else is refused. */
  permits(address: string): boolean {
    const plain = plainAddress(address);
    if (isIP(plain) === 0 || has(this.#denied, plain)) return false;
    if (has(this.#allowed, plain)) return true;
    return !has(BY_DEFAULT, plain) && !isOwnAddress(plain);
  }
}

/** Without a scope; IPv4-mapped IPv6 (`::ffff:a.b.c.d`) as the IPv4 address that the system connects to. */
function plainAddress(address: string): string {
  const [plain = ''] = address.split('%', 1);
  const groups = ipv6Groups(plain);
  if (groups === undefined || !plain.includes(':')) return plain;
  const [high = 0, low = 0] = groups.slice(6);
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? IPv4Address.fromBits('TCP', high * 65_536 + low, 0).host : plain;
}

/** Services that listen on every interface are as reachable by this machine's other addresses as by loopback. */
function isOwnAddress(address: string): boolean {
  const target = new BlockList();
  target.addAddress(address, familyOf(address));
  return Object.values(networkInterfaces()).some((list) =>
    list?.some((own) => has(target, own.address)),
  );
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

function networks(what: string, list: readonly string[]): BlockList {
  if (!Array.isArray(list)) throw new InvalidArgumentTypeError(what, 'an array', list);
  const result = new BlockList();
  for (const network of list) addNetwork(result, network, `an element of ${what}`, EXPECTED);
  return result;
}
