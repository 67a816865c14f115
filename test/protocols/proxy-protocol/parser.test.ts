import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IPv4Address, IPv6Address, UNIXAddress } from '../../../src/core/address.js';
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import { crc32c } from '../../../src/protocols/proxy-protocol/crc32c.js';
import type { ProxyHeader } from '../../../src/protocols/proxy-protocol/events.js';
import {
  ProxyHeaderParser,
  type ProxyHeaderParserOptions,
  SIGNATURE,
} from '../../../src/protocols/proxy-protocol/parser.js';
import { serializeProxyHeader } from '../../../src/protocols/proxy-protocol/serializer.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { judge } from './oracle.js';
import { crc32c as slowCrc32c } from './slow-crc32c.js';

interface Outcome {
  readonly header?: ProxyHeader;
  readonly rest?: string;
  readonly error?: RemoteProtocolError;
}

function parse(chunks: readonly Buffer[], options: ProxyHeaderParserOptions = {}): Outcome {
  const parser = new ProxyHeaderParser(options);
  let header: ProxyHeader | undefined;
  const rest: Buffer[] = [];
  try {
    for (const chunk of chunks) {
      if (header !== undefined) {
        rest.push(chunk);
        continue;
      }
      parser.receive(chunk);
      header = parser.next();
      if (header !== undefined) rest.push(parser.takeRest());
    }
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    expect(() => parser.next()).toThrow(error);
    expect(() => parser.receive(Buffer.of(0))).toThrow(error);
    return { error };
  }
  return header === undefined ? {} : { header, rest: Buffer.concat(rest).toString('latin1') };
}

/** The outcome, which must be the same for every split. */
function parseEach(bytes: Buffer, options: ProxyHeaderParserOptions = {}): Outcome {
  const whole = parse([bytes], options);
  for (const chunks of everySplit(bytes)) {
    const outcome = parse(chunks, options);
    expect(outcome.header).toEqual(whole.header);
    expect(outcome.rest).toBe(whole.rest);
    expect(outcome.error?.message).toBe(whole.error?.message);
  }
  return whole;
}

/** A version 2 header with this family, kind and content. */
function v2(familyAndKind: number, content: Buffer, versionAndCommand = 0x21): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([SIGNATURE, Buffer.of(versionAndCommand, familyAndKind), length, content]);
}

const IPV4_BLOCK = Buffer.from('7f0000017f0000021f9022b8', 'hex');

