// XML-RPC at /RPC2, JSON-RPC at /rpc and, over WebSocket, at /socket: `node --import tsx examples/rpc-server.ts --port 8080`.
// Try `curl -H 'Content-Type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}' localhost:8080/rpc`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import {
  JSONRPCResource,
  JSONRPCWebSocketResource,
  RPCFaultError,
  RPCMethods,
  XMLRPCResource,
} from 'ropewalk/rpc';
import { Branch, serveSite } from 'ropewalk/web';

class Stock {
  readonly #amounts = new Map([['rope', 12]]);

  amount(name: string): number {
    const amount = this.#amounts.get(name);
    if (amount === undefined) throw new RPCFaultError(1, `there is no ${name}`);
    return amount;
  }

  /** Not exposed. */
  clear(): void {
    this.#amounts.clear();
  }
}

try {
  const { port = '8080' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = createReactor();
  const methods = new RPCMethods()
    .add('add', (a: number, b: number) => a + b, {
      help: 'Adds two whole numbers.',
      signatures: [['int', 'int', 'int']],
      params: ['a', 'b'],
    })
    .expose(new Stock(), ['amount'], 'stock.');
  const root = new Branch()
    .putChild('RPC2', new XMLRPCResource(reactor, methods, { introspection: true }))
    .putChild('rpc', new JSONRPCResource(reactor, methods))
    .putChild('socket', new JSONRPCWebSocketResource(reactor, { methods }));
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveSite(reactor, endpoint, root);
  console.log(`remote calls listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`rpc-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
