// Sends each message of a client to all connected clients, its sender included:
// `node --import tsx examples/websocket-broadcast.ts --port 8080`. `--reactor native|node` chooses the implementation.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { serveWebSockets, WebSocketTopics } from 'ropewalk/websocket';

const EVERYBODY = 'everybody';

try {
  const options = { port: { type: 'string' }, reactor: { type: 'string' } } as const;
  const { port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  // A client that does not keep up misses messages, and holds up nobody.
  const topics = new WebSocketTopics({ lagging: 'skip' });
  const server = await serveWebSockets(reactor, endpoint, (socket) => {
    topics.subscribe(EVERYBODY, socket);
    socket.messageReceived = (message) => void topics.publish(EVERYBODY, message);
  });
  console.log(`WebSocket broadcast server (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run(); // until SIGINT or SIGTERM: then connections are closed with 1001
} catch (error) {
  console.error(`websocket-broadcast: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
