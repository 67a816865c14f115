import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addressFrom, IPv4Address, IPv6Address } from '../../src/core/address.js';

describe('IPv4Address', () => {
  it('has a family, a type, a host and a port', () => {
    const address = new IPv4Address('TCP', '192.0.2.7', 80);
    expect(address).toMatchObject({ family: 'IPv4', type: 'TCP', host: '192.0.2.7', port: 80 });
  });

  it('is written as host:port', () => {
    const address = new IPv4Address('TCP', '192.0.2.7', 80);
    expect(String(address)).toBe('192.0.2.7:80');
    expect(inspect(address)).toBe('IPv4Address(TCP 192.0.2.7:80)');
    expect(JSON.parse(JSON.stringify(address))).toEqual({
      type: 'TCP',
      family: 'IPv4',
      host: '192.0.2.7',
      port: 80,
    });
  });

  it.each([
    [0x7f000001, '127.0.0.1'],
    [0, '0.0.0.0'],
    [0xffffffff, '255.255.255.255'],
    [-1, '255.255.255.255'],
    [0xc0a80102 | 0, '192.168.1.2'],
    [0x80000000, '128.0.0.0'],
  ])('reads the bits %i as %s', (bits, host) => {
    const address = IPv4Address.fromBits('TCP', bits, 9);
    expect(address.host).toBe(host);
    expect(address.host).toBe(host);
    expect(String(address)).toBe(`${host}:9`);
    expect(address.equals(new IPv4Address('TCP', host, 9))).toBe(true);
  });

  it('keeps its bits when the text was read', () => {
    const address = IPv4Address.fromBits('UDP', 0x7f000001, 9);
    expect(address.host).toBe('127.0.0.1');
    expect(address.bits).toBe(0x7f000001);
    expect(new IPv4Address('UDP', '127.0.0.1', 9).bits).toBeUndefined();
  });

  it('equals another of the same type, host and port only', () => {
    const address = new IPv4Address('TCP', '127.0.0.1', 80);
    expect(address.equals(new IPv4Address('TCP', '127.0.0.1', 80))).toBe(true);
    expect(address.equals(new IPv4Address('UDP', '127.0.0.1', 80))).toBe(false);
    expect(address.equals(new IPv4Address('TCP', '127.0.0.2', 80))).toBe(false);
    expect(address.equals(new IPv4Address('TCP', '127.0.0.1', 81))).toBe(false);
    expect(address.equals(new IPv6Address('TCP', '127.0.0.1', 80))).toBe(false);
  });
});

describe('IPv6Address', () => {
  it('is written with brackets', () => {
    const address = new IPv6Address('UDP', '2001:db8::1', 53);
    expect(address.family).toBe('IPv6');
    expect(String(address)).toBe('[2001:db8::1]:53');
    expect(inspect(address)).toBe('IPv6Address(UDP [2001:db8::1]:53)');
    expect(JSON.parse(JSON.stringify(address))).toEqual({
      type: 'UDP',
      family: 'IPv6',
      host: '2001:db8::1',
      port: 53,
    });
  });

  it('keeps its words when the text was read', () => {
    const words = [0xfe800000 | 0, 0, 0, 1, 7] as const;
    const address = IPv6Address.fromWords('UDP', words, 9);
    expect(address.host).toBe('fe80::1%7');
    expect(address.host).toBe('fe80::1%7');
    expect(address.words).toBe(words);
    expect(new IPv6Address('UDP', '::1', 9).words).toBeUndefined();
  });

  it('names the scope of a link-local address when its text is read', () => {
    const named: number[] = [];
    const scopeName = (scope: number): string => {
      named.push(scope);
      return 'eth0';
    };
    const local = IPv6Address.fromWords('TCP', [0xfe800000 | 0, 0, 0, 1, 7], 9, scopeName);
    const group = IPv6Address.fromWords('TCP', [0xff020000 | 0, 0, 0, 1, 7], 9, scopeName);
    expect(named).toEqual([]);
    expect([local.host, group.host, local.host]).toEqual([
      'fe80::1%eth0',
      'ff02::1',
      'fe80::1%eth0',
    ]);
    expect(named).toEqual([7]);
  });

  it('equals another of the same scope only', () => {
    const address = new IPv6Address('TCP', 'fe80::1%eth0', 80);
    expect(address.equals(new IPv6Address('TCP', 'fe80::1%eth0', 80))).toBe(true);
    expect(address.equals(new IPv6Address('TCP', 'fe80::1%eth1', 80))).toBe(false);
    expect(address.equals(new IPv4Address('TCP', '127.0.0.1', 80))).toBe(false);
  });
});

describe('addressFrom', () => {
  it.each([
    ['127.0.0.1', 'IPv4', '127.0.0.1'],
    ['::1', 'IPv6', '::1'],
    ['::', 'IPv6', '::'],
    ['::ffff:127.0.0.1', 'IPv4', '127.0.0.1'],
    ['::FFFF:10.0.0.1', 'IPv4', '10.0.0.1'],
    ['::ffff:7f00:1', 'IPv6', '::ffff:7f00:1'],
    ['64:ff9b::192.0.2.1', 'IPv6', '64:ff9b::192.0.2.1'],
    ['fe80::1%lo', 'IPv6', 'fe80::1%lo'],
  ])('makes %s an address of %s', (text, family, host) => {
    const address = addressFrom('TCP', text, 7);
    expect(address).toBeInstanceOf(family === 'IPv4' ? IPv4Address : IPv6Address);
    expect(address).toMatchObject({ type: 'TCP', family, host, port: 7 });
  });
});
