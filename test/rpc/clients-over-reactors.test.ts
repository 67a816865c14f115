/** Clients and both directions of WebSockets, over each reactor. */
import { expect, it } from 'vitest';
import { type IPv4Address, TCPServerEndpoint } from '../../src/index.js';
import {
  connectJsonRpc,
  type JSONRPCPeer,
  JSONRPCResource,
  JSONRPCWebSocketResource,
  jsonRpcClient,
  type RPCContext,
  RPCFaultError,
  RPCMethods,
  XMLRPCResource,
  xmlRpcClient,
} from '../../src/rpc/index.js';
import { Branch, type Resource, serveSite, type WebContext } from '../../src/web/index.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';

const methods = new RPCMethods()
  .add('add', (a: number, b: number) => a + b, { params: ['a', 'b'] })
  .add('echo', (...values: unknown[]) => values)
  .add('long', (length: number) => 'x'.repeat(length))
  .add('hang', () => new Promise(() => {}))
  .add('fault', () => {
    throw new RPCFaultError(7, 'refused', { why: 'no' });
  })
  .add('authorization', ({ web }: RPCContext) => web?.request.field('authorization') ?? null, {
    withContext: true,
  })
  .add('back', async ({ peer }: RPCContext, name: string) => await peer?.call('hello', [name]), {
    withContext: true,
  });

async function serve(rig: Rig, root: Resource): Promise<string> {
  const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
  const server = rig.use(await serveSite(rig.reactor, endpoint, root));
  return `127.0.0.1:${(server.getHost() as IPv4Address).port}`;
}

function tree(rig: Rig, opened?: (peer: JSONRPCPeer, context: WebContext) => unknown): Branch {
  const { reactor } = rig;
  const text: Resource = { render: () => 'no call' };
  return new Branch()
    .putChild('xml', new XMLRPCResource(reactor, methods))
    .putChild('json', new JSONRPCResource(reactor, methods))
    .putChild(
      'ws',
      new JSONRPCWebSocketResource(reactor, {
        methods,
        maxRunning: 2,
        maxBytes: 1_000,
        ...(opened === undefined ? {} : { opened }),
      }),
    )
    .putChild('text', text);
}

contract('clients of XML-RPC and JSON-RPC', (rig) => {
  it('call methods, with types and Basic authentication', async () => {
    const host = await serve(rig, tree(rig));
    await using xml = xmlRpcClient(rig.reactor, `http://${host}/xml`, {
      username: 'me',
      password: 'é',
    });
    expect(await xml.call('add', [1, 2])).toBe(3);
    expect(await xml.call('authorization')).toBe('Basic bWU6w6k=');
    const typed = xml.methods<{
      add(a: number, b: number): number;
      echo(text: string): string[];
    }>();
    expect(await typed.add(2, 3)).toBe(5);
    expect(await typed.echo('é😀')).toEqual(['é😀']);
    await using json = jsonRpcClient(rig.reactor, `http://${host}/json`);
    expect(await json.call('add', { a: 1, b: 2 })).toBe(3);
    expect(await json.methods<{ add(a: number, b: number): number }>().add(2, 3)).toBe(5);
    await json.notify('add', [1, 2]);
    const outcomes = await json.batch([
      { method: 'add', params: [1, 2] },
      { method: 'fault' },
      { method: 'none' },
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: 3 },
      { status: 'rejected', reason: { faultCode: 7, data: { why: 'no' } } },
      { status: 'rejected', reason: { faultCode: -32601 } },
    ]);
  });

  it('fail with faults, statuses, limits, times and cancellation', async () => {
    const host = await serve(rig, tree(rig));
    const limits = { maxBytes: 500 };
    await using xml = xmlRpcClient(rig.reactor, `http://${host}/xml`, limits);
    await using json = jsonRpcClient(rig.reactor, `http://${host}/json`, limits);
    for (const client of [xml, json]) {
      const failing = (promise: PromiseLike<unknown>, error: object): Promise<void> =>
        expect(within(promise, 'an error')).rejects.toMatchObject(error);
      await failing(client.call('fault'), { code: 'ERR_RPC_FAULT', faultCode: 7 });
      await failing(client.call('long', [1_000]), { code: 'ERR_HTTP_LIMIT' });
      await failing(client.call('hang', [], { timeoutMs: 30 }), {
        code: 'ERR_HTTP_RESPONSE_TIMEOUT',
      });
      const controller = new AbortController();
      const call = client.call('hang', [], { signal: controller.signal });
      controller.abort();
      await failing(call, { code: 'ERR_CANCELLED' });
      expect(() => client.call('', [])).toThrow(/method must be/);
    }
    await using text = jsonRpcClient(rig.reactor, `http://${host}/text`);
    await expect(text.call('add')).rejects.toMatchObject({ code: 'ERR_RPC_RESPONSE', status: 200 });
    await using missing = xmlRpcClient(rig.reactor, `http://${host}/none`);
    await expect(missing.call('add')).rejects.toMatchObject({ status: 404 });
    expect(() =>
      xmlRpcClient(rig.reactor, `http://${host}`, { username: 'a:b', password: '' }),
    ).toThrow(/without a colon/);
  });
});

contract('JSON-RPC over WebSocket', (rig) => {
  it('calls in both directions', async () => {
    const peers: JSONRPCPeer[] = [];
    const host = await serve(
      rig,
      tree(rig, (peer) => peers.push(peer)),
    );
    const client = await connectJsonRpc(rig.reactor, `ws://${host}/ws`, {
      methods: new RPCMethods().add('hello', (name: string) => `hello ${name}`),
    });
    expect(await client.call('add', [1, 2])).toBe(3);
    expect(await client.call('back', ['you'])).toBe('hello you');
    expect(await peers[0]?.call('hello', ['me'])).toBe('hello me');
    await expect(client.call('fault')).rejects.toMatchObject({ faultCode: 7, data: { why: 'no' } });
    await expect(client.call('hang', [], { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    client.notify('add', [1]);
    expect(client.unanswered).toBe(0);
    client.close();
    await within(
      new Promise((resolve) => client.signal.addEventListener('abort', resolve)),
      'the end',
    );
    await expect(client.call('add', [1, 2])).rejects.toMatchObject({
      code: 'ERR_RPC_CONNECTION_LOST',
    });
  });

  it('limits running calls, fails unanswered ones at the end, and closes for texts that are not JSON-RPC', async () => {
    const host = await serve(rig, tree(rig));
    const client = await connectJsonRpc(rig.reactor, `ws://${host}/ws`);
    const hanging = [client.call('hang'), client.call('hang')];
    await expect(client.call('add', [1, 2])).rejects.toMatchObject({ faultCode: -32002 });
    const lost = Promise.all(
      hanging.map((call) =>
        expect(call).rejects.toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST' }),
      ),
    );
    client.notify('echo', ['x'.repeat(2_000)]);
    await within(lost, 'the end of the connection');
  });
});
