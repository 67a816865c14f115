import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TCPClientEndpoint } from '../../../src/endpoints/tcp.js';
import { DIALECTS } from '../../../src/protocols/postfix/dialects.js';
import {
  lookUpInTable,
  quoteTableText,
  type TableLookup,
  TableLookupError,
  TableServerFactory,
  type TableServerOptions,
  unquoteTableText,
} from '../../../src/protocols/postfix/index.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { flushLoggedErrors } from '../../../src/testing/logged-errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { accept } from '../../policies/wired.js';
import { contract, portOf } from '../../support/contract.js';
import { RawServer } from '../../support/raw-peer.js';
import { tableMessages } from './recording.js';

const TABLE = new Map([
  ['alice', 'Alice <alice@example.com>, 100%'],
  ['zoë', 'naïve'],
]);

describe('the encoding of tcp_table', () => {
  // The first three are those of Twisted 26.4.
  it.each([
    ['foo', 'foo'],
    ['a b', 'a%20b'],
    ['a%b', 'a%25b'],
    ['é', '%C3%A9'],
    ['\n\t\x7f', '%0A%09%7F'],
  ])('of %j is %j', (text, quoted) => {
    expect(quoteTableText(text)).toBe(quoted);
    expect(unquoteTableText(quoted)).toBe(text);
    expect(unquoteTableText(quoted.toLowerCase())).toBe(text);
  });

  it('survives a round trip', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(quoteTableText(text)).toMatch(/^[!-~]*$/);
        expect(unquoteTableText(quoteTableText(text))).toBe(text);
      }),
    );
  });

  it.each(['%', '%4', '%zz', '%E9'])('refuses %j', (quoted) => {
    expect(() => unquoteTableText(quoted)).toThrow('invalid message of a table protocol');
  });
});

describe.each([
  ['tcp', 'get alice\nget a%20b\n200 x%25\n500 no\n400 later\nput x\n'],
  [
    'socketmap',
    '9:map alice,7:map a b,6:OK x y,9:NOTFOUND ,10:TEMP later,6:PERM x,9:TIMEOUT y,1:x,',
  ],
] as const)('messages of %s', (protocol, text) => {
  it('are read the same at every split', () => {
    const bytes = Buffer.from(text);
    const whole = tableMessages(protocol, [bytes]);
    expect(whole).toContain('{"type":"missing"}');
    expect(whole).toMatchSnapshot();
    for (const chunks of everySplit(bytes)) expect(tableMessages(protocol, chunks)).toEqual(whole);
  });

  it('read arbitrary bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(fc.property(bytes, (given) => void tableMessages(protocol, [Buffer.from(given)])));
  });

  it('are not written if they are too long or empty', () => {
    const { serializeReply, serializeRequest } = DIALECTS[protocol];
    expect(() => serializeReply({ type: 'found', value: 'x'.repeat(100_000) })).toThrow(RangeError);
    expect(() => serializeRequest({ map: 'm', key: '' })).toThrow(RangeError);
    const reason = '\u2603'.repeat(10_000);
    expect(serializeReply({ type: 'temporary', reason }).length).toBeLessThanOrEqual(4_096);
  });
});

it('a map has a name without spaces', () => {
  expect(() => DIALECTS.socketmap.serializeRequest({ map: 'a b', key: 'x' })).toThrow(RangeError);
});

describe('a table server', () => {
  function answer(
    bytes: string,
    table: TableLookup | Map<string, string> = TABLE,
    options: TableServerOptions = {},
  ): [string, string] {
    const { transport } = accept(new TableServerFactory(new ManualClock(), table, options));
    transport.receive(bytes);
    transport.settle();
    return [transport.text, transport.peerSees];
  }

  it('answers any number of requests', () => {
    const [text, end] = answer('get alice\nget%20\nget nobody\n'.replace('get%20\n', ''));
    expect(text).toBe('200 Alice%20<alice@example.com>,%20100%25\n500 not%20found\n');
    expect(end).toBe('open');
  });

  it('answers netstrings, with the name of the map', () => {
    const lookup: TableLookup = (key, map) => (key === 'none' ? undefined : `${map}/${key}`);
    const [text] = answer('9:map alice,8:map none,', lookup, { protocol: 'socketmap' });
    expect(text).toBe('12:OK map/alice,9:NOTFOUND ,');
  });

  it.each([
    ['tcp', 'get x\n', '400 gone%20away\n'],
    ['socketmap', '3:m x,', '14:PERM gone away,'],
  ] as const)('passes a TableLookupError on: %s', (protocol, request, reply) => {
    const lookup = (): never => {
      throw new TableLookupError('gone away', 'permanent');
    };
    expect(answer(request, lookup, { protocol })).toEqual([reply, 'open']);
  });

  it('reports other errors and asks for another try', () => {
    const lookup = (): never => {
      throw new Error('secret');
    };
    expect(answer('get x\n', lookup)).toEqual(['400 the%20look-up%20failed\n', 'open']);
    expect(answer('get x\n', () => 'x'.repeat(5_000))[0]).toBe('400 the%20look-up%20failed\n');
    expect(answer('get x\n', () => 5 as never)[0]).toBe('400 the%20look-up%20failed\n');
    expect(flushLoggedErrors(Error)).toHaveLength(3);
  });

  it.each([
    ['tcp', 'put x y\nget x\n', '400 '],
    ['tcp', 'get\n', '400 '],
    ['tcp', 'get %zz\n', '400 '],
    ['tcp', `get ${'x'.repeat(4_093)}`, '400 '],
    ['socketmap', '1:x,', 'TEMP '],
    ['socketmap', 'x', 'TEMP '],
    ['socketmap', '4097:', 'TEMP '],
  ] as const)('refuses a request of %s and closes: %j', (protocol, bytes, reply) => {
    const [text, end] = answer(bytes, TABLE, { protocol });
    expect(text).toContain(reply);
    expect(text.split(reply)).toHaveLength(2);
    expect(end).toBe('end');
  });
});

contract('tables', (rig) => {
  it.each(['tcp', 'socketmap'] as const)('are asked by the client, over %s', async (protocol) => {
    const clock = rig.reactor;
    const lookup: TableLookup = async (key) => {
      if (key === 'broken') throw new TableLookupError('no database');
      return TABLE.get(key);
    };
    const factory = new TableServerFactory(rig.reactor, lookup, { protocol });
    const port = portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
    const endpoint = new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
    const options = { clock, protocol, map: 'm' };
    expect(await lookUpInTable(endpoint, 'zoë', options)).toBe('naïve');
    expect(await lookUpInTable(endpoint, 'alice', options)).toBe(TABLE.get('alice'));
    expect(await lookUpInTable(endpoint, 'a b', options)).toBeUndefined();
    await expect(lookUpInTable(endpoint, 'broken', options)).rejects.toMatchObject({
      code: 'ERR_TABLE_LOOKUP',
      kind: 'temporary',
      message: 'no database',
    });
  });

  it('that answer something else make the client fail', async () => {
    const raw = rig.use(await RawServer.listen());
    const endpoint = new TCPClientEndpoint(rig.reactor, '127.0.0.1', raw.port);
    for (const [index, [bytes, why]] of [
      ['220 smtp\n', 'a reply without a code'],
      ['200 a', 'after 5 bytes'],
    ].entries()) {
      const failed = expect(lookUpInTable(endpoint, 'x', { clock: rig.reactor })).rejects.toThrow(
        why,
      );
      const peer = await raw.peer(index);
      peer.write(bytes as string);
      peer.end();
      await failed;
    }
  });
});
