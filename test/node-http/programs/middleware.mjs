// Programs as the documentation of the most used middleware describes them.
import { createServer as createNodeServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import bodyParser from 'body-parser';
import compression from 'compression';
import cookieSession from 'cookie-session';
import cors from 'cors';
import express from 'express';
import session from 'express-session';
import finalhandler from 'finalhandler';
import helmet from 'helmet';
import { createProxyMiddleware } from 'http-proxy-middleware';
import morgan from 'morgan';
import multer from 'multer';
import serveStatic from 'serve-static';
import { answers, get, multipart, postForm, postJSON, request } from './talk.mjs';

function program(name, make, talk) {
  return { name: `middleware: ${name}`, make, talk };
}

/** An application without stack traces in its answers. */
function expressProgram(name, routes, talk) {
  return program(
    name,
    (createServer) => {
      const app = express();
      app.set('env', 'test');
      routes(app);
      app.use((error, _req, res, _next) => res.status(error.status ?? 500).send(error.message));
      return createServer(app);
    },
    talk,
  );
}

/** The cookies that an answer sets, as the next request has them. */
function cookiesOf(answer) {
  return [...answer.matchAll(/Set-Cookie: ([^;\r]+)/gi)].map(([, pair]) => pair).join('; ');
}

/** The answer without the random identifier of a session. */
function withoutIdentifier(answer) {
  return answer
    .replace(/connect\.sid=[^;]+/, 'connect.sid=-')
    .replace(/Expires=[^\r;]+/g, 'Expires=-');
}

/** The answer to an upgrade, and to a word behind it. */
async function shouted(port) {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  let text = '';
  let asked = false;
  for await (const data of socket) {
    text += data;
    if (!asked && text.includes('\r\n\r\n')) {
      asked = true;
      socket.write('hello');
    }
  }
  return text;
}

export const programs = [
  program(
    'body-parser, with a verification and limits',
    (createServer) => {
      const json = bodyParser.json({
        limit: 50,
        strict: false,
        verify: (_req, _res, buffer) => {
          if (buffer[0] === 0x5b) throw new Error('no arrays');
        },
      });
      const form = bodyParser.urlencoded({ extended: false, parameterLimit: 2 });
      return createServer((req, res) => {
        const parse = req.url === '/form' ? form : json;
        parse(req, res, (error) => {
          res.statusCode = error?.status ?? 200;
          res.end(JSON.stringify([error?.type, error?.message, req.body]));
        });
      });
    },
    (port) =>
      answers(
        port,
        postJSON('/', { a: 1 }),
        postJSON('/', '"text"'),
        postJSON('/', '[1]'),
        postJSON('/', { text: 'x'.repeat(100) }),
        postJSON('/', '{"a":1}', { 'Content-Type': 'application/json; charset=klingon' }),
        postJSON('/', 'x', { 'Content-Encoding': 'zip' }),
        postForm('/form', 'a=1&a=2'),
        postForm('/form', 'a=1&b=2&c=3'),
        request(
          'POST',
          '/',
          { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
          '4\r\n{"b"\r\n3\r\n:1}\r\n0\r\n\r\n',
        ),
      ),
  ),
  expressProgram(
    'multer, with files on disk and several fields',
    (app) => {
      const upload = multer({ dest: tmpdir(), limits: { files: 2, fields: 1 } });
      app.post('/', upload.fields([{ name: 'a', maxCount: 1 }, { name: 'b' }]), (req, res) => {
        const facts = Object.values(req.files).flat();
        res.json(
          facts.map(({ fieldname, originalname, mimetype, size }) => [
            fieldname,
            originalname,
            mimetype,
            size,
          ]),
        );
      });
    },
    (port) =>
      answers(
        port,
        multipart('/', [
          { name: 'a', file: 'a.txt', text: 'first' },
          { name: 'b', file: 'b.bin', type: 'application/octet-stream', text: 'y'.repeat(70_000) },
        ]),
        multipart('/', [
          { name: 'a', file: '1.txt', text: '1' },
          { name: 'a', file: '2.txt', text: '2' },
        ]),
        multipart('/', [
          { name: 'one', text: '1' },
          { name: 'two', text: '2' },
        ]),
        request(
          'POST',
          '/',
          { 'Content-Type': 'multipart/form-data; boundary=x' },
          '--x\r\nbroken',
        ),
      ),
  ),
  expressProgram(
    'morgan, whose lines say what was sent',
    (app) => {
      const lines = [];
      const stream = { write: (line) => lines.push(line) };
      const format =
        ':method :url HTTP/:http-version :status :res[content-length] :remote-addr ":user-agent"';
      app.use(morgan(format, { stream, skip: (req) => req.url === '/lines' }));
      app.use(
        morgan('early :method :url', {
          stream,
          immediate: true,
          skip: (req) => req.url === '/lines',
        }),
      );
      app.get('/', (_req, res) => res.send('logged'));
      app.get('/piece', (_req, res) => {
        res.write('a');
        res.end('b');
      });
      app.get('/lines', (_req, res) => res.json(lines));
    },
    (port) =>
      answers(
        port,
        get('/', { 'User-Agent': 'a "quoted" one' }),
        get('/piece'),
        get('/none'),
        request('HEAD', '/'),
        get('/lines'),
      ),
  ),
  expressProgram(
    'helmet',
    (app) => {
      app.use(
        helmet({ contentSecurityPolicy: { directives: { scriptSrc: ["'self'", 'a.example'] } } }),
      );
      app.get('/', (_req, res) => res.send('safe'));
    },
    (port) => answers(port, get('/'), get('/none'), request('HEAD', '/')),
  ),
  expressProgram(
    'cookie-session',
    (app) => {
      app.use(cookieSession({ name: 'session', keys: ['first', 'second'] }));
      app.get('/end', (req, res) => {
        req.session = null;
        res.send('ended');
      });
      app.get('/', (req, res) => {
        req.session.views = (req.session.views ?? 0) + 1;
        res.send(`${req.session.views} views, new: ${req.session.isNew}`);
      });
    },
    async (port) => {
      const [first] = await answers(port, get('/'));
      const Cookie = cookiesOf(first);
      const forged = Cookie.replace('session.sig=', 'session.sig=x');
      return [
        first,
        ...(await answers(
          port,
          get('/', { Cookie }),
          get('/', { Cookie: forged }),
          get('/end', { Cookie }),
        )),
      ];
    },
  ),
  expressProgram(
    'express-session, saved before the answer ends',
    (app) => {
      app.use(
        session({
          secret: 'secret',
          resave: false,
          saveUninitialized: false,
          cookie: { maxAge: 60_000 },
        }),
      );
      app.get('/plain', (_req, res) => res.send('no session'));
      app.get('/login', (req, res, next) => {
        req.session.regenerate((error) => {
          if (error) return next(error);
          req.session.user = 'ada';
          req.session.save(() => res.redirect('/'));
        });
      });
      app.get('/logout', (req, res) => req.session.destroy(() => res.send('bye')));
      app.get('/', (req, res) => {
        req.session.views = (req.session.views ?? 0) + 1;
        res.write(`${req.session.user} `);
        res.end(String(req.session.views));
      });
    },
    async (port) => {
      const [plain, login] = await answers(port, get('/plain'), get('/login'));
      const Cookie = cookiesOf(login);
      const rest = await answers(
        port,
        get('/', { Cookie }),
        get('/', { Cookie }),
        get('/logout', { Cookie }),
        get('/', { Cookie }),
      );
      return [plain, login, ...rest].map(withoutIdentifier);
    },
  ),
  program(
    'serve-static and finalhandler, without a framework',
    (createServer) => {
      const serve = serveStatic(import.meta.dirname, {
        index: ['talk.mjs'],
        etag: false,
        lastModified: false,
        maxAge: '1d',
        immutable: true,
        setHeaders: (res, path) => res.setHeader('X-Name', path.slice(path.lastIndexOf('/'))),
      });
      return createServer((req, res) =>
        serve(req, res, finalhandler(req, res, { env: 'production' })),
      );
    },
    (port) =>
      answers(
        port,
        get('/'),
        get('/talk.mjs', { Range: 'bytes=-10' }),
        get('/talk.mjs', { Range: 'bytes=0-3,8-9' }),
        request('HEAD', '/talk.mjs', { Range: 'bytes=1-2' }),
        request('POST', '/talk.mjs'),
        get('/..%2fsecret'),
        get('/%00'),
        get('/.hidden'),
        get('/none?<script>'),
      ),
  ),
  program(
    'finalhandler with errors',
    (createServer) =>
      createServer((req, res) => {
        const done = finalhandler(req, res, { env: 'production' });
        const facts = { status: 401, headers: { 'WWW-Authenticate': 'Basic' } };
        const fail = () => done(Object.assign(new Error('denied'), facts));
        if (req.url === '/none') done();
        else if (req.url === '/late') res.write('begun', () => setImmediate(fail));
        else fail();
      }),
    (port) =>
      answers(
        port,
        get('/'),
        get('/late'),
        get('/none'),
        request('POST', '/none', {}, 'body that nobody reads'),
      ),
  ),
  expressProgram(
    'compression by Brotli and by a filter',
    (app) => {
      app.use(
        compression({
          threshold: 10,
          filter: (req, res) => req.url !== '/plain' && compression.filter(req, res),
        }),
      );
      app.get('/image', (_req, res) => res.type('png').send(Buffer.alloc(100)));
      app.get('/short', (_req, res) => res.send('short'));
      app.get('/pieces', (_req, res) => {
        res.type('text');
        for (let i = 0; i < 50; i++) res.write(`piece ${i} `);
        res.end();
      });
      app.use((_req, res) => res.send('text '.repeat(100)));
    },
    (port) =>
      answers(
        port,
        ...['/', '/plain', '/image', '/short', '/pieces'].map((path) =>
          get(path, { 'Accept-Encoding': 'br, gzip' }),
        ),
        get('/', { 'Accept-Encoding': 'deflate' }),
        get('/', { 'Accept-Encoding': 'identity;q=0, *' }),
        request('HEAD', '/', { 'Accept-Encoding': 'gzip' }),
      ),
  ),
  expressProgram(
    'cors',
    (app) => {
      const restricted = cors({
        origin: ['http://a.example', /\.b\.example$/],
        credentials: true,
        maxAge: 60,
        exposedHeaders: ['X-A'],
        methods: ['GET', 'PUT'],
      });
      app.options('/one', restricted);
      app.put('/one', restricted, (_req, res) => res.json({ ok: true }));
      app.get('/all', cors(), (_req, res) => res.send('all'));
    },
    (port) => {
      const preflight = (Origin) =>
        request('OPTIONS', '/one', {
          Origin,
          'Access-Control-Request-Method': 'PUT',
          'Access-Control-Request-Headers': 'X-B',
        });
      return answers(
        port,
        preflight('http://a.example'),
        preflight('http://x.b.example'),
        preflight('http://evil.example'),
        request('PUT', '/one', { Origin: 'http://a.example' }, '{}'),
        get('/all', { Origin: 'http://evil.example' }),
      );
    },
  ),
  program(
    'http-proxy-middleware in front of a server',
    async (createServer) => {
      const backend = createNodeServer((req, res) => {
        const { host, connection, 'x-added': added, 'content-length': length } = req.headers;
        res.setHeader(
          'X-Seen',
          JSON.stringify([req.method, req.url, host, connection, added, length]),
        );
        req.pipe(res);
      });
      backend.on('upgrade', (req, socket) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${req.headers.upgrade}\r\n\r\n`,
        );
        socket.once('data', (data) => socket.end(String(data).toUpperCase()));
      });
      await new Promise((resolve) => backend.listen(0, '127.0.0.1', resolve));
      const app = express();
      const proxy = createProxyMiddleware({
        target: `http://127.0.0.1:${backend.address().port}`,
        pathRewrite: { '^/api': '' },
        headers: { 'X-Added': 'yes', Host: 'backend.example' },
      });
      app.use(proxy);
      const server = createServer(app);
      server.on('upgrade', proxy.upgrade);
      server.on('close', () => backend.close().closeAllConnections());
      return server;
    },
    async (port) => [
      ...(await answers(
        port,
        get('/api/things?a=1'),
        request('POST', '/api/', {}, 'x'.repeat(100_000)),
        request('HEAD', '/head'),
        request('POST', '/', { 'Transfer-Encoding': 'chunked' }, '5\r\nchunk\r\n0\r\n\r\n'),
      )),
      await shouted(port),
    ],
  ),
];
