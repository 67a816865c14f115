import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNIXAddress } from '../../../src/core/address.js';
import { Deferred } from '../../../src/defer/deferred.js';
import { TCPClientEndpoint } from '../../../src/endpoints/tcp.js';
import { Protocol } from '../../../src/index.js';
import {
  type IdentAnswer,
  type IdentLookup,
  type IdentRequest,
  IdentServerFactory,
  ident,
  identOf,
  parseIdentAnswer,
  parseIdentQuery,
  procIdentLookup,
  serializeIdentAnswer,
  serializeIdentQuery,
} from '../../../src/protocols/ident/index.js';
import { addressDigits, procConnections, userNameIn } from '../../../src/protocols/ident/proc.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { flushLoggedErrors } from '../../../src/testing/logged-errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { MemoryReactor } from '../../../src/testing/memory-reactor.js';
import { MemoryTransport } from '../../../src/testing/memory-transport.js';
import { accept } from '../../policies/wired.js';
import { contract, portOf } from '../../support/contract.js';
import { RawPeer, RawServer } from '../../support/raw-peer.js';
import { identLines } from './recording.js';

const QUERY = { localPort: 6193, remotePort: 23 };
const answer = (line: string): IdentAnswer => parseIdentAnswer(Buffer.from(line), QUERY);

describe('the lines of ident', () => {
  it.each<[string, object]>([
    ['6193, 23', QUERY],
    ['6193,23', QUERY],
    [' 6193 ,\t23 ', QUERY],
    ['99999, 0', { localPort: 99_999, remotePort: 0 }],
  ])('reads the query %j', (line, expected) => {
    expect(parseIdentQuery(Buffer.from(line))).toEqual(expected);
  });

  it.each(['', '1', '1,', '1,2,3', 'a, b', '-1, 2', '1.5, 2', '1 2', '12345678901, 2', '1, 2 : x'])(
    'refuses the query %j',
    (line) => {
      expect(() => parseIdentQuery(Buffer.from(line))).toThrow('invalid ident message: no pair');
    },
  );

  it.each<[string, object]>([
    ['6193, 23 : USERID : UNIX : stjohns', { userId: 'stjohns', system: 'UNIX' }],
    ['6193,23:USERID:OTHER,US-ASCII:a:b', { userId: 'a:b', system: 'OTHER' }],
    ['6193, 23 : userid : unix : x y ', { userId: 'x y', system: 'unix' }],
    ['6193, 23 : ERROR : NO-USER', { problem: 'NO-USER' }],
    ['6193, 23 : ERROR : hidden-user ', { problem: 'HIDDEN-USER' }],
    ['6193, 23 : ERROR : X-BUSY', { problem: 'X-BUSY' }],
  ])('reads the answer %j', (line, expected) => {
    expect(answer(line)).toEqual(expected);
  });

  it.each([
    ['6193, 24 : ERROR : NO-USER', 'another query'],
    ['0, 0 : ERROR : INVALID-PORT', 'another query'],
    ['6193, 23', 'neither USERID nor ERROR'],
    ['6193, 23 : ERROR : BUSY', 'an unknown kind of error'],
    ['6193, 23 : USERID : UNIX', 'no user'],
    ['6193, 23 : USERID : UNIX : ', 'no user'],
    ['6193, 23 : USERID :  : a', 'no system'],
    ['6193, 23 : USERID : UNIX : a\x1b[2J', 'control characters'],
    [`6193, 23 : USERID : UNIX : ${'a'.repeat(513)}`, 'more than 512 bytes'],
  ])('refuses the answer %j', (line, why) => {
    expect(() => answer(line)).toThrow(why);
  });

  it('reads ISO 8859-1', () => {
    const line = Buffer.from('6193, 23 : USERID : UNIX : zo\xeb', 'latin1');
    expect(parseIdentAnswer(line, QUERY)).toEqual({ userId: 'zoë', system: 'UNIX' });
  });

  it('are written as RFC 1413 says, with UTF-8 where needed', () => {
    const text = (given: IdentAnswer): string => serializeIdentAnswer(QUERY, given).toString();
    expect(serializeIdentQuery(QUERY).toString()).toBe('6193, 23\r\n');
    expect(text({ userId: 'alice' })).toBe('6193, 23 : USERID : UNIX : alice\r\n');
    expect(text({ userId: 'zoë', system: 'OTHER' })).toBe(
      '6193, 23 : USERID : OTHER, UTF-8 : zoë\r\n',
    );
    expect(text({ problem: 'X-BUSY' })).toBe('6193, 23 : ERROR : X-BUSY\r\n');
  });

  it.each<IdentAnswer>([
    { userId: '' },
    { userId: ' a' },
    { userId: 'a\r\n1, 2 : USERID : UNIX : b' },
    { userId: 'ë'.repeat(257) },
    { userId: 'a', system: 'a:b' },
    { problem: 'BUSY' as never },
    { problem: 'X\r\n' },
  ])('are not written for %j', (bad) => {
    expect(() => serializeIdentAnswer(QUERY, bad)).toThrow(RangeError);
  });

  it('are read the same at every split', () => {
    const bytes = Buffer.from('6193, 23\r\n6193,23:USERID:UNIX:zoë\r\n\r\n');
    const whole = identLines([Buffer.from(bytes)]);
    expect(whole).toContain('{"userId":"zoë","system":"UNIX"}');
    for (const chunks of everySplit(bytes)) expect(identLines(chunks)).toEqual(whole);
  });

  it('read arbitrary bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(fc.property(bytes, (given) => void identLines([Buffer.from(given)])));
  });
});

