// Programs as the documentation of Express describes them.
import { Readable } from 'node:stream';
import compression from 'compression';
import express from 'express';
import multer from 'multer';
import { answers, get, multipart, postForm, postJSON, raw, request } from './talk.mjs';

/** Without stack traces in answers, which name files. */
function quietApp() {
  const app = express();
  app.set('env', 'test');
  app.use((req, _res, next) => {
    req.trail = [];
    next();
  });
  return app;
}

function program(name, routes, talk) {
  return {
    name: `Express: ${name}`,
    make(createServer) {
      const app = quietApp();
      const served = routes(app);
      app.use((error, _req, res, next) => {
        if (res.headersSent) next(error);
        else res.status(error.status ?? 500).send(error.message);
      });
      return createServer(served ?? app);
    },
    talk,
  };
}

export const programs = [
  program(
    'hello',
    (app) => void app.get('/', (_req, res) => res.send('Hello World!')),
    (port) => answers(port, get('/'), get('/none'), request('HEAD', '/'), request('OPTIONS', '/')),
  ),
  program(
    'one route for each method',
    (app) => {
      app.get('/thing', (_req, res) => res.send('got'));
      app.post('/thing', (_req, res) => res.status(201).send('made'));
      app.put('/thing', (_req, res) => res.send('put'));
      app.delete('/thing', (_req, res) => res.sendStatus(204));
      app.all('/any', (req, res) => res.send(req.method));
    },
    (port) =>
      answers(
        port,
        ...['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].map((method) => request(method, '/thing')),
        request('PROPFIND', '/any'),
      ),
  ),
  program(
    'parameters and queries',
    (app) => {
      app.get('/users/:user/books/:book', (req, res) => res.json(req.params));
      app.get('/files/*path', (req, res) => res.json(req.params.path));
      app.get('/search', (req, res) => res.json(req.query));
    },
    (port) =>
      answers(
        port,
        get('/users/34/books/8%20a'),
        get('/files/a/b/c.txt'),
        get('/search?q=a&q=b&page=2'),
        get('/users/%zz/books/1'),
      ),
  ),
  program(
    'JSON bodies',
    (app) => {
      app.use(express.json());
      app.post('/echo', (req, res) => res.json(req.body));
    },
    (port) =>
      answers(
        port,
        postJSON('/echo', { name: 'Ada', tags: ['é', '漢'] }),
        postJSON('/echo', '{broken'),
        request('POST', '/echo', { 'Content-Type': 'text/plain' }, 'text'),
      ),
  ),
  program(
    'a JSON body larger than the limit',
    (app) => {
      app.use(express.json({ limit: 100 }));
      app.post('/', (req, res) => res.json(Object.keys(req.body)));
    },
    (port) => answers(port, postJSON('/', { text: 'x'.repeat(200) })),
  ),
  program(
    'URL-encoded forms',
    (app) => {
      app.use(express.urlencoded({ extended: true }));
      app.post('/form', (req, res) => res.json(req.body));
    },
    (port) => answers(port, postForm('/form', 'a=1&b[c]=2&d=x+y%26')),
  ),
  program(
    'text and raw bodies',
    (app) => {
      app.post('/text', express.text(), (req, res) => res.send(req.body.toUpperCase()));
      app.post('/raw', express.raw(), (req, res) => res.send(req.body));
    },
    (port) =>
      answers(
        port,
        request('POST', '/text', { 'Content-Type': 'text/plain' }, 'grüße'),
        request('POST', '/raw', { 'Content-Type': 'application/octet-stream' }, '\0\x01bytes'),
      ),
  ),
  program(
    'a chunked body',
    (app) => {
      app.use(express.json());
      app.post('/', (req, res) => res.json([req.body, req.headers['transfer-encoding']]));
    },
    (port) =>
      answers(
        port,
        request(
          'POST',
          '/',
          { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
          '4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
        ),
      ),
  ),
  program(
    'errors, thrown and rejected and passed on',
    (app) => {
      app.get('/thrown', () => {
        throw new Error('thrown');
      });
      app.get('/rejected', async () => {
        throw Object.assign(new Error('teapot'), { status: 418 });
      });
      app.get('/next', (_req, _res, next) => next(new Error('passed on')));
    },
    (port) => answers(port, get('/thrown'), get('/rejected'), get('/next')),
  ),
  program(
    'an error after the head was sent',
    (app) => {
      app.get('/', (_req, res) => {
        res.write('begun');
        throw new Error('late');
      });
      app.use((_error, _req, res, _next) => res.end(' and ended'));
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'middleware in order, and routers',
    (app) => {
      const birds = express.Router();
      birds.use((req, _res, next) => {
        req.trail.push(`router at ${req.baseUrl}`);
        next();
      });
      birds.get('/about', (req, res) => res.json([req.trail, req.originalUrl, req.url, req.path]));
      app.use('/birds', birds);
    },
    (port) => answers(port, get('/birds/about?x=1'), get('/birds/none')),
  ),
  program(
    'an application mounted in another',
    (app) => {
      const admin = express();
      admin.get('/', (req, res) => res.send(`${req.app.mountpath} ${admin.path()}`));
      app.use('/admin', admin);
      app.get('/', (_req, res) => res.send('main'));
    },
    (port) => answers(port, get('/admin'), get('/'), get('/admin/none')),
  ),
  program(
    'redirects',
    (app) => {
      app.get('/a', (_req, res) => res.redirect('/b?ü=1'));
      app.get('/c', (_req, res) => res.redirect(301, 'http://other.example/'));
    },
    (port) => answers(port, get('/a'), get('/c', { Accept: 'text/html' })),
  ),
  program(
    'header fields and cookies',
    (app) => {
      app.disable('x-powered-by');
      app.get('/', (req, res) => {
        res.set('X-One', '1').append('X-Two', 'a').append('X-Two', 'b').vary('Accept');
        res.cookie('name', 'tobi', { path: '/admin', httpOnly: true }).clearCookie('old');
        res.links({ next: 'http://api.example/?page=2' });
        res.type('html').send(`${req.get('X-Thing')} ${res.get('X-Two')}`);
      });
    },
    (port) => answers(port, get('/', { 'X-Thing': 'yes' })),
  ),
  program(
    'entity tags and fresh responses',
    (app) => void app.get('/', (_req, res) => res.send('the same text')),
    (port) =>
      answers(
        port,
        get('/'),
        get('/', { 'If-None-Match': 'W/"d-OhBTvR5XTkLtl1E8X2T3bNMZvRY"' }),
        get('/', { 'If-None-Match': '*' }),
      ),
  ),
  program(
    'content negotiation',
    (app) => {
      app.get('/', (_req, res) =>
        res.format({
          text: () => res.send('hey'),
          html: () => res.send('<p>hey</p>'),
          json: () => res.send({ message: 'hey' }),
        }),
      );
      app.get('/accepts', (req, res) => res.json([req.accepts('json', 'text'), req.is('html')]));
    },
    (port) =>
      answers(
        port,
        get('/', { Accept: 'application/json' }),
        get('/', { Accept: 'text/html' }),
        get('/', { Accept: 'image/png' }),
        get('/accepts', { Accept: 'text/*, application/json;q=0.5' }),
      ),
  ),
  program(
    'JSONP, locals and settings',
    (app) => {
      app.locals.title = 'My App';
      app.get('/jsonp', (_req, res) => res.jsonp({ user: 'tobi' }));
      app.get('/locals', (req, res) => {
        res.locals.user = 'ada';
        res.json([req.app.locals.title, res.locals.user, app.get('env')]);
      });
    },
    (port) => answers(port, get('/jsonp?callback=foo'), get('/locals')),
  ),
  program(
    'facts about the connection',
    (app) => {
      app.set('trust proxy', true);
      app.get('/', (req, res) =>
        res.json({
          ip: req.ip,
          ips: req.ips,
          protocol: req.protocol,
          secure: req.secure,
          hostname: req.hostname,
          family: req.socket.remoteFamily,
          address: req.socket.remoteAddress,
          encrypted: req.socket.encrypted === true,
          version: [req.httpVersion, req.httpVersionMajor, req.httpVersionMinor],
          same: req.connection === req.socket,
        }),
      );
    },
    (port) =>
      answers(
        port,
        get('/'),
        get('/', { 'X-Forwarded-For': '192.0.2.1, 10.0.0.1', 'X-Forwarded-Proto': 'https' }),
      ),
  ),
  program(
    'a stream piped into the response',
    (app) => {
      app.get('/', (_req, res) => {
        res.type('txt');
        Readable.from(['one\n', 'two\n', 'three\n']).pipe(res);
      });
    },
    (port) => answers(port, get('/')),
  ),
  program(
    'a request piped into its response',
    (app) => void app.post('/', (req, res) => req.pipe(res)),
    (port) => answers(port, request('POST', '/', {}, 'x'.repeat(1_000))),
  ),
  program(
    'static files, with ranges and conditions',
    (app) => {
      app.use('/static', express.static(import.meta.dirname, { lastModified: false, etag: false }));
      app.get('/download', (_req, res) =>
        res.download(import.meta.filename, 'a.mjs', { lastModified: false, etag: false }),
      );
    },
    (port) =>
      answers(
        port,
        get('/static/talk.mjs'),
        get('/static/talk.mjs', { Range: 'bytes=3-9' }),
        get('/static/talk.mjs', { Range: 'bytes=9999999-' }),
        get('/static/%2e%2e/secret'),
        get('/static/none.txt'),
        request('HEAD', '/static/talk.mjs'),
        get('/download', { Range: 'bytes=0-3' }),
      ),
  ),
  program(
    'compression',
    (app) => {
      app.use(compression({ threshold: 0 }));
      app.get('/', (_req, res) => res.send('text '.repeat(500)));
      app.get('/flushed', (_req, res) => {
        res.type('txt').write('first ');
        res.flush();
        res.end('second');
      });
    },
    (port) =>
      answers(
        port,
        get('/', { 'Accept-Encoding': 'gzip' }),
        get('/'),
        get('/flushed', { 'Accept-Encoding': 'gzip' }),
        request('HEAD', '/', { 'Accept-Encoding': 'gzip' }),
      ),
  ),
  program(
    'uploads in memory',
    (app) => {
      const upload = multer({ limits: { fileSize: 100 } });
      app.post('/', upload.single('file'), (req, res) =>
        res.json([req.body, req.file.originalname, req.file.buffer.toString()]),
      );
    },
    (port) =>
      answers(
        port,
        multipart('/', [
          { name: 'title', text: 'My file' },
          { name: 'file', file: 'a.txt', text: 'the content' },
        ]),
        multipart('/', [{ name: 'file', file: 'a.txt', text: 'x'.repeat(200) }]),
        multipart('/', [{ name: 'other', file: 'a.txt', text: 'x' }]),
      ),
  ),
  program(
    'events of the response',
    (app) => {
      const events = [];
      app.get('/', (req, res) => {
        for (const event of ['prefinish', 'finish', 'close']) {
          res.on(event, () => events.push(event));
        }
        req.on('close', () => events.push('request close'));
        res.send('answered');
      });
      app.get('/events', (_req, res) => res.json(events));
    },
    (port) => answers(port, get('/'), get('/events')),
  ),
  program(
    'keep-alive and pipelined requests',
    (app) => {
      let count = 0;
      app.get('/:name', (req, res) => res.send(`${req.params.name} ${++count}`));
    },
    async (port) => [
      await raw(port, `${get('/a').replace('Connection: close\r\n', '')}${get('/b')}`),
    ],
  ),
];
