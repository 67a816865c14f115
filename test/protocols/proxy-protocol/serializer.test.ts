import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, IPv4Address, IPv6Address, UNIXAddress } from '../../../src/core/address.js';
import { ProxyHeaderParser } from '../../../src/protocols/proxy-protocol/parser.js';
import {
  type ProxyHeaderOptions,
  serializeProxyHeader,
} from '../../../src/protocols/proxy-protocol/serializer.js';
import { judge } from './oracle.js';

const ONE = new IPv4Address('TCP', '192.0.2.1', 56_324);
const TWO = new IPv4Address('TCP', '198.51.100.2', 443);
const SIX = new IPv6Address('TCP', '2001:db8::1', 1);

const text = fc.string({ unit: 'binary', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((value) => Buffer.from(value));
const tlvs = fc.array(fc.record({ type: fc.integer({ min: 0xe0, max: 0xf7 }), value: bytes }), {
  maxLength: 3,
});
const ssl = fc
  .record({
    overTLS: fc.boolean(),
    certificateInConnection: fc.boolean(),
    certificateInSession: fc.boolean(),
    verified: fc.boolean(),
    version: fc.option(text, { nil: undefined }),
    commonName: fc.option(text, { nil: undefined }),
    cipher: fc.option(text, { nil: undefined }),
    signatureAlgorithm: fc.option(text, { nil: undefined }),
    keyAlgorithm: fc.option(text, { nil: undefined }),
    tlvs,
  })
  .map((value) => {
    const certificateInSession = value.certificateInSession || value.certificateInConnection;
    return { ...value, certificateInSession, verified: value.verified && certificateInSession };
  });
const extras = {
  alpn: fc.option(fc.constantFrom('h2', 'http/1.1', '\xff'), { nil: undefined }),
  authority: fc.option(text, { nil: undefined }),
  uniqueId: fc.option(bytes, { nil: undefined }),
  ssl: fc.option(ssl, { nil: undefined }),
  netns: fc.option(text, { nil: undefined }),
  tlvs,
};

const port = fc.nat(0xffff);
const ipv4 = fc.tuple(fc.ipV4(), port);
const ipv6 = fc.tuple(fc.uint16Array({ minLength: 8, maxLength: 8 }), port);

function ipv6Address([groups, number]: [Uint16Array, number]): IPv6Address {
  const [a, b, c, d, e, f, g, h] = Array.from(groups) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const word = (high: number, low: number): number => (high << 16) | low;
  return IPv6Address.fromWords(
    'TCP',
    [word(a | 1, b), word(c, d), word(e, f), word(g, h), 0],
    number,
  );
}

const pair: fc.Arbitrary<readonly [Address, Address]> = fc.oneof(
  fc
    .tuple(ipv4, ipv4, fc.constantFrom<'TCP' | 'UDP'>('TCP', 'UDP'))
    .map(
      ([one, other, type]) =>
        [new IPv4Address(type, ...one), new IPv4Address(type, ...other)] as const,
    ),
  fc
    .tuple(ipv6, ipv4)
    .map(([one, other]) => [ipv6Address(one), new IPv4Address('TCP', ...other)] as const),
  fc.constant([new UNIXAddress('/run/a'), new UNIXAddress('\0b')] as const),
);

function parse(header: Buffer): unknown {
  const parser = new ProxyHeaderParser();
  parser.receive(header);
  const parsed = parser.next();
  expect(parser.bufferedBytes).toBe(0);
  return JSON.parse(JSON.stringify(parsed));
}

describe('serializeProxyHeader', () => {
  it('writes version 1 as Twisted and HAProxy do', () => {
    const line = (options: ProxyHeaderOptions): string =>
      String(serializeProxyHeader({ version: 1, ...options }));
    expect(line({ source: ONE, destination: TWO })).toBe(
      'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n',
    );
    expect(line({ source: SIX, destination: TWO })).toBe(
      'PROXY TCP6 2001:db8::1 ::ffff:198.51.100.2 1 443\r\n',
    );
    const linkLocal = new IPv6Address('TCP', 'fe80::1%eth0', 1);
    expect(line({ source: linkLocal, destination: SIX })).toBe(
      'PROXY TCP6 fe80::1 2001:db8::1 1 1\r\n',
    );
    expect(line({})).toBe('PROXY UNKNOWN\r\n');
    const path = new UNIXAddress('/a');
    expect(line({ source: path, destination: path })).toBe('PROXY UNKNOWN\r\n');
  });

  it('writes version 2 as Twisted 26.4 reads it', () => {
    const source = new IPv4Address('TCP', '127.0.0.1', 8080);
    const destination = new IPv4Address('TCP', '127.0.0.2', 8888);
    expect(serializeProxyHeader({ source, destination }).toString('hex')).toBe(
      '0d0a0d0a000d0a515549540a2111000c7f0000017f0000021f9022b8',
    );
    expect(serializeProxyHeader({ command: 'LOCAL' }).toString('hex')).toBe(
      '0d0a0d0a000d0a515549540a20000000',
    );
  });

  it('writes headers that the parser reads back, and an independent reader accepts', () => {
    fc.assert(
      fc.property(
        pair,
        fc.record(extras),
        fc.boolean(),
        ([source, destination], more, checksum) => {
          const bytes = serializeProxyHeader({ source, destination, ...more, checksum });
          const kind = source.type === 'UDP' ? 'datagram' : 'stream';
          const { version, ...parsed } = parse(bytes) as Record<string, unknown>;
          expect(version).toBe(2);
          const mapped = (address: Address): unknown => JSON.parse(JSON.stringify(address));
          expect(parsed).toEqual(
            JSON.parse(
              JSON.stringify({
                command: 'PROXY',
                kind,
                source: mapped(source),
                destination: mapped(destination),
                ...more,
              }),
            ),
          );
          expect(judge(bytes)).toMatch(/^2 PROXY /);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('accepts a received header', () => {
    for (const options of [
      { command: 'LOCAL' },
      { source: ONE, destination: TWO, authority: 'a.example' },
      { version: 1, source: ONE, destination: SIX },
    ] satisfies ProxyHeaderOptions[]) {
      const bytes = serializeProxyHeader(options);
      const parser = new ProxyHeaderParser();
      parser.receive(bytes);
      const header = parser.next();
      expect(serializeProxyHeader(header ?? {})).toEqual(bytes);
    }
  });

  it('writes a checksum also without addresses', () => {
    const parser = new ProxyHeaderParser();
    parser.receive(serializeProxyHeader({ checksum: true }));
    expect(parser.next()).toMatchObject({ command: 'PROXY', source: undefined });
  });

  const both = { source: ONE, destination: TWO };
  it.each<[string, object]>([
    ['one address only', { source: ONE }],
    ['a host as address', { source: '192.0.2.1', destination: TWO }],
    ['TCP and UDP', { source: ONE, destination: new IPv4Address('UDP', '192.0.2.1', 1) }],
    ['TCP and UNIX', { source: ONE, destination: new UNIXAddress('/a') }],
    [
      'a path of 109 bytes',
      { source: new UNIXAddress('a'.repeat(109)), destination: new UNIXAddress('') },
    ],
    ['version 3', { version: 3 }],
    ['another command', { command: 'local' }],
    ['the wrong kind', { ...both, kind: 'datagram' }],
    ['an unknown kind', { ...both, kind: 'seqpacket' }],
    ['TLVs in version 1', { version: 1, ...both, authority: 'a' }],
    ['a checksum in version 1', { version: 1, ...both, checksum: true }],
    ['LOCAL in version 1', { version: 1, command: 'LOCAL' }],
    ['addresses in LOCAL', { command: 'LOCAL', ...both }],
    ['TLVs in LOCAL', { command: 'LOCAL', netns: 'a' }],
    ['TLVs without addresses', { tlvs: [{ type: 0xe0, value: Buffer.of(1) }] }],
    ['a kind without addresses', { kind: 'stream' }],
    ['a checksum as TLV', { ...both, tlvs: [{ type: 3, value: Buffer.alloc(4) }] }],
    ['a type above 255', { ...both, tlvs: [{ type: 256, value: Buffer.alloc(0) }] }],
    ['TLVs that are no array', { ...both, tlvs: {} }],
    ['a value that is no bytes', { ...both, tlvs: [{ type: 0xe0, value: 'x' }] }],
    ['a long unique ID', { ...both, uniqueId: Buffer.alloc(129) }],
    ['a unique ID as text', { ...both, uniqueId: 'id' }],
    ['an ALPN outside Latin-1', { ...both, alpn: 'h∞' }],
    ['a long value', { ...both, netns: 'n'.repeat(65_536) }],
    ['a long header', { ...both, netns: 'n'.repeat(65_535) }],
    ['an SSL field without flags', { ...both, ssl: {} }],
  ])('refuses %s', (_name, options) => {
    expect(() => serializeProxyHeader(options as ProxyHeaderOptions)).toThrow(/must be/);
  });
});