describe('an ident server', () => {
  function serve(lookup: IdentLookup, options = {}): MemoryTransport {
    return accept(new IdentServerFactory(new ManualClock(), lookup, options)).transport;
  }

  it.each<[string, ReturnType<IdentLookup>, string]>([
    ['a name', 'alice', 'USERID : UNIX : alice'],
    ['a user', { userId: '7f', system: 'OTHER' }, 'USERID : OTHER : 7f'],
    ['nobody', undefined, 'ERROR : NO-USER'],
    ['a hidden user', { problem: 'HIDDEN-USER' }, 'ERROR : HIDDEN-USER'],
  ])('answers with %s', (_what, found, expected) => {
    const transport = serve(() => found);
    transport.receive('6193, 23\r\n1, 2\r\n');
    transport.settle();
    expect(transport.text).toBe(`6193, 23 : ${expected}\r\n1, 2 : ${expected}\r\n`);
    expect(transport.connected).toBe(true);
  });

  it('passes the ports and addresses of the connection', () => {
    const asked: IdentRequest[] = [];
    serve((request) => void asked.push(request)).receive('6193, 23\r\n');
    expect(asked).toEqual([{ ...QUERY, localHost: '192.0.2.1', remoteHost: '192.0.2.2' }]);
  });

  it('answers invalid ports without a look-up', () => {
    const transport = serve(() => 'never');
    transport.receive('0, 23\r\n6193, 65536\r\n');
    expect(transport.text).toBe(
      '0, 23 : ERROR : INVALID-PORT\r\n6193, 65536 : ERROR : INVALID-PORT\r\n',
    );
  });

  it.each(['GET / HTTP/1.0\r\n', 'x'.repeat(1_001)])('closes on %j', (bytes) => {
    const transport = serve(() => 'never');
    transport.receive(bytes);
    transport.settle();
    expect([transport.text, transport.peerSees]).toEqual(['', 'end']);
  });

  it('reports a failed look-up, or a result that cannot be written', () => {
    for (const lookup of [
      () => {
        throw new Error('broken');
      },
      () => 'a\r\nb',
      () => 5 as never,
    ]) {
      const transport = serve(lookup);
      transport.receive('6193, 23\r\n');
      expect(transport.text).toBe('6193, 23 : ERROR : UNKNOWN-ERROR\r\n');
    }
    expect(flushLoggedErrors(Error)).toHaveLength(3);
  });
});

describe('tables of connections', () => {
  const HEAD =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const line = (local: string, remote: string, state: string, uid: number): string =>
    `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 17 1 0 100 0 0 10 0\n`;

  it.skipIf(new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1)('are read', () => {
    const zeros = '0'.repeat(16);
    const table =
      HEAD +
      line('00000000:0016', '00000000:0000', '0A', 0) +
      line('0100007F:1831', '0202000A:0017', '01', 1000) +
      line('0100007F:1831', '0202000A:0018', '06', 0) +
      line(`${zeros}0000000001000000:1831`, `${zeros}FFFF00000202000A:0017`, '01', 5) +
      line(`${zeros}0000000001000000:1831`, `${zeros}0000000001000000:0017`, '01', 6);
    const ports = { localPort: 0x1831, remotePort: 0x17 };
    const one = `${'0'.repeat(31)}1`;
    expect([...procConnections(table)]).toEqual([
      { ...ports, localAddress: '7f000001', remoteAddress: '0a000202', uid: 1000 },
      { ...ports, localAddress: one, remoteAddress: '0a000202', uid: 5 },
      { ...ports, localAddress: one, remoteAddress: one, uid: 6 },
    ]);
    expect([...procConnections('garbage\n\n')]).toEqual([]);
  });

  it.each([
    ['10.0.2.2', '0a000202'],
    ['::1', `${'0'.repeat(31)}1`],
    ['::', '0'.repeat(32)],
    ['::ffff:10.0.2.2', '0a000202'],
    ['fe80::1%lo', `fe80${'0'.repeat(27)}1`],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
  ])('name %s by its digits', (host, digits) => {
    expect(addressDigits(host)).toBe(digits);
  });

  it('and users are found by number', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/sh\n\nalice:x:1000:1000::/:\n';
    expect(userNameIn(passwd, 1000)).toBe('alice');
    expect(userNameIn(passwd, 10)).toBeUndefined();
  });
});

