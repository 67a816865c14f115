/** JSON-RPC over HTTP: what is called, what is refused, and what callers learn about errors. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { JSONRPCResource, RPCMethods } from '../../src/rpc/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { statusOf } from '../web/site.js';
import { ask, contentOf, JSONCaller, posted, site } from './callers.js';

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
