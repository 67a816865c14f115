import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  SocksClientConnection,
  type SocksClientRequest,
  SocksServerConnection,
} from '../../../src/protocols/socks/connection.js';
import { readSocksDatagram, socksDatagramHeader } from '../../../src/protocols/socks/datagrams.js';
import { SocksSequenceError } from '../../../src/protocols/socks/errors.js';
import type { SocksReply, SocksVersion } from '../../../src/protocols/socks/events.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { clientEvents, readEverywhere, serverEvents } from './recording.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A name of 4a is behind 0.0.0.1. */
const TRANSCRIPTS: readonly [string, Buffer, boolean, readonly string[]][] = [
  [
    'SOCKS 5 to a name, without authentication',
    hex('05 02 00 02 05 01 00 03 01 61 00 50 68 69'),
    false,
    [
      '{"type":"greeting","methods":[0,2]}',
      '0500',
      '{"type":"request","request":{"version":5,"command":"connect","host":"a","port":80}}',
      '05000001c00002010102',
      'rest 6869',
      'established',
    ],
  ],
  [
    'SOCKS 5 to IPv6, with a password',
    hex(`05 01 02 01 01 75 02 7077 05 01 00 04 ${'0'.repeat(31)}1 01bb`),
    true,
    [
      '{"type":"greeting","methods":[2]}',
      '0502',
      '{"type":"credentials","username":"u","password":"pw"}',
      '0100',
      '{"type":"request","request":{"version":5,"command":"connect","host":"::1","port":443}}',
      '05000001c00002010102',
      'rest ',
      'established',
    ],
  ],
  [
    'a wrong password',
    hex('05 01 02 01 01 75 05 77726f6e67 05 01'),
    true,
    [
      '{"type":"greeting","methods":[2]}',
      '0502',
      '{"type":"credentials","username":"u","password":"wrong"}',
      '0101',
      'rest 0501',
      'refused',
    ],
  ],
  [
    'no acceptable method',
    hex('05 01 01'),
    false,
    ['{"type":"greeting","methods":[1]}', '05ff', 'rest ', 'refused'],
  ],
  [
    'SOCKS 4',
    hex('04 01 0050 c6336401 6d65 00 21'),
    false,
    [
      '{"type":"request","request":{"version":4,"command":"connect","port":80,"userId":"me","host":"198.51.100.1"}}',
      '005a0102c0000201',
      'rest 21',
      'established',
    ],
  ],
  [
    'SOCKS 4a',
    hex('04 02 0050 00000001 00 6578 00'),
    false,
    [
      '{"type":"request","request":{"version":4,"command":"bind","port":80,"userId":"","host":"ex"}}',
      '005a0102c0000201',
      'rest ',
      'bound',
    ],
  ],
  [
    'another protocol',
    hex('47455420'),
    false,
    ['invalid SOCKS message: there is no version 71', 'no answer'],
  ],
  [
    'an unknown command',
    hex('05 01 00 05 09 00 01'),
    false,
    [
      '{"type":"greeting","methods":[0]}',
      '0500',
      'invalid SOCKS message: there is no command 9',
      '05070001000000000000',
    ],
  ],
  [
    'an unknown address type',
    hex('05 01 00 05 01 00 02 00'),
    false,
    [
      '{"type":"greeting","methods":[0]}',
      '0500',
      'invalid SOCKS message: there is no address type 2',
      '05080001000000000000',
    ],
  ],
  [
    'a host that is no name',
    hex('05 01 00 05 01 00 03 03 612f62 0050'),
    false,
    [
      '{"type":"greeting","methods":[0]}',
      '0500',
      'invalid SOCKS message: the host name is not valid: use only the host name of a URL',
      '05010001000000000000',
    ],
  ],
  [
    'a user name of SOCKS 4 without an end',
    Buffer.concat([hex('04 01 0050 c6336401'), Buffer.alloc(256, 'u')]),
    false,
    ['invalid SOCKS message: the user name is longer than 255 bytes', '005b000000000000'],
  ],
];

describe('SocksServerConnection', () => {
  it.each(TRANSCRIPTS)('reads %s, however it is cut', (_name, bytes, withPassword, expected) => {
    for (const chunks of everySplit(bytes)) {
      expect(serverEvents(chunks, withPassword)).toEqual(expected);
    }
  });

  it('refuses answers that nothing asked for', () => {
    const connection = new SocksServerConnection();
    expect(() => connection.selectMethod(0)).toThrow(SocksSequenceError);
    expect(() => connection.authenticated(true)).toThrow(SocksSequenceError);
    expect(() => connection.reply('succeeded')).toThrow(SocksSequenceError);
  });

  it('throws the same error again after an invalid message', () => {
    const connection = new SocksServerConnection();
    connection.receive(hex('ff'));
    expect(() => connection.next()).toThrow('there is no version 255');
    connection.receive(hex('050100'));
    expect(() => connection.next()).toThrow('there is no version 255');
  });
});

