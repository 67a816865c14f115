// Programs as the documentation of Koa describes them.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import Koa from 'koa';
import { answers, get, postJSON, request } from './talk.mjs';

function program(name, middleware, talk) {
  return {
    name: `Koa: ${name}`,
    make(createServer) {
      const app = new Koa();
      app.silent = true;
      app.keys = ['a key'];
      for (const one of middleware(app)) app.use(one);
      return createServer(app.callback());
    },
    talk,
  };
}

async function textOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

export const programs = [
  program(
    'hello',
    () => [
      (ctx) => {
        if (ctx.path === '/') ctx.body = 'Hello World';
      },
    ],
    (port) => answers(port, get('/'), get('/none'), request('HEAD', '/')),
  ),
  program(
    'middleware cascades',
    () => [
      async (ctx, next) => {
        await next();
        ctx.set('X-Order', `${ctx.response.get('X-Order')},outer`);
      },
      async (ctx, next) => {
        await next();
        ctx.set('X-Order', 'inner');
      },
      (ctx) => {
        ctx.body = 'cascaded';
      },
    ],
    (port) => answers(port, get('/')),
  ),
  program(
    'bodies of every type',
    () => [
      (ctx) => {
        const bodies = {
          '/string': '<p>markup',
          '/buffer': Buffer.from('bytes'),
          '/object': { a: [1, null] },
          '/stream': Readable.from(['one', 'two']),
          '/null': null,
          '/web': new Response('from the web'),
        };
        ctx.body = bodies[ctx.path];
      },
    ],
    (port) =>
      answers(port, get('/string'), get('/buffer'), get('/object'), get('/stream'), get('/null')),
  ),
  program(
    'status codes and messages',
    () => [
      (ctx) => {
        ctx.status = Number(ctx.query.code);
        if (ctx.query.message) ctx.message = ctx.query.message;
        if (ctx.query.body) ctx.body = ctx.query.body;
      },
    ],
    (port) =>
      answers(
        port,
        get('/?code=201&body=made'),
        get('/?code=204'),
        get('/?code=304'),
        get('/?code=200&message=Fine&body=x'),
        get('/?code=418'),
      ),
  ),
  program(
    'errors that are thrown',
    () => [
      (ctx) => {
        if (ctx.path === '/throw') ctx.throw(400, 'name required', { headers: { 'X-Why': 'no' } });
        if (ctx.path === '/assert') ctx.assert(false, 401, 'log in');
        throw new Error('internal');
      },
    ],
    (port) => answers(port, get('/throw'), get('/assert'), get('/other')),
  ),
  program(
    'a handler of errors',
    () => [
      async (ctx, next) => {
        try {
          await next();
        } catch (error) {
          ctx.status = error.status ?? 500;
          ctx.body = { error: error.message };
        }
      },
      () => {
        throw new Error('caught');
      },
    ],
    (port) => answers(port, get('/')),
  ),
  program(
    'cookies, signed and not',
    () => [
      (ctx) => {
        ctx.cookies.set('view', String(Number(ctx.cookies.get('view') ?? 0) + 1));
        ctx.cookies.set('signed', 'value', { signed: true, httpOnly: true });
        ctx.body = 'set';
      },
    ],
    (port) => answers(port, get('/'), get('/', { Cookie: 'view=41' })),
  ),
  program(
    'redirects and attachments',
    () => [
      (ctx) => {
        if (ctx.path === '/go') ctx.redirect('http://other.example/é');
        else {
          ctx.attachment('漢字.txt');
          ctx.body = 'file';
        }
      },
    ],
    (port) => answers(port, get('/go', { Accept: 'text/html' }), get('/file')),
  ),
  program(
    'facts about the request',
    (app) => {
      app.proxy = true;
      return [
        (ctx) => {
          ctx.body = {
            ip: ctx.ip,
            ips: ctx.ips,
            host: ctx.host,
            protocol: ctx.protocol,
            secure: ctx.secure,
            origin: ctx.origin,
            href: ctx.href,
            length: ctx.length,
            accepts: ctx.accepts('json', 'html'),
            fresh: ctx.fresh,
            idempotent: ctx.idempotent,
            writable: ctx.writable,
          };
        },
      ];
    },
    (port) =>
      answers(
        port,
        get('/path?x=1', { Accept: 'text/html' }),
        get('/', { 'X-Forwarded-For': '192.0.2.9', 'X-Forwarded-Proto': 'https' }),
      ),
  ),
  program(
    'JSON that the program parses',
    () => [
      async (ctx) => {
        ctx.body = JSON.parse(await textOf(ctx.req));
      },
    ],
    (port) => answers(port, postJSON('/', { a: 'é' }), postJSON('/', '{broken')),
  ),
  program(
    'files as streams',
    () => [
      (ctx) => {
        ctx.type = 'text/javascript';
        ctx.body = createReadStream(new URL(`.${ctx.path}`, import.meta.url));
      },
    ],
    (port) => answers(port, get('/talk.mjs'), request('HEAD', '/talk.mjs')),
  ),
  program(
    'conditional requests',
    () => [
      (ctx) => {
        ctx.body = 'tagged';
        ctx.etag = 'v1';
        ctx.lastModified = new Date(0);
        if (ctx.fresh) ctx.status = 304;
      },
    ],
    (port) => answers(port, get('/'), get('/', { 'If-None-Match': '"v1"' })),
  ),
  program(
    'a response that the program sends itself',
    () => [
      (ctx) => {
        ctx.respond = false;
        ctx.res.statusCode = 202;
        ctx.res.setHeader('X-Own', 'yes');
        ctx.res.end('by hand');
      },
    ],
    (port) => answers(port, get('/')),
  ),
];
