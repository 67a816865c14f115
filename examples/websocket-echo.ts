// Echoes WebSocket messages: `node --import tsx examples/websocket-echo.ts --port 8080`. `--reactor native|node` chooses the
// implementation. Try it in the console of a browser: `socket = new WebSocket('ws://localhost:8080')`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { serveWebSockets, type WebSocketMessage, WebSocketProtocol } from 'ropewalk/websocket';

class Echo extends WebSocketProtocol {
  override messageReceived(message: WebSocketMessage): void {
    this.send(message);
  }
}

try {
  const options = { port: { type: 'string' }, reactor: { type: 'string' } } as const;
  const { port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  // Echoed bytes are not kept, so they can be lent. Pages of any origin may connect, because there is nothing to steal.
  const settings = { lendsBinary: true, allowedOrigins: 'any' } as const;
  const server = await serveWebSockets(reactor, endpoint, Echo, settings);
  console.log(`WebSocket echo server (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run(); // until SIGINT or SIGTERM: then connections are closed with 1001
} catch (error) {
  console.error(`websocket-echo: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
