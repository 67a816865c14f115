// Ropewalk's WebSocket server, as in its examples. `--reactor native|node`.
import { createReactor, TCPServerEndpoint } from '../../../dist/index.js';
import {
  serveWebSockets,
  WebSocketProtocol,
  WebSocketTopics,
} from '../../../dist/websocket/index.js';
import { announce, readArguments } from '../contender.mjs';

const args = readArguments({ reactor: { type: 'string', default: 'native' } });

class Echo extends WebSocketProtocol {
  messageReceived(message) {
    this.send(message);
  }
}

const TOPIC = 'all';
const topics = new WebSocketTopics();

function broadcast(socket) {
  topics.subscribe(TOPIC, socket);
  socket.messageReceived = (message) => void topics.publish(TOPIC, message);
}

const reactor = createReactor({ kind: args.reactor });
const endpoint = new TCPServerEndpoint(reactor, args.port, {
  interface: '127.0.0.1',
  backlog: 4096,
});
const handler = args.mode === 'broadcast' ? broadcast : Echo;
// Connections rest while other servers are measured.
const options = { lendsBinary: true, pingAfterMs: null };
const server = await serveWebSockets(reactor, endpoint, handler, options);
announce(server.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
