// Programs as the documentation of ws describes them.
import { WebSocket, WebSocketServer } from 'ws';
import { get, once, raw } from './talk.mjs';

/** The messages that a client receives, as text, until the connection ends; then its code and reason. */
function conversation(port, path, act = () => {}, options = {}) {
  return new Promise((resolve) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, options.protocols ?? [], options);
    const seen = [];
    client.on('open', () => {
      seen.push(`open ${client.protocol} ${client.extensions}`);
      act(client);
    });
    client.on('message', (data, isBinary) => seen.push(`${isBinary ? 'bytes' : 'text'} ${data}`));
    client.on('ping', (data) => seen.push(`ping ${data}`));
    client.on('pong', (data) => {
      seen.push(`pong ${data}`);
      client.close();
    });
    client.on('unexpected-response', (_request, response) => {
      seen.push(`status ${response.statusCode}`);
      response.resume();
      resolve(seen);
    });
    client.on('error', (error) => seen.push(`error ${error.message}`));
    client.on('close', (code, reason) => resolve([...seen, `close ${code} ${reason}`]));
  });
}

function program(name, attach, talk) {
  return {
    name: `ws: ${name}`,
    make(createServer) {
      const server = createServer((_req, res) => res.end('plain'));
      attach(server);
      return server;
    },
    talk,
  };
}

const HANDSHAKE = {
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': 13,
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

function rawHandshake(path) {
  return get(path, HANDSHAKE).replace('Connection: close', 'Connection: Upgrade');
}

export const programs = [
  program(
    'echo',
    (server) => {
      new WebSocketServer({ server }).on('connection', (socket) => {
        socket.on('message', (data, binary) => socket.send(data, { binary }));
        socket.send('welcome');
      });
    },
    (port) =>
      conversation(port, '/', (client) => {
        client.send('text é');
        client.send(Buffer.from([1, 2, 3]));
        client.ping('p');
      }),
  ),
  program(
    'plain requests beside it',
    (server) => void new WebSocketServer({ server }),
    async (port) => [await raw(port, get('/'))],
  ),
  program(
    'the handshake on the wire, and frames behind it',
    (server) => {
      new WebSocketServer({ server }).on('connection', (socket) => {
        socket.on('message', (data) => {
          socket.send(`got ${data}`, () => socket.terminate());
        });
      });
    },
    async (port) => {
      const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
      return [await raw(port, Buffer.concat([Buffer.from(rawHandshake('/chat')), frame]))];
    },
  ),
  program(
    'compression of messages',
    (server) => {
      new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } }).on(
        'connection',
        (socket) => {
          socket.on('message', (data) => socket.send(`${data}`.repeat(100)));
          socket.once('message', () => setImmediate(() => socket.close(1_000)));
        },
      );
    },
    (port) => conversation(port, '/', (client) => client.send('squeeze')),
  ),
  program(
    'several servers by path, without a server of their own',
    (server) => {
      const first = new WebSocketServer({ noServer: true });
      const second = new WebSocketServer({ noServer: true });
      first.on('connection', (socket) => socket.close(1_000, 'first'));
      second.on('connection', (socket) => socket.close(1_000, 'second'));
      server.on('upgrade', (req, socket, head) => {
        const found = { '/first': first, '/second': second }[req.url];
        if (found === undefined) socket.destroy();
        else found.handleUpgrade(req, socket, head, (ws) => found.emit('connection', ws, req));
      });
    },
    async (port) => [
      await conversation(port, '/first'),
      await conversation(port, '/second'),
      await raw(port, rawHandshake('/third')),
    ],
  ),
  program(
    'authentication of clients',
    (server) => {
      const sockets = new WebSocketServer({ noServer: true });
      server.on('upgrade', (req, socket, head) => {
        socket.on('error', () => {});
        if (req.headers.authorization !== 'Bearer secret') {
          socket.write('HTTP/1.1 401 Unauthorized\r\n\r\n');
          socket.destroy();
          return;
        }
        sockets.handleUpgrade(req, socket, head, (ws) => ws.close(1_000, 'hello'));
      });
    },
    async (port) => [
      await conversation(port, '/', undefined, { headers: { Authorization: 'Bearer secret' } }),
      await raw(port, rawHandshake('/')),
    ],
  ),
  program(
    'subprotocols, and clients that are refused',
    (server) => {
      new WebSocketServer({
        server,
        handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
        verifyClient: ({ req }) => req.url !== '/refused',
      }).on('connection', (socket) => socket.close(1_000, socket.protocol));
    },
    async (port) => [
      await conversation(port, '/', undefined, { protocols: ['other', 'chat'] }),
      await conversation(port, '/refused'),
      await raw(
        port,
        get('/', { ...HANDSHAKE, 'Sec-WebSocket-Version': 7 }).replace('close', 'Upgrade'),
      ),
    ],
  ),
  program(
    'broadcasts',
    (server) => {
      const sockets = new WebSocketServer({ server });
      sockets.on('connection', (socket) => {
        socket.on('message', (data) => {
          for (const client of sockets.clients) client.send(`all: ${data}`);
          for (const client of sockets.clients) client.close(1_000);
        });
        socket.send('ready');
      });
    },
    async (port) => {
      const second = new WebSocket(`ws://127.0.0.1:${port}/`);
      const heard = [];
      second.on('message', (data) => heard.push(String(data)));
      await once(second, 'message');
      const first = await conversation(port, '/', (client) => client.send('to all'));
      if (second.readyState !== WebSocket.CLOSED) await once(second, 'close');
      return [first, heard];
    },
  ),
  program(
    'a stream over a WebSocket, with large messages',
    (server) => {
      new WebSocketServer({ server }).on('connection', (socket) => {
        socket.on('message', (data) => {
          for (let i = 0; i < 20; i++) socket.send(data);
          socket.close(1_000);
        });
      });
    },
    async (port) => {
      const seen = await conversation(port, '/', (client) => client.send('x'.repeat(100_000)));
      return seen.map((line) => `${line.slice(0, 10)} ${line.length}`);
    },
  ),
];
