// A chat room over WebSocket, with a page: `node --import tsx examples/websocket-chat.ts --port 8080`, then open
// http://localhost:8080 in several windows. The first message of a client is its name.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { type HTTPRequest, type HTTPResponse, serveHttp } from 'ropewalk/http';
import { WebSocketAcceptor, type WebSocketProtocol, WebSocketTopics } from 'ropewalk/websocket';

const PAGE = `<!doctype html><meta charset="utf-8"><title>Chat</title>
<form><input autofocus placeholder="your name" aria-label="name or message"></form><ul></ul>
<script>
  const [form, list] = [document.forms[0], document.querySelector('ul')];
  const socket = new WebSocket(location.href.replace('http', 'ws'));
  const show = (text) => list.prepend(Object.assign(document.createElement('li'), { textContent: text }));
  socket.onmessage = ({ data }) => show(data);
  socket.onclose = ({ code }) => show('closed, code ' + code);
  form.onsubmit = () => { socket.send(form[0].value); form.reset(); return false; };
</script>`;

const { port = '8080' } = parseArgs({ options: { port: { type: 'string' } } }).values;
const reactor = createReactor();
const room = new WebSocketTopics();
const acceptor = new WebSocketAcceptor(reactor, { maxMessageBytes: 1_000 });

async function chat(socket: WebSocketProtocol): Promise<void> {
  const name = await socket.receive();
  room.subscribe('room', socket);
  room.publish('room', `${name} has joined`);
  for await (const message of socket) room.publish('room', `${name}: ${message}`);
  room.publish('room', `${name} has left`);
}

function answer(request: HTTPRequest, response: HTTPResponse): void {
  if (request.has('upgrade')) acceptor.accept(request, response, chat);
  else response.setField('Content-Type', 'text/html; charset=utf-8').send(PAGE);
}

const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveHttp(reactor, endpoint, answer);
console.log(`chat server listening on ${server.getHost()}`);
await reactor.run();
