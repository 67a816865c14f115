/** The resources of XML-RPC and JSON-RPC: what is called, what is refused, and what callers learn about errors. */
import { randomBytes } from 'node:crypto';
import zlib, { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { succeed } from '../../src/defer/succeed.js';
import { HAS_ZSTD } from '../../src/http/accept-encoding.js';
import {
  JSONRPCResource,
  type JSONRPCResourceOptions,
  parseXMLRPCResponse,
  RPC_FAULT,
  type RPCContext,
  RPCFaultError,
  type RPCMethodOptions,
  RPCMethods,
  serializeXMLRPCCall,
  type XMLRPCInput,
  XMLRPCResource,
  type XMLRPCResourceOptions,
} from '../../src/rpc/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import type { Resource } from '../../src/web/index.js';
import { until } from '../http/served.js';
import { fieldOf, contentOf as rawContentOf, ServedSite, statusOf } from '../web/site.js';

class Accounts {
  secret = 'x';
  balance = 5;

  open(name: string): string {
    return `${name} ${this.balance}`;
  }

  close(): void {}
}

function methods(): RPCMethods {
  return new RPCMethods()
    .add('add', (a: number, b: number) => a + b, {
      help: 'Adds two numbers.',
      signatures: [
        ['int', 'int', 'int'],
        ['double', 'double', 'double'],
      ],
      params: ['a', 'b'],
    })
    .add('echo', (...values: unknown[]) => values)
    .add('later', (value: string) => succeed(value))
    .add('promise', async (value: string) => value)
    .add('nothing', () => undefined)
    .add('fault', () => {
      throw new RPCFaultError(42, 'no such thing', { id: 7 });
    })
    .add('broken', async () => {
      throw new Error('the password is 1234');
    })
    .add('unsendable', () => new Accounts())
    .add('cyclic', () => {
      const value: unknown[] = [];
      value.push(value);
      return value;
    })
    .add(
      'where',
      (context: RPCContext, name: string) => [context.method, context.web?.request.path, name],
      {
        withContext: true,
      },
    )
    .add('optional', (a: number, b = 2) => a + b, { params: ['a', 'b'] })
    .expose(new Accounts(), ['open', 'close'], 'accounts.');
}

function site(resource: Resource): ServedSite {
  return new ServedSite({ getChild: () => resource, render: () => '' });
}

function contentOf(answer: string): string {
  return Buffer.from(rawContentOf(answer), 'latin1').toString();
}

function posted(content: string | Buffer, type: string, ...fields: string[]): Buffer {
  const body = Buffer.from(content as string);
  const lines = [`Content-Type: ${type}`, `Content-Length: ${body.length}`, ...fields];
  const head = `POST /rpc HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

async function ask(served: ServedSite, request: Buffer): Promise<string> {
  let answer = served.receive(request);
  for (let wait = 0; answer === '' && wait < 20; wait++) answer += await served.later();
  return answer;
}

/** The answer to a call by XML-RPC. */
class XMLCaller {
  readonly clock = new ManualClock();
  readonly site: ServedSite;

  constructor(options?: XMLRPCResourceOptions) {
    this.site = site(new XMLRPCResource(this.clock, methods(), options));
  }

  async call(method: string, ...params: XMLRPCInput[]): Promise<unknown> {
    return this.send(serializeXMLRPCCall(method, params));
  }

  async send(text: string, type = 'text/xml'): Promise<unknown> {
    const answer = await ask(this.site, posted(text, type));
    expect(fieldOf(answer, 'Content-Type')).toBe('text/xml; charset=utf-8');
    const message = parseXMLRPCResponse(contentOf(answer));
    return message.type === 'result' ? message.value : [message.faultCode, message.faultString];
  }
}

class JSONCaller {
  readonly clock = new ManualClock();
  readonly site: ServedSite;

  constructor(options?: JSONRPCResourceOptions) {
    this.site = site(new JSONRPCResource(this.clock, methods(), options));
  }

  async call(method: string, params?: unknown): Promise<unknown> {
    const answer = await this.send(JSON.stringify({ jsonrpc: '2.0', id: 'x', method, params }));
    const { result, error, ...rest } = answer as Record<string, unknown>;
    expect(rest).toEqual({ jsonrpc: '2.0', id: 'x' });
    return error ?? result;
  }

  async send(text: string): Promise<unknown> {
    const answer = await ask(this.site, posted(text, 'application/json'));
    expect(fieldOf(answer, 'Content-Type')).toBe('application/json');
    return JSON.parse(contentOf(answer));
  }
}

describe('XMLRPCResource', () => {
  it('calls functions, and waits for promises and Deferreds', async () => {
    const caller = new XMLCaller();
    expect(await caller.call('add', 1, 2)).toBe(3);
    expect(await caller.call('add', 1.5, 2)).toBe(3.5);
    expect(await caller.call('echo', 'é', [1], { a: null })).toEqual(['é', [1], { a: null }]);
    expect(await caller.call('later', 'a')).toBe('a');
    expect(await caller.call('promise', 'b')).toBe('b');
    expect(await caller.call('nothing')).toBeNull();
    expect(await caller.call('accounts.open', 'me')).toBe('me 5');
    expect(await caller.call('where', 'here')).toEqual(['where', '/rpc', 'here']);
    expect(await caller.call('optional', 1)).toBe(3);
  });

  it.each([
    'subtract',
    'constructor',
    '__proto__',
    'toString',
    'accounts.secret',
    'accounts.constructor',
    'accounts',
    'system.listMethods',
    'system.multicall',
  ])('does not know %s', async (name) => {
    expect(await new XMLCaller().call(name)).toEqual([-32601, `method ${name} not found`]);
  });

  it('refuses parameters that match no signature, too few and too many', async () => {
    const caller = new XMLCaller();
    for (const params of [[], [1], [1, 2, 3], ['1', 2], [null, 1]] as XMLRPCInput[][]) {
      expect(await caller.call('add', ...params)).toEqual([-32602, expect.any(String)]);
    }
    expect(await caller.call('later')).toEqual([-32602, 'the method has 1 parameters']);
    expect(await caller.call('optional', 1, 2, 3)).toEqual([
      -32602,
      'the method has at most 2 parameters',
    ]);
  });

  it('answers with the faults that methods throw, and shows nothing of other errors', async () => {
    const caller = new XMLCaller();
    expect(await caller.call('fault')).toEqual([42, 'no such thing']);
    expect(flushLoggedErrors()).toEqual([]);
    for (const name of ['broken', 'unsendable', 'cyclic']) {
      expect(await caller.call(name)).toEqual([-32603, 'internal error']);
    }
    expect(flushLoggedErrors().map(({ error }) => (error as { code?: string }).code)).toEqual([
      undefined,
      'ERR_INVALID_XML_RPC_VALUE',
      'ERR_INVALID_XML_RPC_VALUE',
    ]);
  });

  it.each([
    ['<methodCall>', -32700],
    ['', -32700],
    ['<!DOCTYPE a [<!ENTITY b "c">]><methodCall/>', -32700],
    ['<methodCall/>', -32600],
    ['<methodResponse/>', -32600],
    [serializeXMLRPCCall('echo', [[[[[1]]]]]), -32600],
  ])('answers %s with %d', async (text, code) => {
    expect(await new XMLCaller({ maxDepth: 3 }).send(text)).toEqual([code, expect.any(String)]);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('answers other methods and media types with 405 and 415, and long bodies with 413', async () => {
    const { site: served } = new XMLCaller({ maxBytes: 200 });
    const got = await served.get('/rpc');
    expect([statusOf(got), fieldOf(got, 'Allow')]).toEqual([405, 'POST']);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
      expect(statusOf(await ask(served, posted('<a/>', type)))).toBe(415);
    }
    const long = await ask(served, posted(`<a>${'x'.repeat(200)}</a>`, 'text/xml'));
    expect(statusOf(long)).toBe(413);
  });

  it('reads other encodings', async () => {
    const caller = new XMLCaller();
    const latin = serializeXMLRPCCall('echo', ['é']).replace('UTF-8', 'ISO-8859-1');
    const bytes = Buffer.from(latin, 'latin1');
    expect(
      parseXMLRPCResponse(contentOf(await ask(caller.site, posted(bytes, 'text/xml')))),
    ).toMatchObject({ value: ['é'] });
  });

  it('ends methods that take too long, and tells them', async () => {
    const clock = new ManualClock();
    const aborted: unknown[] = [];
    const table = new RPCMethods()
      .add(
        'hang',
        ({ signal }: RPCContext) => {
          signal.addEventListener('abort', () => aborted.push((signal.reason as Error).name));
          return new Promise(() => {});
        },
        { withContext: true },
      )
      .add('cancelled', () => new Deferred(() => aborted.push('canceller')));
    const served = site(new XMLRPCResource(clock, table, { timeoutMs: 1_000 }));
    for (const name of ['hang', 'cancelled']) {
      expect(served.receive(posted(serializeXMLRPCCall(name, []), 'text/xml'))).toBe('');
      expect(await served.later()).toBe('');
      clock.advance(1_000);
      const fault = parseXMLRPCResponse(contentOf(await served.later()));
      expect(fault).toMatchObject({ faultCode: RPC_FAULT.timeout });
    }
    expect(aborted).toEqual(['TimeoutError', 'canceller']);
  });

  it('has introspection and multicall if they are switched on', async () => {
    const caller = new XMLCaller({ introspection: true, maxBatch: 6 });
    expect(await caller.call('system.listMethods')).toEqual([
      ...['accounts.close', 'accounts.open', 'add', 'broken', 'cyclic', 'echo', 'fault', 'later'],
      ...['nothing', 'optional', 'promise', 'system.listMethods', 'system.methodHelp'],
      ...['system.methodSignature', 'unsendable', 'where'],
    ]);
    expect(await caller.call('system.methodHelp', 'add')).toBe('Adds two numbers.');
    expect(await caller.call('system.methodSignature', 'add')).toEqual([
      ['int', 'int', 'int'],
      ['double', 'double', 'double'],
    ]);
    expect(await caller.call('system.methodSignature', 'echo')).toBe('undef');
    expect(await caller.call('system.methodHelp', 'none')).toEqual([
      -32602,
      'method none not found',
    ]);
    const part = (methodName: string, ...params: XMLRPCInput[]): XMLRPCInput => ({
      methodName,
      params,
    });
    const calls = [
      part('add', 1, 2),
      part('fault'),
      part('unsendable'),
      part('none'),
      part('system.multicall', []),
      5,
    ];
    expect(await caller.call('system.multicall', calls)).toEqual([
      [3],
      { faultCode: 42, faultString: 'no such thing' },
      { faultCode: -32603, faultString: 'internal error' },
      { faultCode: -32601, faultString: 'method none not found' },
      { faultCode: -32602, faultString: 'a call has no name or no parameters' },
      { faultCode: -32602, faultString: 'a call has no name or no parameters' },
    ]);
    expect(flushLoggedErrors()).toHaveLength(1);
    expect(await caller.call('system.multicall', [...calls, 6])).toEqual([
      -32602,
      expect.any(String),
    ]);
    expect(await caller.call('system.multicall')).toEqual([-32602, expect.any(String)]);
  });

  it('keeps to the specification without extensions', async () => {
    const caller = new XMLCaller({ extensions: false });
    expect(await caller.call('nothing')).toEqual([-32603, 'internal error']);
    expect(flushLoggedErrors()).toHaveLength(1);
  });

  it.each([
    [{ maxBatch: -1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxBytes: 0 }, 'ERR_INVALID_ARG_VALUE'],
    [{ timeoutMs: -1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ introspection: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ extensions: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ allowNone: true }, 'ERR_UNKNOWN_OPTION'],
  ])('checks its options: %o', (options, code) => {
    const make = (): unknown =>
      new XMLRPCResource(new ManualClock(), methods(), options as XMLRPCResourceOptions);
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

describe('JSONRPCResource', () => {
  it('calls with parameters by position and by name', async () => {
    const caller = new JSONCaller();
    expect(await caller.call('add', [1, 2])).toBe(3);
    expect(await caller.call('add', { b: 2, a: 1 })).toBe(3);
    expect(await caller.call('optional', { a: 1 })).toBe(3);
    expect(await caller.call('echo', { a: 1 })).toEqual([{ a: 1 }]);
    expect(await caller.call('echo')).toEqual([]);
    expect(await caller.call('nothing')).toBeNull();
    expect(await caller.call('where', ['x'])).toEqual(['where', '/rpc', 'x']);
  });

  it('says that the names of parameters are unknown', async () => {
    const table = new RPCMethods().add('subtract', (a: number, b: number) => a - b);
    const served = site(new JSONRPCResource(new ManualClock(), table));
    const call = '{"jsonrpc":"2.0","id":1,"method":"subtract","params":{"a":2,"b":1}}';
    expect(contentOf(await ask(served, posted(call, 'application/json')))).toContain(
      'the method has 2 parameters, whose names are unknown: pass an array',
    );
  });

  it.each([
    ['add', { a: 1, c: 2 }, -32602],
    ['add', { a: 1 }, -32602],
    ['add', { a: 1, b: 2, constructor: 3 }, -32602],
    ['add', [1, '2'], -32602],
    ['hasOwnProperty', ['a'], -32601],
    ['system.listMethods', [], -32601],
    ['', [], -32600],
  ])('answers %s %j with %d', async (name, params, code) => {
    if (code === -32600) {
      const text = JSON.stringify({ jsonrpc: '2.0', id: 'x', method: name, params });
      expect(await new JSONCaller().send(text)).toMatchObject({ id: 'x', error: { code } });
    } else expect(await new JSONCaller().call(name, params)).toMatchObject({ code });
  });

  it('answers with faults and their data, and shows nothing of other errors', async () => {
    const caller = new JSONCaller();
    expect(await caller.call('fault')).toEqual({
      code: 42,
      message: 'no such thing',
      data: { id: 7 },
    });
    for (const name of ['broken', 'cyclic']) {
      expect(await caller.call(name)).toEqual({ code: -32603, message: 'internal error' });
    }
    expect(flushLoggedErrors()).toHaveLength(2);
  });

  it('answers batches in order, and notifications not at all', async () => {
    const caller = new JSONCaller();
    const request = (id: number, method: string, ...params: unknown[]): object => ({
      jsonrpc: '2.0',
      id,
      method,
      params,
    });
    const batch = [
      request(1, 'promise', 'a'),
      { jsonrpc: '2.0', method: 'nothing' },
      5,
      request(2, 'add', 1, 2),
    ];
    expect(await caller.send(JSON.stringify(batch))).toEqual([
      { jsonrpc: '2.0', id: 1, result: 'a' },
      {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32600, message: 'invalid request: it is not an object' },
      },
      { jsonrpc: '2.0', id: 2, result: 3 },
    ]);
    const silent = '[{"jsonrpc":"2.0","method":"nothing"},{"jsonrpc":"2.0","method":"none"}]';
    const answer = await ask(caller.site, posted(silent, 'application/json'));
    expect([statusOf(answer), contentOf(answer)]).toEqual([204, '']);
  });

  it.each([
    ['{', -32700],
    ['[]', -32600],
    ['[1,1,1]', -32600],
    ['{"jsonrpc":"2.0","id":1,"result":1}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"echo","params":[[[[[1]]]]]}', -32600],
  ])('answers %s with %d', async (text, code) => {
    const caller = new JSONCaller({ maxBatch: 2, maxDepth: 4 });
    expect(await caller.send(text)).toMatchObject({ id: null, error: { code } });
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('refuses other media types, so that no form of another site can call', async () => {
    const { site: served } = new JSONCaller();
    for (const type of ['text/plain', 'multipart/form-data; boundary=a', '']) {
      expect(statusOf(await ask(served, posted('{}', type)))).toBe(415);
    }
    expect(statusOf(await served.get('/rpc'))).toBe(405);
  });

  it('cancels the methods of a client that is gone', async () => {
    let cancelled = 0;
    const table = new RPCMethods().add(
      'hang',
      () =>
        new Deferred(() => {
          cancelled += 1;
        }),
    );
    const served = site(new JSONRPCResource(new ManualClock(), table));
    served.receive(posted('{"jsonrpc":"2.0","id":1,"method":"hang"}', 'application/json'));
    await served.later();
    expect(cancelled).toBe(0);
    served.transport.peerResets();
    await served.later();
    expect(cancelled).toBe(1);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('has introspection if it is switched on', async () => {
    const caller = new JSONCaller({ introspection: true });
    expect(await caller.call('system.methodHelp', ['add'])).toBe('Adds two numbers.');
    expect(await caller.call('system.multicall', [])).toMatchObject({ code: -32601 });
  });
});

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
