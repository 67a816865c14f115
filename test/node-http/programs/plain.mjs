// Programs for node:http itself: what the frameworks do not use.
import { answers, get, raw, request } from './talk.mjs';

function program(name, listener, talk, configure = () => {}) {
  return {
    name: `plain: ${name}`,
    make(createServer) {
      const server = createServer(listener);
      configure(server);
      return server;
    },
    talk,
  };
}

const old = (path) => `GET ${path} HTTP/1.0\r\n\r\n`;

export const programs = [
  program(
    'fields in every form of writeHead',
    (req, res) => {
      const forms = {
        '/object': () => res.writeHead(200, { 'X-A': 1, 'X-B': ['1', '2'] }),
        '/array': () => res.writeHead(200, ['X-A', '1', 'X-A', '2']),
        '/pairs': () =>
          res.writeHead(200, [
            ['X-A', '1'],
            ['X-B', '2'],
          ]),
        '/reason': () => res.writeHead(299, 'Quite Fine', { 'X-A': '1' }),
        '/both': () =>
          res.setHeader('X-A', 'old').setHeader('x-b', 'kept').writeHead(200, { 'x-a': 'new' }),
        '/chained': () => res.writeHead(404).end('chained'),
      };
      forms[req.url]();
      if (!res.writableEnded) res.end('ok');
    },
    (port) =>
      answers(
        port,
        ...['/object', '/array', '/pairs', '/reason', '/both', '/chained'].map((path) => get(path)),
      ),
  ),
  program(
    'the framing of content',
    (req, res) => {
      if (req.url === '/length') res.setHeader('Content-Length', 6);
      if (req.url === '/chunked') res.setHeader('Transfer-Encoding', 'chunked');
      if (req.url === '/removed') res.removeHeader('Transfer-Encoding');
      if (req.url === '/none') res.statusCode = 204;
      if (req.url !== '/empty') {
        res.write('one');
        res.write(Buffer.from('two'));
      }
      res.end();
    },
    (port) =>
      answers(
        port,
        ...['/length', '/chunked', '/removed', '/none', '/empty', '/plain'].map((path) =>
          get(path),
        ),
        request('HEAD', '/length'),
        old('/plain'),
        old('/length'),
      ),
  ),
  program(
    'encodings of text',
    (_req, res) => {
      res.write('é', 'latin1');
      res.write('aGk=', 'base64');
      res.write('6869', 'hex');
      res.end('漢');
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'informational responses',
    (_req, res) => {
      res.writeProcessing();
      res.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'], 'x-id': '1' });
      res.end('final');
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'informational responses of every kind',
    (_req, res) => {
      // Node 24 has it.
      res.writeInformation?.(110, { 'X-Step': '1' });
      res.writeInformation?.(103, ['Link', '</a.css>; rel=preload']);
      res.end('final');
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'Expect: 100-continue',
    (req, res) => {
      let length = 0;
      req.on('data', (data) => {
        length += data.length;
      });
      req.on('end', () => res.end(`${length} bytes`));
    },
    (port) => answers(port, request('POST', '/', { Expect: '100-continue' }, 'content')),
  ),
  program(
    'checkContinue and other expectations',
    (_req, res) => res.end('unexpected'),
    (port) =>
      answers(
        port,
        request('POST', '/yes', { Expect: '100-continue' }, 'content'),
        request('POST', '/no', { Expect: '100-continue' }, ''),
        request('POST', '/', { Expect: 'magic' }, ''),
      ),
    (server) =>
      server.on('checkContinue', (req, res) => {
        if (req.url === '/no') {
          res.writeHead(417).end('no');
          return;
        }
        res.writeContinue();
        req.resume().on('end', () => res.end('continued'));
      }),
  ),
  program(
    'trailers, sent and received',
    (req, res) => {
      req.resume().on('end', () => {
        res.writeHead(200, { Trailer: 'X-Sum' });
        res.write(JSON.stringify([req.trailers, req.trailersDistinct, req.rawTrailers]));
        res.addTrailers({ 'X-Sum': 'abc' });
        res.end();
      });
    },
    (port) =>
      answers(
        port,
        request(
          'POST',
          '/',
          { 'Transfer-Encoding': 'chunked', Trailer: 'X-T' },
          '1\r\na\r\n0\r\nX-T: v\r\n\r\n',
        ),
      ),
  ),
  program(
    'header fields of requests, joined and distinct and raw',
    (req, res) => res.end(JSON.stringify([req.headers, req.headersDistinct, req.rawHeaders])),
    (port) =>
      answers(
        port,
        'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nAccept: a\r\nAccept: b\r\nAge: 1\r\nAge: 2\r\nConnection: close\r\n\r\n',
      ),
  ),
  program(
    'what a response says about itself',
    (_req, res) => {
      const states = [];
      const note = () =>
        states.push([
          res.headersSent,
          res.writableEnded,
          res.finished,
          res.writableFinished,
          res.statusCode,
          res.sendDate,
        ]);
      note();
      states.push(res.writableCorked, res.writableObjectMode, res.closed, res.errored ?? null);
      states.push(res.connection === res.socket, res.req.statusCode, res.req.statusMessage);
      res.once('error', (error) => states.push(error.code));
      res.pipe();
      res.setHeader('X-A', ['1', '2']);
      res.appendHeader('X-A', '3');
      res.setHeaders(new Map([['x-b', 'b']]));
      states.push(
        res.getHeader('x-a'),
        res.getHeaderNames(),
        res.getRawHeaderNames(),
        res.getHeaders(),
      );
      states.push(res.hasHeader('X-B'), res.removeHeader('X-B'), res.hasHeader('x-b'));
      res.flushHeaders();
      note();
      res.end(JSON.stringify(states), () => note());
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'errors of calls, by their codes',
    (_req, res) => {
      const codes = [];
      const attempt = (call) => {
        try {
          call();
          codes.push('none');
        } catch (error) {
          codes.push(`${error.name} ${error.code}`);
        }
      };
      attempt(() => res.setHeader('bad name', 'x'));
      attempt(() => res.setHeader('', 'x'));
      attempt(() => res.setHeader('X', undefined));
      attempt(() => res.setHeader('X', 'a\r\nb: c'));
      attempt(() => res.setHeader('X', ['ok', 'bad\n']));
      attempt(() => res.setHeader(1, 'x'));
      attempt(() => res.getHeader(1));
      attempt(() => res.writeHead(99));
      attempt(() => res.writeHead(200, 'a\nb'));
      attempt(() => res.write(null));
      attempt(() => res.write({}));
      attempt(() => res.end(7));
      attempt(() => res.addTrailers({ 'bad name': 'x' }));
      attempt(() => res.setHeaders([]));
      res.statusMessage = 'OK';
      res.write(' ');
      attempt(() => res.setHeader('X', 'late'));
      attempt(() => res.removeHeader('X'));
      attempt(() => res.appendHeader('X', 'late'));
      attempt(() => res.writeHead(200));
      res.end(JSON.stringify(codes));
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'writes after the end',
    (_req, res) => {
      res.on('error', () => {});
      res.end('whole');
      res.write('more', (error) => {
        res.late = error.code;
      });
      res.end();
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'requests that are malformed',
    (_req, res) => res.end('fine'),
    async (port) => [
      await raw(port, 'NOT HTTP\r\n\r\n'),
      await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n'),
      await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
    ],
  ),
  program(
    'a clientError listener',
    (_req, res) => res.end('fine'),
    async (port) => [await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n')],
    (server) =>
      server.on('clientError', (error, socket) => {
        socket.end(`HTTP/1.1 400 Bad Request\r\nX-Code: ${error.code}\r\n\r\n`);
      }),
  ),
  program(
    'requests beyond maxRequestsPerSocket',
    (req, res) => res.end(`dropped: ${req.socket.server.dropped}`),
    async (port) => {
      const keep = (path) => get(path).replace('Connection: close\r\n', '');
      const ofHTTP10 = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
      return [
        await raw(port, keep('/1'), keep('/2'), keep('/3'), get('/4')),
        await raw(port, get('/')),
        await raw(port, ofHTTP10, ofHTTP10, ofHTTP10),
      ];
    },
    (server) => {
      server.maxRequestsPerSocket = 2;
      server.dropped = [];
      server.on('dropRequest', (req, socket) => {
        server.dropped.push(req.url, socket === req.socket);
      });
    },
  ),
  program(
    'a finish that the program delays',
    async (req, res) => {
      const { server } = req.socket;
      if (req.url === '/events') {
        res.end(`${await server.events}`);
        return;
      }
      const events = [];
      const { emit } = res;
      res.emit = function (event, ...args) {
        if (event !== 'finish') return emit.call(this, event, ...args);
        setTimeout(() => emit.call(this, event, ...args), 20);
        return true;
      };
      res.on('finish', () => events.push('finish'));
      req.on('close', () => events.push('request'));
      res.on('close', () => server.tellEvents([...events, 'close']));
      res.end('content');
    },
    (port) => answers(port, get('/'), get('/events')),
    (server) => {
      server.events = new Promise((resolve) => {
        server.tellEvents = resolve;
      });
    },
  ),
  program(
    'CONNECT and other upgrades',
    (req, res) => res.end(`plain ${req.headers.upgrade}`),
    async (port) => [
      await raw(port, 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\nearly'),
      await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n'),
    ],
    (server) => {
      server.on('connect', (req, socket, head) => {
        socket.write(`HTTP/1.1 200 OK\r\n\r\n${req.url} ${head}`);
        socket.end();
      });
      server.on('upgrade', (req, socket, head) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\n\r\n${req.headers.upgrade} ${head.length}`,
        );
        socket.destroySoon();
      });
    },
  ),
  program(
    'a response that is destroyed',
    (_req, res) => {
      res.writeHead(200, { 'Content-Length': 10 });
      res.write('half', () => res.destroy());
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'a response that is destroyed in the turn of a write',
    (_req, res) => {
      res.write('dropped');
      res.destroy();
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'an answer to a request that was destroyed',
    (req, res) => {
      req.on('error', () => {});
      req.destroy(new Error('of the program'));
      res.end('too late');
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'an answer to a socket that is destroyed behind it',
    (req, res) => {
      res.write('one, ');
      res.end('two');
      req.socket.destroy();
    },
    (port) => answers(port, get('/')),
  ),
];
