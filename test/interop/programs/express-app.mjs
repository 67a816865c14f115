// An application of Express and ws, for real clients.
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import compression from 'compression';
import express from 'express';
import { WebSocketServer } from 'ws';

/** @param folder Served below `/files`. @param text Served compressed. */
export function application(folder, text) {
  const app = express();
  app.get('/', (_request, response) => response.type('html').send('<p>page</p>'));
  app.get('/port', (request, response) => response.json(request.socket.remotePort));
  app.post('/upload', (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (data) => hash.update(data));
    request.on('end', () => {
      const { 'transfer-encoding': coding, expect: expected } = request.headers;
      response.json({ digest: hash.digest('hex'), coding, expected });
    });
  });
  app.use('/files', express.static(folder));
  app.get('/text', compression({ threshold: 0 }), (_request, response) => {
    response.type('text').send(text);
  });
  app.get('/events', async (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    for (let i = 1; i <= 3; i++) {
      await turn();
      response.write(`id: ${i}\ndata: event ${i}\n\n`);
    }
    response.end('event: end\ndata: -\n\n');
  });
  return app;
}

/** Echoes messages of WebSockets. */
export function attachEcho(server) {
  new WebSocketServer({ server, perMessageDeflate: true }).on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
}
