import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHosts } from '../../src/resolver/hosts-parser.js';
import { hostAddresses } from '../support/name-resolvers.js';

const addressesOf = (text: string, name: string): readonly unknown[] =>
  parseHosts(text).get(name) ?? [];

describe('a hosts file', () => {
  it('has an address, then its names', () => {
    const hosts = parseHosts('192.0.2.1 one uno\n192.0.2.2 two\n');
    expect([...hosts.keys()]).toEqual(['one', 'uno', 'two']);
    expect(hosts.get('one')).toEqual(hostAddresses('192.0.2.1'));
    expect(hosts.get('uno')).toEqual(hostAddresses('192.0.2.1'));
  });

  it('has comments, tabs, blank lines, lines of any platform, and no end of line at its end', () => {
    const text =
      '# 192.0.2.9 one\r\n\r\n\t192.0.2.1\t one \t uno # 192.0.2.2 two\r192.0.2.3 three#four\n  \n2001:db8::1 one';
    expect(Object.fromEntries(parseHosts(text))).toEqual({
      one: hostAddresses('192.0.2.1', '2001:db8::1'),
      uno: hostAddresses('192.0.2.1'),
      three: hostAddresses('192.0.2.3'),
    });
  });

  it('has its addresses in order, each once', () => {
    const text = '192.0.2.2 h\n192.0.2.1 h\n2001:db8::1 h\n192.0.2.2 h h\n';
    expect(addressesOf(text, 'h')).toEqual(hostAddresses('192.0.2.2', '192.0.2.1', '2001:db8::1'));
  });

  it('may have a scope', () => {
    expect(addressesOf('fe80::1%lo0 localhost', 'localhost')).toEqual(hostAddresses('fe80::1%lo0'));
  });

  it('means names in any case', () => {
    expect(addressesOf('192.0.2.1 Example.ORG', 'example.org')).toHaveLength(1);
  });

  it.each([
    '300.0.0.1 h',
    '192.0.2 h',
    'h 192.0.2.1',
    '1::2::3 h',
    'http://192.0.2.1 h',
    '192.0.2.1',
    '192.0.2.1 # h',
  ])('does not say anything by %j', (line) => {
    expect(addressesOf(`${line}\n192.0.2.7 other`, 'h')).toEqual([]);
    expect(addressesOf(`${line}\n192.0.2.7 other`, 'other')).toHaveLength(1);
  });

  it('may have a name like a member of every object', () => {
    const text = '192.0.2.1 __proto__ constructor';
    expect(addressesOf(text, '__proto__')).toHaveLength(1);
    expect(addressesOf('', 'constructor')).toEqual([]);
  });

  // Reading it takes a fraction of a second; in quadratic time it would exceed the time limit of the test.
  it('is read in time however often it names one host', () => {
    let text = '';
    for (let i = 0; i < 300_000; i++)
      text += `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255} h\n`;
    expect(addressesOf(text, 'h')).toHaveLength(300_000);
  });

  it('may be any text', () => {
    const part = fc.oneof(
      fc.constantFrom('#', ' ', '\t', '\n', '\r\n', '\0', '::1', '127.0.0.1', 'fe80::1%1', 'host'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        for (const [name, addresses] of parseHosts(parts.join(''))) {
          expect(name).toMatch(/^[^\s#\0]+$/);
          expect(name).toBe(name.toLowerCase());
          expect(addresses.length).toBeGreaterThan(0);
          expect(new Set(addresses.map(({ address }) => address)).size).toBe(addresses.length);
          for (const { address, family } of addresses) expect(family).toBe(`IPv${isIP(address)}`);
        }
      }),
    );
  });

  it('means the same with any white space between its words', () => {
    const space = fc.constantFrom(' ', '\t', '  ', ' \t ');
    const end = fc.constantFrom('\n', '\r\n', '\n\n', ' # comment\n', '#\r');
    const line = fc.tuple(
      fc.constantFrom('::1', '192.0.2.1', '192.0.2.2'),
      fc.constantFrom('a', 'B', 'a b'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(line, space, end)), (lines) => {
        const plain = lines.map(([[address, names]]) => `${address} ${names}\n`).join('');
        const decorated = lines
          .map(
            ([[address, names], gap, stop]) => gap + address + gap + names.replace(' ', gap) + stop,
          )
          .join('');
        expect(parseHosts(decorated)).toEqual(parseHosts(plain));
      }),
    );
  });
});