contract('ident', (rig) => {
  function serve(lookup: IdentLookup): number {
    const factory = new IdentServerFactory(rig.reactor, lookup);
    return portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
  }

  it('asks for the owner of a connection, with its ports as the server sees them', async () => {
    const asked: IdentRequest[] = [];
    const port = serve(async (request) => {
      asked.push(request);
      return 'alice';
    });
    const target = rig.use(await RawServer.listen());
    const endpoint = new TCPClientEndpoint(rig.reactor, '127.0.0.1', target.port);
    const { transport } = await endpoint.connect(Protocol);
    const far = await target.peer();
    expect(await identOf(rig.reactor, transport, { port })).toEqual({
      userId: 'alice',
      system: 'UNIX',
    });
    const hosts = { localHost: '127.0.0.1', remoteHost: '127.0.0.1' };
    expect(asked).toEqual([{ localPort: far.localPort, remotePort: far.remotePort, ...hosts }]);
  });

  it('fails if the server refuses, answers something else, or nothing', async () => {
    const clock = rig.reactor;
    const at = (port: number) => new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
    const hidden = at(serve(() => ({ problem: 'HIDDEN-USER' })));
    await expect(ident(hidden, QUERY, { clock })).rejects.toMatchObject({
      code: 'ERR_IDENT_REFUSED',
      problem: 'HIDDEN-USER',
    });
    const silent = at(serve(() => new Deferred<string>()));
    await expect(ident(silent, QUERY, { clock, timeoutMs: 50 })).rejects.toThrow('no result in 50');
    const raw = rig.use(await RawServer.listen());
    for (const [index, [bytes, why]] of [
      ['1, 2 : ERROR : NO-USER\r\n', 'another query'],
      ['6193, 23 : USER', 'after 15 bytes'],
      ['x'.repeat(2_000), 'more than 1000 bytes'],
    ].entries()) {
      const failed = expect(ident(at(raw.port), QUERY, { clock })).rejects.toThrow(why);
      const peer = await raw.peer(index);
      peer.write(bytes as string);
      peer.end();
      await failed;
    }
  });

  it.runIf(process.platform === 'linux')('finds this process in the tables', async () => {
    const port = serve(procIdentLookup);
    const endpoint = new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
    const { transport } = await endpoint.connect(Protocol);
    const { userId } = await identOf(rig.reactor, transport, { port });
    const uid = String(process.getuid?.());
    const { readFileSync } = await import('node:fs');
    expect(userId).toBe(userNameIn(readFileSync('/etc/passwd', 'utf8'), Number(uid)) ?? uid);
    const none = { localPort: 1, remotePort: 1 };
    await expect(ident(endpoint, none, { clock: rig.reactor })).rejects.toThrow('NO-USER');
  });
});

it.runIf(process.platform === 'linux')(
  'procIdentLookup finds no connection of another address of this machine',
  async () => {
    const server = await RawServer.listen();
    const peer = RawPeer.start(server.port, '127.0.0.1', { localAddress: '127.0.0.2' });
    try {
      await peer.until(() => peer.connected, 'connection');
      const ports = { localPort: peer.localPort, remotePort: server.port };
      const ask = (localHost: string): Promise<string | undefined> =>
        procIdentLookup({ ...ports, localHost, remoteHost: '127.0.0.1' });
      expect(await ask('127.0.0.2')).toBeDefined();
      expect(await ask('127.0.0.1')).toBeUndefined();
    } finally {
      await peer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    }
  },
);

it('identOf refuses connections that are not over TCP', () => {
  const transport = new MemoryTransport({ peer: new UNIXAddress('/x') });
  transport.connect(new Protocol());
  expect(() => identOf(new MemoryReactor(), transport)).toThrow(RangeError);
});
