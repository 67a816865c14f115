/** Tables of methods, and compressed calls of both protocols. */
import { randomBytes } from 'node:crypto';
import zlib, { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { HAS_ZSTD } from '../../src/http/accept-encoding.js';
import {
  JSONRPCResource,
  type RPCMethodOptions,
  RPCMethods,
  serializeXMLRPCCall,
  XMLRPCResource,
} from '../../src/rpc/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { until } from '../http/served.js';
import { type ServedSite, statusOf } from '../web/site.js';
import { Accounts, contentOf, JSONCaller, methods, posted, XMLCaller } from './callers.js';

describe('RPCMethods', () => {
  it('mounts tables, also what is added to them later', () => {
    const inner = new RPCMethods();
    const outer = new RPCMethods().mount('a.', new RPCMethods().mount('b.', inner));
    inner.add('c', () => 1);
    expect(outer.names).toEqual(['a.b.c']);
    expect(() => inner.mount('d.', outer)).toThrow(/without a cycle/);
  });

  it.each<[() => unknown, string]>([
    [() => new RPCMethods().add('', () => 1), 'ERR_INVALID_ARG_VALUE'],
    [() => new RPCMethods().add('a b', () => 1), 'ERR_INVALID_ARG_VALUE'],
    [() => new RPCMethods().add('a', () => 1).add('a', () => 1), 'ERR_INVALID_ARG_VALUE'],
    [() => new RPCMethods().add('a', 1 as never), 'ERR_INVALID_ARG_TYPE'],
    [
      () => new RPCMethods().add('a', () => 1, { doc: '' } as RPCMethodOptions),
      'ERR_UNKNOWN_OPTION',
    ],
    [() => new RPCMethods().add('a', () => 1, { params: ['b', 'b'] }), 'ERR_INVALID_ARG_TYPE'],
    [
      () => new RPCMethods().add('a', () => 1, { signatures: [[]] as never }),
      'ERR_INVALID_ARG_TYPE',
    ],
    [
      () => new RPCMethods().add('a', () => 1, { signatures: [['number' as never]] }),
      'ERR_INVALID_ARG_VALUE',
    ],
    [() => new RPCMethods().expose(new Accounts(), ['secret']), 'ERR_INVALID_ARG_VALUE'],
    [
      () => new RPCMethods().expose(new Accounts(), ['constructor' as never]),
      'ERR_INVALID_ARG_VALUE',
    ],
    [() => new RPCMethods().expose(new Accounts(), ['toString' as never]), 'ERR_INVALID_ARG_VALUE'],
    [() => new RPCMethods().expose({}, ['missing' as never]), 'ERR_INVALID_ARG_VALUE'],
    [() => new RPCMethods().mount('a.', {} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => new XMLRPCResource(new ManualClock(), {} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => new JSONRPCResource({} as never, methods()), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses %s', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});

type Encode = (bytes: Buffer) => Buffer;

/** Node has zstd from 22.15 on. */
const CODINGS: readonly (readonly [string, Encode])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ...(HAS_ZSTD
    ? [['zstd', (zlib as unknown as { zstdCompressSync: Encode }).zstdCompressSync] as const]
    : []),
];

describe.each([
  {
    name: 'XML-RPC',
    type: 'text/xml',
    make: (options: { maxBytes?: number }) => new XMLCaller(options).site,
    call: (text: string) => serializeXMLRPCCall('later', [text]),
  },
  {
    name: 'JSON-RPC',
    type: 'application/json',
    make: (options: { maxBytes?: number }) => new JSONCaller(options).site,
    call: (text: string) =>
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'later', params: [text] }),
  },
])('compressed calls of $name', ({ type, make, call }) => {
  const ask = async (served: ServedSite, body: Buffer, coding: string): Promise<string> => {
    served.connect();
    let answer = served.receive(posted(body, type, `Content-Encoding: ${coding}`));
    await until(() => {
      answer += served.sent();
      return answer.includes('\r\n\r\n');
    }, 'the answer');
    return answer;
  };

  it.each([...CODINGS, ['identity', (bytes: Buffer) => bytes] as const])(
    'with the coding %s are decoded',
    async (coding, encode) => {
      const answer = await ask(make({}), encode(Buffer.from(call('päckchen'))), coding);
      expect(statusOf(answer)).toBe(200);
      expect(contentOf(answer)).toContain('päckchen');
    },
  );

  it.each(CODINGS)(
    'with the coding %s that decode to more than maxBytes are refused with 413',
    async (coding, encode) => {
      const bomb = encode(Buffer.from(call('x'.repeat(20_000_000))));
      expect(bomb.length).toBeLessThan(40_000);
      expect(statusOf(await ask(make({ maxBytes: 100_000 }), bomb, coding))).toBe(413);
      // The limit is that of the decoded bytes, and includes itself.
      const body = Buffer.from(call('x'.repeat(1_000)));
      for (const [maxBytes, status] of [
        [body.length, 200],
        [body.length - 1, 413],
      ] as const) {
        expect(statusOf(await ask(make({ maxBytes }), encode(body), coding))).toBe(status);
      }
      expect(flushLoggedErrors()).toEqual([]);
    },
  );

  it('that are longer than maxBytes before they are decoded are refused with 413', async () => {
    const noise = Buffer.alloc(300_000, randomBytes(64));
    expect(statusOf(await ask(make({ maxBytes: 200_000 }), noise, 'gzip'))).toBe(413);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('that cannot be decoded are refused: 400 if malformed or truncated, 415 for other codings', async () => {
    const body = gzipSync(call('x'));
    const served = make({});
    expect(statusOf(await ask(served, body.subarray(0, -5), 'gzip'))).toBe(400);
    expect(statusOf(await ask(served, Buffer.from('no gzip'), 'gzip'))).toBe(400);
    expect(statusOf(await ask(served, Buffer.concat([body, body.subarray(2)]), 'gzip'))).toBe(400);
    expect(statusOf(await ask(served, body, 'compress'))).toBe(415);
    expect(statusOf(await ask(served, gzipSync(body), 'gzip, gzip'))).toBe(415);
    expect(flushLoggedErrors()).toEqual([]);
  });
});
