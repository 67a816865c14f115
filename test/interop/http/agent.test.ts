/** The agent as a client of HTTP servers of others. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createGzip } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Agent } from '../../../src/http/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';
import { closedPort } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { nginxHTTP, startHAProxy, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { ALL_PIECES, GREETING, serve, TEXT } from './rig.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);
const APACHE_MODULES = '/usr/lib/apache2/modules';

const files = new PeerFiles();
afterAll(() => files.remove());
files.write('large.txt', LARGE);
files.write('large.css', LARGE);

function agentOf(rig: Rig, baseURL: string): Agent {
  return rig.use(new Agent(rig.reactor, { baseURL }));
}

/** Ten pieces without an announced length. */
async function* pieces(): AsyncGenerator<string> {
  for (let at = 0; at < LARGE.length; at += LARGE.length / 10) {
    yield LARGE.slice(at, at + LARGE.length / 10);
  }
}

/** A static file of any server: whole, in parts, unchanged, and without content. */
async function expectFile(agent: Agent, path: string): Promise<void> {
  expect(await agent.get(path).text()).toBe(LARGE);
  const head = await agent.head(path);
  expect([head.status, head.contentLength, await head.text()]).toEqual([200, LARGE.length, '']);
  const since = { 'If-Modified-Since': head.field('last-modified') ?? '' };
  const unchanged = await agent.get(path, { fields: since });
  expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
  const missing = await agent.get(`${path}.none`);
  expect(missing.status).toBe(404);
  await missing.drain();
  expect(await agent.get(path).text()).toBe(LARGE);
}

async function expectParts(agent: Agent, path: string): Promise<void> {
  const part = await agent.get(path, { fields: { Range: 'bytes=6-9' } });
  expect([part.status, await part.text()]).toEqual([206, 'flax']);
  expect(part.field('content-range')).toBe(`bytes 6-9/${LARGE.length}`);
  const several = await agent.get(path, { fields: { Range: 'bytes=0-3,6-9' } });
  expect(several.field('content-type')).toMatch(/^multipart\/byteranges; *boundary=/);
  expect(await several.text()).toContain('\r\n\r\nflax\r\n');
  const beyond = await agent.get(path, { fields: { Range: 'bytes=9000000-' } });
  expect(beyond.status).toBe(416);
  beyond.discard();
}

/** Content that is sent back: whole, and in pieces with and without a length. */
async function expectEcho(agent: Agent, path: string): Promise<void> {
  expect(await agent.post(path, { content: LARGE }).text()).toBe(LARGE);
  expect(await agent.post(path, { content: pieces() }).text()).toBe(LARGE);
  const announced = { content: pieces(), contentLength: LARGE.length };
  expect(await agent.post(path, announced).text()).toBe(LARGE);
  expect(await agent.post(path, { content: LARGE, continueTimeoutMs: 5_000 }).text()).toBe(LARGE);
  expect(await agent.post(path, { content: '' }).text()).toBe('');
}

async function many(agent: Agent, path: string): Promise<string[]> {
  return Promise.all(Array.from({ length: 100 }, (_, i) => agent.get(`${path}?${i}`).text()));
}

const TARGETS = Array.from({ length: 100 }, (_, i) => i);

