/** XML-RPC over HTTP: what is called, what is refused, and what callers learn about errors. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import {
  parseXMLRPCResponse,
  RPC_FAULT,
  type RPCContext,
  RPCMethods,
  serializeXMLRPCCall,
  type XMLRPCInput,
  XMLRPCResource,
  type XMLRPCResourceOptions,
} from '../../src/rpc/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { fieldOf, statusOf } from '../web/site.js';
import { ask, contentOf, methods, posted, site, XMLCaller } from './callers.js';

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
