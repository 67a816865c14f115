// Programs as the documentation of Fastify describes them.
import { Readable } from 'node:stream';
import { fastify } from 'fastify';
import { answers, get, postJSON, raw, request } from './talk.mjs';

function program(name, routes, talk, options = {}) {
  return {
    name: `Fastify: ${name}`,
    async make(createServer) {
      const app = fastify({
        serverFactory: (handler) => createServer((req, res) => handler(req, res)),
        ...options,
      });
      await routes(app);
      await app.ready();
      app.server.app = app;
      return app.server;
    },
    talk,
  };
}

const schema = {
  body: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
  },
  response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } },
};

export const programs = [
  program(
    'hello',
    (app) => void app.get('/', (_request, reply) => reply.send({ hello: 'world' })),
    (port) => answers(port, get('/'), get('/none'), request('HEAD', '/'), request('POST', '/')),
  ),
  program(
    'async handlers',
    (app) => {
      app.get('/', async () => ({ hello: 'async' }));
      app.get('/text', async () => 'text');
      app.get('/null', async () => null);
      app.get('/code', async (_request, reply) => reply.code(202).send());
    },
    (port) => answers(port, get('/'), get('/text'), get('/null'), get('/code')),
  ),
  program(
    'parameters, queries and wildcards',
    (app) => {
      app.get('/users/:id', async ({ params, query }) => ({ params, query }));
      app.get('/files/*', async ({ params }) => params);
      app.get('/at/:hour(^\\d+)h:minute', async ({ params }) => params);
    },
    (port) => answers(port, get('/users/7?a=1&a=2'), get('/files/a/b'), get('/at/12h30')),
  ),
  program(
    'schemas of bodies and responses',
    (app) => void app.post('/', { schema }, async ({ body }) => ({ hello: body.name, hidden: 1 })),
    (port) =>
      answers(
        port,
        postJSON('/', { name: 'ada', age: '36' }),
        postJSON('/', { age: 1 }),
        postJSON('/', '{broken'),
        postJSON('/', ''),
      ),
  ),
  program(
    'bodies that are too large, or of another type',
    (app) => void app.post('/', async ({ body }) => body),
    (port) =>
      answers(
        port,
        postJSON('/', { text: 'x'.repeat(100) }),
        request('POST', '/', { 'Content-Type': 'application/xml' }, '<a/>'),
        request('POST', '/', { 'Content-Type': 'text/plain' }, 'plain'),
      ),
    { bodyLimit: 50 },
  ),
  program(
    'a parser of its own content type',
    (app) => {
      app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, text, done) =>
        done(null, text.split(',')),
      );
      app.addContentTypeParser('application/x-stream', (_request, payload, done) =>
        done(null, payload),
      );
      app.post('/', async ({ body }) => ({ body }));
      app.post('/stream', async ({ body }) => {
        let length = 0;
        for await (const piece of body) length += piece.length;
        return { length };
      });
    },
    (port) =>
      answers(
        port,
        request('POST', '/', { 'Content-Type': 'text/csv' }, 'a,b,c'),
        request('POST', '/stream', { 'Content-Type': 'application/x-stream' }, 'x'.repeat(5_000)),
      ),
  ),
  program(
    'hooks around a request',
    (app) => {
      const trail = [];
      app.addHook('onRequest', async () => void trail.push('onRequest'));
      app.addHook('preHandler', async () => void trail.push('preHandler'));
      app.addHook('onSend', async (_request, reply, payload) => {
        reply.header('X-Trail', trail.splice(0).join());
        return payload;
      });
      app.get('/', async () => 'ok');
    },
    (port) => answers(port, get('/'), get('/none')),
  ),
  program(
    'errors and error handlers',
    (app) => {
      app.get('/thrown', async () => {
        throw new Error('thrown');
      });
      app.get('/status', async () => {
        throw Object.assign(new Error('teapot'), { statusCode: 418 });
      });
      app.register(async (scope) => {
        scope.setErrorHandler((error, _request, reply) => reply.code(409).send(error.message));
        scope.get('/handled', async () => {
          throw new Error('handled');
        });
      });
      app.setNotFoundHandler((_request, reply) => reply.code(404).send('nothing here'));
    },
    (port) => answers(port, get('/thrown'), get('/status'), get('/handled'), get('/none')),
  ),
  program(
    'plugins, prefixes and decorators',
    (app) => {
      app.decorateRequest('user', null);
      app.decorateReply('sendUser', function () {
        this.send({ user: this.request.user });
      });
      app.register(
        async (scope) => {
          scope.addHook('preHandler', async (incoming) => {
            incoming.user = 'ada';
          });
          scope.get('/me', (_request, reply) => reply.sendUser());
        },
        { prefix: '/api' },
      );
    },
    (port) => answers(port, get('/api/me'), get('/me')),
  ),
  program(
    'replies: fields, redirects, types and buffers',
    (app) => {
      app.get('/fields', (_request, reply) => {
        reply.header('Set-Cookie', 'a=1').header('Set-Cookie', 'b=2').type('text/html').send('<p>');
      });
      app.get('/redirect', (_request, reply) => reply.redirect('/fields', 303));
      app.get('/buffer', (_request, reply) => reply.send(Buffer.from([0, 255, 10])));
      app.get('/hijacked', (_request, reply) => {
        reply.hijack();
        reply.raw.end('hijacked');
      });
    },
    (port) => answers(port, get('/fields'), get('/redirect'), get('/buffer'), get('/hijacked')),
  ),
  program(
    'streams and web responses',
    (app) => {
      app.get('/stream', (_request, reply) =>
        reply.type('text/plain').send(Readable.from(['one ', 'two ', 'three'])),
      );
      app.get(
        '/response',
        async () => new Response('web', { status: 203, headers: { 'X-A': 'b' } }),
      );
      app.get('/failing', (_request, reply) => {
        async function* pieces() {
          yield 'begun ';
          throw new Error('broken');
        }
        reply.type('text/plain').send(Readable.from(pieces()));
      });
    },
    async (port) => answers(port, get('/stream'), get('/response')),
  ),
  program(
    'trailers',
    (app) => {
      app.get('/', (_request, reply) => {
        reply.trailer('X-Sum', async (_reply, payload) => String(payload.length));
        reply.send('content');
      });
    },
    (port) => answers(port, get('/', { TE: 'trailers' })),
  ),
  program(
    'requests that are malformed',
    (app) => void app.get('/', async () => 'ok'),
    async (port) => [
      await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n'),
      await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
    ],
  ),
];