describe.skipIf(!havePrograms('nginx'))('nginx', () => {
  contract(
    'as a server of the agent',
    (rig) => {
      it('sends files, parts and codings, and passes content on', async () => {
        const port = await closedPort();
        const app = serve(rig);
        const server = `
          listen ${HOST}:${port};
          root ${files.folder};
          client_max_body_size 0;
          keepalive_requests 30;
          gzip on; gzip_types text/plain; gzip_proxied any; gzip_http_version 1.1;
          location = /plain.txt { alias ${files.path('large.txt')}; gzip off; }
          location = /pieces { proxy_pass ${app.origin}; proxy_http_version 1.1; }
          location = /echo { proxy_pass ${app.origin}; proxy_http_version 1.1; }
          location = /moved { return 307 /echo; }
          location = /none { return 204; }
          location /count { return 200 $request_uri; }`;
        rig.use(await startNginx(files, nginxHTTP(files, server)));
        const agent = agentOf(rig, `http://${HOST}:${port}`);
        await expectFile(agent, '/plain.txt');
        await expectParts(agent, '/plain.txt');
        await expectEcho(agent, '/echo');
        const coded = await agent.get('/large.txt');
        expect([coded.field('content-encoding'), await coded.text()]).toEqual(['gzip', LARGE]);
        expect(await agent.get('/pieces').text()).toBe(ALL_PIECES);
        const moved = await agent.post('/moved', { content: 'again' });
        expect([await moved.text(), moved.url]).toEqual(['again', `http://${HOST}:${port}/echo`]);
        expect((await agent.get('/none')).status).toBe(204);
        // nginx announces the end of each connection after 30 requests.
        expect(await many(agent, '/count')).toEqual(TARGETS.map((i) => `/count?${i}`));
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('haproxy'))('HAProxy', () => {
  contract(
    'in front of a server of the agent',
    (rig) => {
      it('passes content, chunks, trailers and hints on, and answers for a server that is gone', async () => {
        const app = serve(rig);
        const port = await startHAProxy(rig, files, 'http', `${HOST}:${app.port}`, '', [
          'http-reuse always',
        ]);
        const agent = agentOf(rig, `http://${HOST}:${port}`);
        await expectEcho(agent, '/echo');
        expect(await agent.get('/pieces').text()).toBe(ALL_PIECES);
        const trailing = await agent.get('/trailers');
        expect(await trailing.text()).toBe('content');
        expect(trailing.trailers?.field('sum')).toBe('42');
        const hints: number[] = [];
        const onInformational = ({ status }: { status: number }): void => void hints.push(status);
        expect(await agent.get('/hints', { onInformational }).text()).toBe('hinted');
        expect(hints).toEqual([103]);
        expect(await many(agent, '/')).toEqual(TARGETS.map(() => GREETING));
        const lost = await startHAProxy(rig, files, 'http', `${HOST}:${await closedPort()}`, '', [
          'retries 0',
        ]);
        const refused = await agentOf(rig, `http://${HOST}:${lost}`).get('/');
        expect(refused.status).toBe(503);
        refused.discard();
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('python3'))('http.server of Python', () => {
  contract(
    'as a server of the agent',
    (rig) => {
      it('sends files, in HTTP/1.0 and in HTTP/1.1', async () => {
        for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
          const args = ['-u', '-m', 'http.server', '0', '--bind', HOST, '--protocol', version];
          const server = rig.use(
            new PeerProgram('python3', [...args, '--directory', files.folder]),
          );
          await server.until(() => /port \d+ .*\n/.test(server.stdout), 'to listen');
          const port = /port (\d+)/.exec(server.stdout)?.[1];
          const agent = agentOf(rig, `http://${HOST}:${port}`);
          await expectFile(agent, '/large.txt');
          expect(agent.counts.idle).toBe(version === 'HTTP/1.0' ? 0 : 1);
          const posted = await agent.post('/', { content: 'content' });
          expect(posted.status).toBe(501);
          posted.discard();
          await agent.close();
        }
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(TWISTED_PYTHON === undefined)('Twisted’s web server', () => {
  contract(
    'as a server of the agent',
    (rig) => {
      it('sends files and parts, and receives content', async () => {
        const server = rig.use(await PeerProgram.python('twisted_web', 'serve', files.folder));
        const agent = agentOf(rig, `http://${HOST}:${/ready (\d+)/.exec(server.stdout)?.[1]}`);
        await expectFile(agent, '/files/large.txt');
        await expectParts(agent, '/files/large.txt');
        await expectEcho(agent, '/echo');
        const numbers = Array.from({ length: 20 }, (_, i) => `${i}.`.repeat(1000));
        expect(await agent.get('/pieces').text()).toBe(numbers.join(''));
        expect((await agent.get('/empty')).status).toBe(204);
        await expect(agent.get('/cut').text().toPromise()).rejects.toMatchObject({
          code: 'ERR_INCOMPLETE_HTTP_MESSAGE',
        });
        expect(await many(agent, '/method')).toEqual(
          TARGETS.map((i) => `GET /method?${i} HTTP/1.1`),
        );
      });
    },
    ONE_POLLER,
  );
});

describe('node:http', () => {
  contract(
    'as a server of the agent',
    (rig) => {
      async function listen(keepAliveTimeout: number, answer: RequestListener): Promise<string> {
        const server = createServer({ keepAliveTimeout }, answer).listen(0, HOST);
        await once(server, 'listening');
        rig.use({
          async [Symbol.asyncDispose]() {
            server.closeAllConnections();
            server.close();
            await once(server, 'close');
          },
        });
        return `http://${HOST}:${(server.address() as { port: number }).port}`;
      }

      it('sends codings, trailers and hints, and receives content', async () => {
        const base = await listen(5_000, (request, response) => {
          if (request.url === '/coded') {
            response.writeHead(200, { 'Content-Encoding': 'gzip' });
            const gzip = createGzip();
            gzip.pipe(response);
            gzip.end(TEXT);
          } else if (request.url === '/trailers') {
            response.writeEarlyHints({ link: '</a>; rel=preload' });
            response.writeHead(200, { Trailer: 'Sum' });
            response.write('content');
            response.addTrailers({ Sum: '42' });
            response.end();
          } else request.pipe(response);
        });
        const agent = agentOf(rig, base);
        await expectEcho(agent, '/echo');
        expect(await agent.get('/coded').text()).toBe(TEXT);
        const statuses: number[] = [];
        const answer = await agent.get('/trailers', {
          onInformational: ({ status }) => void statuses.push(status),
        });
        expect([statuses, await answer.text()]).toEqual([[103], 'content']);
        expect(answer.trailers?.field('sum')).toBe('42');
        expect(agent.counts).toMatchObject({ connections: 1, idle: 1 });
      });

      it('may close a kept connection at any moment: idempotent requests are sent again', async () => {
        const base = await listen(1, (request, response) => void response.end(request.url));
        const agent = agentOf(rig, base);
        for (let i = 0; i < 200; i++) {
          expect(await agent.get(`/${i}`).text()).toBe(`/${i}`);
          if (i % 4 !== 0) continue;
          await new Promise<void>((resolve) => void rig.reactor.callLater(i % 5, resolve));
        }
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('apache2'))('Apache', () => {
  contract(
    'as a server of the agent',
    (rig) => {
      it('sends files, parts and codings', async () => {
        const port = await closedPort();
        const modules = ['mpm_event', 'authz_core', 'mime', 'filter', 'deflate'];
        const config = [
          ...modules.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`),
          `Listen ${HOST}:${port}`,
          'ServerName localhost',
          `ServerRoot ${files.folder}`,
          `DocumentRoot ${files.folder}`,
          `PidFile ${files.path('apache.pid')}`,
          `TypesConfig ${files.write('types', 'text/plain txt\ntext/css css\n')}`,
          'AddOutputFilterByType DEFLATE text/css',
          'MaxKeepAliveRequests 30',
          'User daemon',
          'Group daemon',
          'ErrorLog "|$cat >&2"',
          'LogLevel notice',
        ];
        // Apache started by root serves as another user.
        chmodSync(files.folder, 0o755);
        const file = files.write('apache.conf', `${config.join('\n')}\n`);
        rig.use(new PeerProgram('apache2', ['-X', '-f', file]));
        const often = { retries: 100, retryDelayMs: 50, maxRetryDelayMs: 50 };
        const agent = rig.use(
          new Agent(rig.reactor, { baseURL: `http://${HOST}:${port}`, ...often }),
        );
        await expectFile(agent, '/large.txt');
        await expectParts(agent, '/large.txt');
        const coded = await agent.get('/large.css');
        expect([coded.field('content-encoding'), await coded.text()]).toEqual(['gzip', LARGE]);
        const texts = await many(agent, '/large.css');
        expect(texts.every((text) => text === LARGE)).toBe(true);
      });
    },
    ONE_POLLER,
  );
});
