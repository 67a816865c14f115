// Calls examples/rpc-server.ts by both protocols: `node --import tsx examples/rpc-client.ts --port 8080`.
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { connectJsonRpc, jsonRpcClient, RPCFaultError, xmlRpcClient } from 'ropewalk/rpc';

interface Methods {
  add(a: number, b: number): number;
  'stock.amount'(name: string): number;
}

try {
  const { port = '8080' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = createReactor();
  await using xml = xmlRpcClient(reactor, `http://127.0.0.1:${port}/RPC2`, { timeoutMs: 5_000 });
  console.log('methods:', await xml.call('system.listMethods'));
  const methods = xml.methods<Methods>();
  console.log('rope:', await methods['stock.amount']('rope'));

  await using json = jsonRpcClient(reactor, `http://127.0.0.1:${port}/rpc`);
  console.log('sum:', await json.call('add', { a: 1, b: 2 }));
  try {
    await json.call('stock.amount', ['twine']);
  } catch (error) {
    if (!(error instanceof RPCFaultError)) throw error;
    console.log(`fault ${error.faultCode}: ${error.faultText}`);
  }

  const peer = await connectJsonRpc(reactor, `ws://127.0.0.1:${port}/socket`);
  console.log('over WebSocket:', await peer.call('add', [3, 4]));
  peer.close();
} catch (error) {
  console.error(`rpc-client: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
