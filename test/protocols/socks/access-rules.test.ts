import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { SocksAccessRules } from '../../../src/protocols/socks/access-rules.js';

const REFUSED = [
  ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255'],
  ...['192.168.1.1', '100.64.0.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  // Metadata of Amazon, Google and others; of Alibaba, Oracle, Azure; of Amazon over IPv6.
  ...['169.254.169.254', '100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254'],
  ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'ff02::1', '2001:db8::1'],
  // Addresses with an IPv4 address inside: mapped, compatible, NAT64, 6to4, Teredo.
  ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:169.254.169.254', '::127.0.0.1'],
  ...['64:ff9b::127.0.0.1', '2002:7f00:1::', '2001:0:7f00:1::'],
  // No addresses.
  ...['', 'localhost', '127.1', '0x7f.1', '2130706433', '127.0.0.1.', '01.1.1.1', '1.1.1'],
];

const PERMITTED = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.167.0.1', '2606:4700::1111', '2a00::1'];

describe('SocksAccessRules', () => {
  it.each(REFUSED)('refuses %s by default', (address) => {
    expect(new SocksAccessRules().permits(address)).toBe(false);
  });

  it.each(PERMITTED)('permits %s', (address) => {
    expect(new SocksAccessRules().permits(address)).toBe(true);
  });

  it('permits IPv4-mapped addresses of permitted ones', () => {
    expect(new SocksAccessRules().permits('::ffff:8.8.8.8')).toBe(true);
  });

  it('refuses the addresses of this machine', () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    expect(own.length).toBeGreaterThan(0);
    for (const { address } of own) expect(new SocksAccessRules().permits(address)).toBe(false);
  });

  it('permits allowed networks, unless they are denied', () => {
    const allow = ['10.0.0.0/8', '127.0.0.1', 'fc00::/7'];
    const rules = new SocksAccessRules({ allow, deny: ['10.1.0.0/16', '8.8.8.8'] });
    const results = ['10.0.0.1', '10.1.0.1', '127.0.0.1', '127.0.0.2', 'fd00::1', '8.8.8.8'];
    expect(results.map((address) => rules.permits(address))).toEqual([
      ...[true, false, true, false, true, false],
    ]);
    expect(rules.permits('::ffff:10.1.0.1')).toBe(false);
    expect(rules.permits('::ffff:10.0.0.1')).toBe(true);
  });

  it.each([['10.0.0.0/33'], ['example.com'], ['10.0.0.0/8/8'], ['::/129'], [7]])(
    'refuses the network %s',
    (network) => {
      expect(() => new SocksAccessRules({ allow: [network as string] })).toThrow('allow');
      expect(() => new SocksAccessRules({ deny: [network as string] })).toThrow('deny');
    },
  );
});
