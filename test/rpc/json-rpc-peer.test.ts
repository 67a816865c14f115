/** One end of JSON-RPC over a connection, in memory: batches, limits and the end. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { RPCMethods } from '../../src/rpc/index.js';
import { JSONRPCPeer, type JSONRPCPeerOptions } from '../../src/rpc/json-rpc-peer.js';
import { failureResultOf, flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { later } from '../http/client/memory-servers.js';

interface Ends {
  readonly peer: JSONRPCPeer;
  /** The texts that the peer has sent, parsed. */
  readonly sent: unknown[];
  readonly closed: (number | undefined)[];
  /** The results of the calls that hang. */
  readonly hanging: Deferred<string>[];
  receive(...messages: unknown[]): Promise<void>;
}

function ends(options: JSONRPCPeerOptions = {}): Ends {
  const sent: unknown[] = [];
  const closed: (number | undefined)[] = [];
  const hanging: Deferred<string>[] = [];
  const methods = new RPCMethods()
    .add('add', (a: number, b: number) => a + b)
    .add('hang', () => {
      const result = new Deferred<string>();
      hanging.push(result);
      return result;
    });
  const wire = {
    send: (text: string) => void sent.push(JSON.parse(text)),
    close: (code?: number) => void closed.push(code),
    remoteAddress: undefined,
  };
  const peer = new JSONRPCPeer(new ManualClock(), wire, { methods, ...options });
  const receive = async (...messages: unknown[]): Promise<void> => {
    for (const message of messages) peer.received(JSON.stringify(message));
    await later();
  };
  return { peer, sent, closed, hanging, receive };
}

const request = (id: number | string, method: string, ...params: unknown[]): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const notification = (method: string): object => ({ jsonrpc: '2.0', method, params: [] });
const overload = (id: number | string): object => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32002, message: 'too many calls run at the same time' },
});
const invalid = (id: number | null): object => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32600, message: expect.stringContaining('invalid request') },
});

describe('JSONRPCPeer with too many running calls', () => {
  it('answers a batch with one array, which has an error for each request', async () => {
    const { sent, closed, hanging, receive } = ends({ maxRunning: 2 });
    await receive(request(1, 'hang'));
    expect(hanging).toHaveLength(1);
    await receive([
      request(2, 'add', 1, 2),
      notification('hang'),
      { jsonrpc: '2.0', id: 7, method: 5 },
      'nothing',
      request('three', 'add', 1, 2),
    ]);
    expect(sent.splice(0)).toEqual([[overload(2), invalid(7), invalid(null), overload('three')]]);
    expect([hanging.length, closed]).toEqual([1, []]);
    await receive([request(4, 'add', 1, 2)]);
    expect(sent.splice(0)).toEqual([[{ jsonrpc: '2.0', id: 4, result: 3 }]]);
    hanging[0]?.callback('done');
    await later();
    expect(sent.splice(0)).toEqual([{ jsonrpc: '2.0', id: 1, result: 'done' }]);
    await receive([request(5, 'add', 1, 2), request(6, 'add', 3, 4)]);
    expect(sent).toEqual([
      [
        { jsonrpc: '2.0', id: 5, result: 3 },
        { jsonrpc: '2.0', id: 6, result: 7 },
      ],
    ]);
  });

  it('answers one request with one message, and notifications not at all', async () => {
    const { sent, receive, hanging } = ends({ maxRunning: 1 });
    await receive(request(1, 'hang'), request(2, 'add', 1, 2));
    expect(sent.splice(0)).toEqual([overload(2)]);
    await receive(notification('hang'), [notification('hang'), notification('hang')]);
    expect([sent, hanging.length]).toEqual([[], 1]);
  });

  it('answers messages that cannot run with what is wrong with them', async () => {
    const { sent, receive } = ends({ maxRunning: 1 });
    await receive(request(1, 'hang'), { jsonrpc: '2.0', id: 2, method: 5 }, [3, 4, 5]);
    expect(sent).toEqual([invalid(2), [invalid(null), invalid(null), invalid(null)]]);
  });

  it('takes answers to its own calls, also those in a batch with calls', async () => {
    const { peer, sent, receive } = ends({ maxRunning: 1 });
    await receive(request(1, 'hang'));
    const own = peer.call('theirs');
    sent.splice(0);
    await receive([{ jsonrpc: '2.0', id: 1, result: 'yes' }, request(2, 'add', 1, 2)]);
    expect(await own).toBe('yes');
    expect(sent).toEqual([[overload(2)]]);
  });
});

it('a peer that receives answers to no call closes, and its own calls fail', async () => {
  const { peer, closed, receive } = ends();
  const own = peer.call('theirs');
  await receive([
    { jsonrpc: '2.0', id: 1, result: 'yes' },
    { jsonrpc: '2.0', id: 9, result: 'yes' },
  ]);
  expect(closed).toEqual([1008]);
  peer.lost(new Error('closed'));
  expect(failureResultOf(own)).toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST' });
  expect(flushLoggedErrors()).toEqual([]);
});