function tlv(type: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(type, bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function withTLVs(...tlvs: Buffer[]): Buffer {
  return v2(0x11, Buffer.concat([IPV4_BLOCK, ...tlvs]));
}

/** `text` with its address pair, for version 1. */
function addresses({ header }: Outcome): string {
  return `${header?.source} ${header?.destination}`;
}

describe('ProxyHeaderParser, version 1', () => {
  // The first two were written by Twisted 26.4.
  it.each([
    ['PROXY TCP4 127.0.0.1 127.0.0.2 8080 8888', '127.0.0.1:8080 127.0.0.2:8888'],
    ['PROXY TCP6 ::1 ::2 1 2', '[::1]:1 [::2]:2'],
    ['PROXY TCP4 255.255.255.255 0.0.0.0 65535 0', '255.255.255.255:65535 0.0.0.0:0'],
    ['PROXY TCP6 2001:DB8:0:0:0:0:0:A 1:2:3:4:5:6:7:8 1 2', '[2001:db8::a]:1 [1:2:3:4:5:6:7:8]:2'],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:202 1 2', '192.0.2.1:1 192.0.2.2:2'],
  ])('reads %j', (line, expected) => {
    const outcome = parseEach(Buffer.from(`${line}\r\nHELLO`));
    expect(addresses(outcome)).toBe(expected);
    expect(outcome.header).toMatchObject({
      version: 1,
      command: 'PROXY',
      kind: 'stream',
      tlvs: [],
    });
    expect(outcome.rest).toBe('HELLO');
  });

  it('makes addresses that equal those of sockets', () => {
    const { header } = parse([Buffer.from('PROXY TCP6 0:0::1 ::ffff:7f00:1 1 2\r\n')]);
    expect(header?.source).toEqual(new IPv6Address('TCP', '::1', 1));
    expect(header?.source?.equals(new IPv6Address('TCP', '::1', 1))).toBe(true);
    expect(header?.destination?.equals(new IPv4Address('TCP', '127.0.0.1', 2))).toBe(true);
  });

  it.each(['PROXY UNKNOWN', 'PROXY UNKNOWN ', 'PROXY UNKNOWN \xff\r \n a b c d e f'])(
    'reads %j, without addresses',
    (line) => {
      const outcome = parseEach(Buffer.from(`${line}\r\nX`, 'latin1'));
      expect(outcome.header).toMatchObject({
        command: 'PROXY',
        source: undefined,
        kind: undefined,
      });
      expect(outcome.rest).toBe('X');
    },
  );

  it.each([
    'PROXY BAD',
    'PROXY ',
    'PROXY  TCP4 127.0.0.1 127.0.0.2 1 2',
    'PROXY TCP4 127.0.0.1 127.0.0.2 1',
    'PROXY TCP4 127.0.0.1 127.0.0.2 1 2 ',
    'PROXY TCP4 127.0.0.1  127.0.0.2 1 2',
    'PROXY TCP4 127.0.0.1 127.0.0.2 1 2 3',
    'PROXY TCP4 127.0.0.1 127.0.0.2 01 2',
    'PROXY TCP4 127.0.0.1 127.0.0.2 1 65536',
    'PROXY TCP4 127.0.0.1 127.0.0.2 -1 2',
    'PROXY TCP4 127.0.0.1 127.0.0.2 1 2\r',
    'PROXY TCP4 127.0.0.1 127.0.0.2 1 2\n',
    'PROXY TCP4 127.0.0.01 127.0.0.2 1 2',
    'PROXY TCP4 127.0.0.256 127.0.0.2 1 2',
    'PROXY TCP4 127.1 127.0.0.2 1 2',
    'PROXY TCP4 ::1 ::2 1 2',
    'PROXY TCP6 127.0.0.1 127.0.0.2 1 2',
    'PROXY TCP6 ::1 1::2::3 1 2',
    'PROXY TCP6 ::1 1:2:3:4:5:6:7 1 2',
    'PROXY TCP6 ::1 1:2:3:4:5:6:7:8:9 1 2',
    'PROXY TCP6 ::1 12345:: 1 2',
    'PROXY TCP6 fe80::1%eth0 ::2 1 2',
    'PROXY TCP6 1.2.3.4:: ::2 1 2',
    'PROXY tcp4 127.0.0.1 127.0.0.2 1 2',
    'PROXY UNKNOWNX',
  ])('refuses %j', (line) => {
    const { error } = parseEach(Buffer.from(`${line}\r\n`));
    expect(error).toMatchObject({ code: 'ERR_INVALID_PROXY_HEADER', version: 1 });
  });

  it('refuses other bytes at the first that differs', () => {
    expect(parseEach(Buffer.from('G')).error).toMatchObject({ code: 'ERR_INVALID_PROXY_HEADER' });
    expect(parseEach(Buffer.from('PROX_')).error).toMatchObject({ version: undefined });
    expect(parseEach(Buffer.from('PROXY')).error).toBeUndefined();
  });

  it('accepts a line of 107 bytes, and none that is longer', () => {
    const longest = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`;
    expect(longest).toHaveLength(107);
    expect(parseEach(Buffer.from(`${longest}!`)).rest).toBe('!');
    const { error } = parseEach(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`));
    expect(error).toMatchObject({ code: 'ERR_PROXY_HEADER_TOO_LONG', limit: 107 });
    expect(parse([Buffer.from('PROXY '.padEnd(106, 'x'))])).toEqual({});
  });
});

