// Sends lines of standard input to a WebSocket, and prints its messages:
// `node --import tsx examples/websocket-client.ts ws://localhost:8080/`.
import { createInterface } from 'node:readline';
import { createReactor, type Reactor, react } from 'ropewalk';
import { connectWebSocket } from 'ropewalk/websocket';

const [url = 'ws://localhost:8080/'] = process.argv.slice(2);

async function talk(reactor: Reactor): Promise<void> {
  const socket = await connectWebSocket(reactor, url, { handshakeTimeoutMs: 5_000 });
  const lines = createInterface(process.stdin);
  lines.on('line', (line) => socket.send(line));
  lines.on('close', () => socket.close());
  for await (const message of socket) console.log(String(message));
  lines.close();
}

await react(talk, { reactor: createReactor() });