describe('SocksClientConnection', () => {
  const host = 'example.com';

  it('asks a proxy of version 5, with a password if the proxy wants one, however the answers are cut', () => {
    const request = { host, port: 80, username: 'u', password: 'pw' };
    for (const chunks of everySplit(hex('0502 0100 05000001c00002010102 6869'))) {
      expect(clientEvents(chunks, request)).toEqual([
        '05020002',
        '010175027077',
        '050100030b6578616d706c652e636f6d0050',
        '{"type":"reply","reply":"succeeded","bound":{"host":"192.0.2.1","port":258}}',
        'rest 6869',
        'established',
      ]);
    }
  });

  it('asks a proxy of version 4a', () => {
    for (const chunks of everySplit(hex('005a0000000000006869'))) {
      expect(clientEvents(chunks, { host, port: 80, version: 4, username: 'u' })).toEqual([
        '0401005000000001750065' + '78616d706c652e636f6d00',
        '{"type":"reply","reply":"succeeded","bound":{"host":"0.0.0.0","port":0}}',
        'rest 6869',
        'established',
      ]);
    }
  });

  it('is denied for its methods, its password, and its request', () => {
    const request = { host, port: 80, username: 'u', password: 'pw' };
    expect(clientEvents([hex('05ff')], request)).toContain('{"type":"denied","by":"methods"}');
    expect(clientEvents([hex('05020101')], request)).toContain('{"type":"denied","by":"password"}');
    expect(clientEvents([hex('05000505000100000000' + '0000')], request)).toContain(
      '{"type":"reply","reply":"connection refused","bound":{"host":"0.0.0.0","port":0}}',
    );
  });

  it('refuses a method that it has not offered, and bytes of no proxy', () => {
    const without = { host, port: 80 };
    expect(clientEvents([hex('0502')], without).at(-1)).toContain('which was not offered');
    expect(clientEvents([Buffer.from('HTTP/1.1')], without).at(-1)).toContain('72 instead of 5');
  });

  it('refuses names and passwords that do not fit, without showing a password', () => {
    const long = 'x'.repeat(256);
    const make = (request: Partial<SocksClientRequest>): (() => unknown) => {
      return () => new SocksClientConnection({ host, port: 80, ...request });
    };
    expect(make({ host: long })).toThrow('a name of 1 to 255 bytes');
    expect(make({ port: 70_000 })).toThrow('65535');
    expect(make({ version: 4, host: '::1' })).toThrow('an IPv4 address or a name');
    expect(make({ username: 'u', password: long })).toThrow('"256 bytes"');
    expect(make({ username: 'u', password: long })).not.toThrow('xxx');
    expect(make({ username: 'u' })).toThrow('1 to 255 bytes');
  });
});

const addresses = fc.record({
  host: fc.oneof(
    fc.ipV4(),
    fc.domain().filter((name) => name.length < 256),
  ),
  port: fc.integer({ min: 0, max: 65_535 }),
});

describe('a client and a proxy', () => {
  it('agree about every request and reply', () => {
    const replies: SocksReply[] = ['succeeded', 'not allowed', 'TTL expired'];
    const versions: SocksVersion[] = [4, 5];
    fc.assert(
      fc.property(
        addresses,
        fc.constantFrom(...versions),
        fc.constantFrom(...replies),
        fc.boolean(),
        (destination, version, reply, withPassword) => {
          const client = new SocksClientConnection({
            ...destination,
            version,
            ...(withPassword && { username: 'alice', password: 'päss' }),
          });
          const server = new SocksServerConnection();
          server.receive(client.begin());
          const seen: unknown[] = [];
          for (;;) {
            const event = server.next();
            if (event === undefined) break;
            let answer: Buffer;
            if (event.type === 'greeting') {
              answer = server.selectMethod(withPassword ? 2 : 0);
            } else if (event.type === 'credentials') {
              expect(event).toMatchObject({ username: 'alice', password: 'päss' });
              answer = server.authenticated(true);
            } else {
              expect(event.request).toMatchObject({ ...destination, version, command: 'connect' });
              answer = server.reply(reply, { host: '192.0.2.7', port: 7 });
            }
            client.receive(answer);
            for (let read = client.next(); read !== undefined; read = client.next()) {
              if (read.type === 'send') server.receive(read.bytes);
              else seen.push(read);
            }
          }
          const expected = version === 5 || reply === 'succeeded' ? reply : 'general failure';
          expect(seen).toMatchObject([{ type: 'reply', reply: expected }]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('read arbitrary bytes without any other error, the same however they are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, at) => {
        const whole = Buffer.from(bytes);
        const cut = whole.length === 0 ? 0 : at % whole.length;
        const parts = [whole.subarray(0, cut), whole.subarray(cut)].filter(
          (part) => part.length > 0,
        );
        expect(readEverywhere(parts)).toEqual(readEverywhere(whole.length === 0 ? [] : [whole]));
      }),
      { numRuns: 500 },
    );
  });
});

describe('datagrams', () => {
  it('have the address in front of the payload', () => {
    fc.assert(
      fc.property(addresses, fc.uint8Array({ maxLength: 50 }), (address, payload) => {
        const datagram = Buffer.concat([socksDatagramHeader(address), payload]);
        expect(readSocksDatagram(datagram)).toEqual({ ...address, payload: Buffer.from(payload) });
      }),
    );
    expect(socksDatagramHeader({ host: '2001:db8::1', port: 53 }).toString('hex')).toBe(
      '0000000420010db8000000000000000000000001' + '0035',
    );
  });

  it('are refused if they are fragments, too short or malformed', () => {
    for (const text of [
      '',
      '0000',
      '00000101020304050050',
      '000000010203',
      '00000002',
      '01000001',
    ]) {
      expect(readSocksDatagram(hex(text))).toBeUndefined();
    }
  });
});