describe('ProxyHeaderParser, version 2', () => {
  it('reads the headers that Twisted 26.4 wrote', () => {
    const bytes = Buffer.from('0d0a0d0a000d0a515549540a2111000c7f0000017f0000021f9022b858', 'hex');
    const outcome = parseEach(bytes);
    expect(addresses(outcome)).toBe('127.0.0.1:8080 127.0.0.2:8888');
    expect(outcome.rest).toBe('X');
    const local = parseEach(Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'));
    expect(local.header).toMatchObject({ version: 2, command: 'LOCAL', source: undefined });
    expect(local.rest).toBe('');
  });

  it('reads UDP and UNIX addresses', () => {
    expect(parse([v2(0x12, IPV4_BLOCK)]).header).toMatchObject({
      kind: 'datagram',
      source: new IPv4Address('UDP', '127.0.0.1', 8080),
    });
    const paths = Buffer.alloc(216);
    paths.write('/run/client');
    paths.write('\0abstract', 108);
    const { header } = parse([v2(0x32, paths)]);
    expect(header?.kind).toBe('datagram');
    expect(header?.source).toEqual(new UNIXAddress('/run/client'));
    expect(header?.destination).toEqual(new UNIXAddress('\0abstract'));
    const nameless = parse([v2(0x31, Buffer.alloc(216))]).header;
    expect(nameless).toMatchObject({ kind: 'stream', source: new UNIXAddress('') });
    expect(parse([v2(0x31, Buffer.alloc(216, 0x61))]).header?.source).toEqual(
      new UNIXAddress('a'.repeat(108)),
    );
  });

  it.each([
    ['no family', 0x00],
    ['no family, a kind', 0x01],
    ['a family without a kind', 0x10],
  ])('skips the content of a header with %s', (_name, familyAndKind) => {
    const outcome = parseEach(
      Buffer.concat([v2(familyAndKind, Buffer.from('junk')), Buffer.of(0x58)]),
    );
    expect(outcome.header).toMatchObject({ command: 'PROXY', source: undefined, tlvs: [] });
    expect(outcome.rest).toBe('X');
  });

  it('skips the content of a LOCAL header, whatever its family', () => {
    for (const familyAndKind of [0x00, 0x11, 0xff]) {
      const outcome = parse([v2(familyAndKind, Buffer.from('junk'), 0x20), Buffer.of(0x58)]);
      expect(outcome.header).toMatchObject({
        command: 'LOCAL',
        source: undefined,
        kind: undefined,
      });
      expect(outcome.rest).toBe('X');
    }
  });

  it.each([
    ['another version', v2(0x11, IPV4_BLOCK, 0x11)],
    ['an unknown command', v2(0x11, IPV4_BLOCK, 0x22)],
    ['an unknown family', v2(0x41, IPV4_BLOCK)],
    ['an unknown kind', v2(0x13, IPV4_BLOCK)],
    ['too little for its addresses', v2(0x11, IPV4_BLOCK.subarray(1))],
    ['too little for its IPv6 addresses', v2(0x21, Buffer.alloc(35))],
    ['too little for its paths', v2(0x31, Buffer.alloc(215))],
    ['a TLV without a length', withTLVs(Buffer.of(0xe0, 0))],
    ['a TLV that is too long', withTLVs(Buffer.of(0xe0, 0, 2, 1))],
    ['an authority that is not UTF-8', withTLVs(tlv(2, Buffer.of(0xff)))],
    ['a unique ID of 129 bytes', withTLVs(tlv(5, Buffer.alloc(129)))],
    ['a short SSL field', withTLVs(tlv(0x20, Buffer.alloc(4)))],
    ['a malformed SSL sub-field', withTLVs(tlv(0x20, Buffer.of(1, 0, 0, 0, 0, 0x21, 0, 9)))],
    ['a checksum of 3 bytes', withTLVs(tlv(3, Buffer.alloc(3)))],
    ['two checksums', withTLVs(tlv(3, Buffer.alloc(4)), tlv(3, Buffer.alloc(4)))],
  ])('refuses %s', (_name, bytes) => {
    expect(parseEach(bytes).error).toMatchObject({ code: 'ERR_INVALID_PROXY_HEADER', version: 2 });
  });

  it('reads the typed TLVs, and lists the others', () => {
    const ssl = Buffer.concat([
      Buffer.of(0x07, 0, 0, 0, 0),
      tlv(0x21, 'TLSv1.3'),
      tlv(0x22, 'Zoë'),
      tlv(0x23, 'TLS_AES_128_GCM_SHA256'),
      tlv(0x24, 'RSA-SHA256'),
      tlv(0x25, 'RSA2048'),
      tlv(0x26, 'x25519'),
    ]);
    const { header } = parse([
      withTLVs(
        tlv(1, 'h2'),
        tlv(2, 'example.com'),
        tlv(4, 'padding'),
        tlv(5, Buffer.of(0, 0xff)),
        tlv(0x20, ssl),
        tlv(0x30, 'blue'),
        tlv(0xea, 'vpce'),
        tlv(2, 'second.example'),
      ),
    ]);
    expect(header).toMatchObject({
      alpn: 'h2',
      authority: 'example.com',
      uniqueId: Buffer.of(0, 0xff),
      netns: 'blue',
      ssl: {
        overTLS: true,
        certificateInConnection: true,
        certificateInSession: true,
        verified: true,
        version: 'TLSv1.3',
        commonName: 'Zoë',
        cipher: 'TLS_AES_128_GCM_SHA256',
        signatureAlgorithm: 'RSA-SHA256',
        keyAlgorithm: 'RSA2048',
        tlvs: [{ type: 0x26, value: Buffer.from('x25519') }],
      },
      tlvs: [
        { type: 0xea, value: Buffer.from('vpce') },
        { type: 2, value: Buffer.from('second.example') },
      ],
    });
  });

  it.each([
    [0x01, 0, false],
    [0x03, 0, true],
    [0x05, 0, true],
    [0x03, 1, false],
  ])('with SSL flags %i and result %i, verified is %s', (flags, result, verified) => {
    const { header } = parse([withTLVs(tlv(0x20, Buffer.of(flags, 0, 0, 0, result)))]);
    expect(header?.ssl?.verified).toBe(verified);
  });

  it('limits the length at its announcement', () => {
    const bytes = v2(0x11, Buffer.concat([IPV4_BLOCK, tlv(4, Buffer.alloc(100))]));
    const limit = { maxHeaderBytes: bytes.length };
    expect(parse([bytes], limit).header).toBeDefined();
    const { error } = parse([bytes.subarray(0, 16)], { maxHeaderBytes: bytes.length - 1 });
    const facts = { length: bytes.length, limit: bytes.length - 1 };
    expect(error).toMatchObject({ code: 'ERR_PROXY_HEADER_TOO_LONG', ...facts });
  });

  it('copies the values that it returns', () => {
    const bytes = withTLVs(tlv(5, 'id'), tlv(0xe0, 'x'));
    const { header } = parse([bytes]);
    bytes.fill(0);
    expect(String(header?.uniqueId)).toBe('id');
    expect(String(header?.tlvs[0]?.value)).toBe('x');
  });

  it('refuses each changed bit of a header with a checksum', () => {
    const bytes = serializeProxyHeader({
      source: new IPv4Address('TCP', '192.0.2.1', 1),
      destination: new IPv4Address('TCP', '192.0.2.2', 2),
      authority: 'example.com',
      checksum: true,
    });
    expect(parse([bytes]).header?.authority).toBe('example.com');
    // From the addresses on: a changed prefix may be valid in itself, as LOCAL is.
    for (let bit = 16 * 8; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      const { error } = parse([changed]);
      // A changed type of the checksum field makes another field of it.
      if (bit >> 3 === bytes.length - 7) continue;
      expect(error, `bit ${bit}`).toBeInstanceOf(RemoteProtocolError);
    }
    const changed = Buffer.from(bytes);
    changed[16] = 0;
    expect(parse([changed]).error).toMatchObject({ code: 'ERR_PROXY_HEADER_CHECKSUM' });
  });
});

describe('ProxyHeaderParser', () => {
  it('refuses versions that are not accepted', () => {
    const line = Buffer.from('PROXY UNKNOWN\r\n');
    const block = v2(0x11, IPV4_BLOCK);
    expect(parseEach(line, { versions: [2] }).error).toMatchObject({ version: 1 });
    expect(parseEach(block, { versions: [1] }).error).toMatchObject({ version: 2 });
    expect(parseEach(line, { versions: [1] }).header).toBeDefined();
    expect(parseEach(block, { versions: [2] }).header).toBeDefined();
  });

  it.each([
    { versions: [] },
    { versions: [3] },
    { versions: '12' },
    { maxHeaderBytes: 15 },
    { maxHeaderBytes: 65_552 },
  ])('refuses the options %j', (options) => {
    expect(() => new ProxyHeaderParser(options as never)).toThrow(/must be/);
  });

  it('returns one header only', () => {
    const parser = new ProxyHeaderParser();
    parser.receive(Buffer.from('PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n'));
    expect(parser.next()).toBeDefined();
    expect(parser.next()).toBeUndefined();
    expect(parser.bufferedBytes).toBe(15);
    expect(String(parser.takeRest())).toBe('PROXY UNKNOWN\r\n');
  });

  it('has the checksum of RFC 3720 appendix B.4', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32c(bytes) === slowCrc32c(bytes)));
  });
});

