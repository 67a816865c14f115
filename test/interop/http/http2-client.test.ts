/** Servers of HTTP/2 of others, asked by the agent. Those of Node are asked in test/http/agent. */
import { afterAll, expect, it } from 'vitest';
import { Agent, type AgentOptions } from '../../../src/http/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';
import { hasPython, PeerProgram } from '../../support/peers.js';
import { closedPort } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { authority, identity } from '../../tls/secured.js';
import { nginxHTTP, startHAProxy, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { serve } from './rig.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);
const COUNT = 300;

const files = new PeerFiles();
afterAll(() => files.remove());
files.write('large.txt', LARGE);
for (let at = 0; at < 10; at++) files.write(`${at}.txt`, `file ${at}`);
const pem = files.identity('server', identity);

const PRIOR: AgentOptions = { http2: 'prior-knowledge' };
const TLS: AgentOptions = { tls: { trustRoots: authority.certificate } };

function agentOf(rig: Rig, scheme: 'http' | 'https', port: number, more: AgentOptions = {}): Agent {
  const how = scheme === 'http' ? PRIOR : TLS;
  return rig.use(
    new Agent(rig.reactor, { baseURL: `${scheme}://${HOST}:${port}`, ...how, ...more }),
  );
}

/** Many requests at a time. Each has an answer of its own. */
async function getMany(
  agent: Agent,
  textOf: (at: number) => [path: string, text: string],
): Promise<void> {
  const all = Array.from({ length: COUNT }, async (_, at) => {
    const [path, text] = textOf(at);
    const response = await agent.get(path);
    expect([response.version, response.status, await response.text()]).toEqual(['2.0', 200, text]);
  });
  await within(Promise.all(all), 'all answers', 20_000);
}

contract(
  'an agent over HTTP/2',
  (rig) => {
    it.skipIf(!havePrograms('nghttpd'))('asks nghttpd', async () => {
      for (const scheme of ['http', 'https'] as const) {
        const port = await closedPort();
        const how = scheme === 'http' ? ['--no-tls', String(port)] : [String(port), pem, pem];
        const options = ['-v', '-a', HOST, '-m', '30', '--echo-upload', '-d', files.folder];
        const nghttpd = rig.use(new PeerProgram('nghttpd', [...options, ...how]));
        await nghttpd.until(() => /: listen .*\n/.test(nghttpd.stdout), 'to listen');
        const agent = agentOf(rig, scheme, port);
        await getMany(agent, (at) => [`/${at % 10}.txt?${at}`, `file ${at % 10}`]);
        expect((await agent.get('/large.txt').text()).length).toBe(LARGE.length);
        expect(await agent.post('/echo', { content: LARGE }).text()).toBe(LARGE);
        const head = await agent.head('/large.txt');
        expect([head.contentLength, await head.text()]).toEqual([LARGE.length, '']);
        const none = await agent.get('/none');
        none.discard();
        expect(none.status).toBe(404);
      }
    });

    it.skipIf(!havePrograms('nginx'))(
      'asks nginx, which ends connections after some requests',
      async () => {
        const port = await closedPort();
        const app = serve(rig);
        const server = `
        listen ${HOST}:${port} ssl http2;
        ssl_certificate ${pem};
        ssl_certificate_key ${pem};
        keepalive_requests 25;
        client_max_body_size 0;
        root ${files.folder};
        location = /echo { proxy_pass ${app.origin}; proxy_http_version 1.1; }`;
        rig.use(await startNginx(files, nginxHTTP(files, server)));
        const agent = agentOf(rig, 'https', port, { http2Limits: { maxResends: 50 } });
        await getMany(agent, (at) => [`/${at % 10}.txt`, `file ${at % 10}`]);
        for (let at = 0; at < 60; at++) {
          expect(await agent.post('/echo', { content: String(at) }).text()).toBe(String(at));
        }
        expect(await agent.post('/echo', { content: LARGE }).text()).toBe(LARGE);
        expect((await agent.get('/large.txt').text()).length).toBe(LARGE.length);
        const old = agentOf(rig, 'https', port, { http2: false });
        const response = await old.get('/1.txt');
        expect([response.version, await response.text()]).toEqual(['1.1', 'file 1']);
      },
    );

    it.skipIf(!havePrograms('haproxy'))('asks HAProxy', async () => {
      const app = serve(rig);
      const bind = `ssl crt ${pem} alpn h2,http/1.1`;
      const port = await startHAProxy(rig, files, 'http', `${HOST}:${app.port}`, bind);
      const agent = agentOf(rig, 'https', port);
      await getMany(agent, () => ['/', 'Hello, World!']);
      expect(await agent.put('/echo', { content: LARGE }).text()).toBe(LARGE);
      const trailed = await agent.get('/trailers');
      expect([await trailed.text(), trailed.trailers?.field('sum')]).toEqual(['content', '42']);
      const hinted = await agent.get('/hints');
      expect(await hinted.text()).toBe('hinted');
    });

    it.skipIf(!hasPython('h2'))(
      'asks a server of the Python package h2, which refuses streams',
      async () => {
        const server = rig.use(await PeerProgram.python('http2_servers', 'h2', '7'));
        const agent = agentOf(rig, 'http', Number(/ready (\d+)/.exec(server.stdout)?.[1]));
        await getMany(agent, (at) => [`/${at}`, `GET /${at}`]);
        const echoed = await agent.post('/echo', { content: LARGE });
        expect([await echoed.text(), echoed.trailers?.field('x-end')]).toEqual([LARGE, 'yes']);
        expect(agent.counts).toMatchObject({ queued: 0, streams: 0 });
      },
    );

    it.skipIf(!hasPython('h2'))(
      'asks a server of the Python package h2 that has small windows and ends its connections',
      async () => {
        const server = rig.use(await PeerProgram.python('http2_servers', 'h2', '0', '25', '1000'));
        const port = Number(/ready (\d+)/.exec(server.stdout)?.[1]);
        const agent = agentOf(rig, 'http', port, { http2Limits: { maxResends: 50 } });
        await getMany(agent, (at) => [`/${at}`, `GET /${at}`]);
        const content = LARGE.slice(0, 200_000);
        const echoes = Array.from({ length: 4 }, async () => {
          const response = await agent.put('/echo', { content });
          return [await response.text(), response.trailers?.field('x-end')];
        });
        for (const echo of await within(Promise.all(echoes), 'the echoes', 20_000)) {
          expect(echo).toEqual([content, 'yes']);
        }
        expect(agent.counts).toMatchObject({ queued: 0, streams: 0 });
      },
    );

    it.skipIf(!havePrograms('haproxy'))('sends trailers through HAProxy', async () => {
      const app = serve(rig);
      const backend = `${HOST}:${app.port} proto h2`;
      const port = await startHAProxy(rig, files, 'http', backend, 'proto h2');
      const agent = agentOf(rig, 'http', port);
      const content = (async function* () {
        for (const piece of ['hemp, ', 'flax']) yield Buffer.from(piece);
      })();
      const trailers = () => ({ Sum: '42' });
      const facts = await agent.put('/facts', { content, trailers }).json();
      const seen = { version: '2.0', length: 10, trailers: [['sum', '42']] };
      expect(facts).toMatchObject(seen);
    });

    it.skipIf(!hasPython('h2, twisted.web, OpenSSL'))('asks Twisted', async () => {
      const server = rig.use(await PeerProgram.python('http2_servers', 'twisted', pem));
      const agent = agentOf(rig, 'https', Number(/ready (\d+)/.exec(server.stdout)?.[1]));
      await getMany(agent, (at) => [`/${at}`, `GET /${at}`]);
      expect(await agent.post('/echo', { content: LARGE }).text()).toBe(LARGE);
      const none = await agent.head('/none');
      expect(none.status).toBe(200);
    });
  },
  ONE_POLLER,
);