/** The parser's outcome in the terms of the oracle. */
function verdict(bytes: Buffer, cut: number): string {
  const { header, rest, error } = parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
  if (error !== undefined) return 'refused';
  if (header === undefined) return 'more';
  const { version, command, source = '-', destination = '-', tlvs } = header;
  const length = bytes.length - (rest?.length ?? 0);
  return `${version} ${command} ${source} ${destination} ${length} ${tlvs.length}`;
}

const SEEDS: readonly Buffer[] = [
  Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET /'),
  Buffer.from('PROXY TCP6 2001:db8::1 ::ffff:192.0.2.7 1 65535\r\n'),
  Buffer.from('PROXY UNKNOWN 1 2\r\n\r\n'),
  v2(0x11, IPV4_BLOCK),
  v2(0x21, Buffer.concat([Buffer.alloc(36, 0x20), tlv(1, 'h2'), tlv(0xe0, 'xy')])),
  v2(0x31, Buffer.concat([Buffer.alloc(216, '/a\0'), tlv(2, 'a.example')])),
  withTLVs(tlv(0x20, Buffer.concat([Buffer.of(1, 0, 0, 0, 0), tlv(0x21, 'TLSv1.2')])), tlv(4, '')),
  serializeProxyHeader({
    source: new IPv6Address('TCP', '2001:db8::1', 1),
    destination: new IPv4Address('TCP', '192.0.2.2', 2),
    uniqueId: Buffer.from('id'),
    checksum: true,
  }),
];

const mutation = fc.record({
  at: fc.nat(300),
  how: fc.constantFrom('replace', 'insert', 'remove', 'truncate'),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 5, 0x20, 0x30, 0x0d, 0x0a, 0x3a)),
});

function mutate(
  bytes: Buffer,
  { at, how, byte }: { at: number; how: string; byte: number },
): Buffer {
  const place = at % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  if (how === 'truncate') return before;
  if (how === 'insert') return Buffer.concat([before, Buffer.of(byte), after]);
  return Buffer.concat([before, Buffer.from(how === 'replace' ? [byte] : []), after.subarray(1)]);
}

describe('ProxyHeaderParser, compared with an independent reader', () => {
  it('agrees on mutated headers, however they are split', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SEEDS),
        fc.array(mutation, { maxLength: 4 }),
        fc.nat(300),
        (seed, mutations, cut) => {
          const bytes = Buffer.from(mutations.reduce(mutate, seed));
          expect(verdict(bytes, cut % (bytes.length + 1))).toBe(judge(bytes));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('agrees on arbitrary bytes behind a valid beginning', () => {
    const beginning = fc.constantFrom(
      '',
      'PROXY ',
      'PROXY TCP4 ',
      '\r\n\r\n\0\r\nQUIT\n',
      '\r\n\r\n\0\r\nQUIT\n!\x11\0',
    );
    fc.assert(
      fc.property(beginning, fc.uint8Array({ maxLength: 120 }), fc.nat(120), (begin, more, cut) => {
        const bytes = Buffer.concat([Buffer.from(begin, 'latin1'), more]);
        expect(verdict(bytes, Math.min(cut, bytes.length))).toBe(judge(bytes));
      }),
      { numRuns: 2_000 },
    );
  });
});
