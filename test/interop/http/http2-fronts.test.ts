/** nginx and HAProxy between HTTP/2 and the server, which speaks HTTP/2 or HTTP/1.1 to them; their client is the agent. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Agent, type AgentOptions, type HTTPHandler } from '../../../src/http/index.js';
import { listenTLS } from '../../../src/tls/index.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { latch, within } from '../../support/deadline.js';
import { closedPort, RawPeer } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { authority, identity, serverContext } from '../../tls/secured.js';
import { nginxHTTP, startHAProxy, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { ALL_PIECES, answer, CountingFactory, curl, digest, type Facts, GREETING } from './rig.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);
const MANY = 200;

let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => files.remove());

interface Backend {
  readonly factory: CountingFactory;
  readonly port: number;
  /** The versions of the requests. */
  readonly versions: Set<string>;
}

function backend(rig: Rig, secure: boolean, handler: HTTPHandler = answer): Backend {
  const versions = new Set<string>();
  const counted: HTTPHandler = (request, response) => {
    versions.add(request.version);
    return handler(request, response);
  };
  const factory = new CountingFactory(rig, counted, { maxContentBytes: 100_000_000 });
  const listening = secure
    ? listenTLS(rig.reactor, 0, factory, serverContext({ identity }), { interface: HOST })
    : rig.reactor.listenTCP(0, factory, { interface: HOST });
  return { factory, port: portOf(listening), versions };
}

function agentOf(rig: Rig, port: number, secure: boolean): Agent {
  const options: AgentOptions = secure
    ? { tls: { trustRoots: authority.certificate } }
    : { http2: 'prior-knowledge' };
  const baseURL = `${secure ? 'https' : 'http'}://${HOST}:${port}`;
  return rig.use(new Agent(rig.reactor, { baseURL, ...options }));
}

/** What a front leaves out. */
type Without = 'trailers' | 'length of HEAD';

async function expectUsual(agent: Agent, without?: Without): Promise<void> {
  const all = Array.from({ length: MANY }, async (_, at) => {
    const response = await agent.get(`/?${at}`);
    expect([response.version, response.status, await response.text()]).toEqual([
      '2.0',
      200,
      GREETING,
    ]);
  });
  await within(Promise.all(all), 'all answers', 20_000);
  const [facts, echoed, pieces] = await Promise.all([
    agent.put('/facts', { content: LARGE }).json() as PromiseLike<Facts>,
    agent.post('/echo', { content: LARGE }).text(),
    agent.get('/pieces').text(),
  ]);
  expect(facts).toMatchObject({ method: 'PUT', digest: digest(LARGE) });
  expect(digest(echoed)).toBe(digest(LARGE));
  expect(pieces).toBe(ALL_PIECES);
  const head = await agent.head('/');
  expect(await head.text()).toBe('');
  expect(head.contentLength).toBe(without === 'length of HEAD' ? 0 : GREETING.length);
  expect((await agent.get('/empty')).status).toBe(204);
  const unknown = await agent.get('/unknown');
  expect([unknown.status, await unknown.text()]).toEqual([404, 'none']);
  const trailed = await agent.get('/trailers');
  expect(await trailed.text()).toBe('content');
  if (without !== 'trailers') expect(trailed.trailers?.field('sum')).toBe('42');
}

describe.skipIf(!havePrograms('haproxy'))('HAProxy', () => {
  contract(
    'in front of an HTTP server',
    (rig) => {
      it.each([
        ['h2c', 'proto h2', false],
        ['HTTP/2 over TLS', 'ssl verify none alpn h2', true],
      ])('speaks %s to it, and HTTP/2 to clients', async (_what, options, secure) => {
        const { port, versions, factory } = backend(rig, secure);
        const pem = files.identity('front', identity);
        const front = await startHAProxy(
          ...([rig, files, 'http' as const, `${HOST}:${port} ${options}`] as const),
          `ssl crt ${pem} alpn h2`,
          ['http-reuse always'],
        );
        await expectUsual(agentOf(rig, front, true));
        expect([...versions]).toEqual(['2.0']);
        expect(factory.requests).toBe(MANY + 7);
      });

      it('speaks HTTP/1.1 to it, and h2c to clients', async () => {
        const { port, versions } = backend(rig, false);
        const front = await startHAProxy(rig, files, 'http', `${HOST}:${port}`, 'proto h2');
        await expectUsual(agentOf(rig, front, false));
        expect([...versions]).toEqual(['1.1']);
      });

      it('loses no request when the server behind it drains', async () => {
        const held = latch();
        const begun = latch();
        const { port, factory } = backend(rig, false, async (request, response) => {
          if (request.path === '/held') {
            begun.open();
            await held.promise;
          }
          response.send(GREETING);
        });
        const front = await startHAProxy(
          rig,
          files,
          'http',
          `${HOST}:${port} proto h2`,
          'proto h2',
        );
        const agent = agentOf(rig, front, false);
        const answered = agent.get('/held').text();
        await within(begun.promise, 'the request');
        const drained = factory.drain();
        held.open();
        expect(await answered).toBe(GREETING);
        await within(drained, 'the drain');
        expect(factory.connections).toBe(0);
      });

      it('passes trailers of requests', async () => {
        const { port } = backend(rig, false);
        const front = await startHAProxy(rig, files, 'http', `${HOST}:${port} proto h2`);
        await using peer = await RawPeer.connect(front);
        const head = 'POST /facts HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n';
        peer.write(`${head}Connection: close\r\n\r\n3\r\nabc\r\n0\r\nSum: 6\r\n\r\n`);
        await peer.untilGone();
        expect(peer.text).toMatch(/^HTTP\/1\.1 200 /);
        expect(peer.text).toContain('"trailers":[["sum","6"]]');
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('nginx'))('nginx', () => {
  contract(
    'in front of an HTTP server',
    (rig) => {
      it('speaks h2c to it by grpc_pass, with trailers', async () => {
        const { port, versions, factory } = backend(rig, false);
        const front = await closedPort();
        const server = `
          listen ${HOST}:${front} http2;
          client_max_body_size 0;
          location / { grpc_pass grpc://app; }`;
        const maps = `upstream app { server ${HOST}:${port}; keepalive 10; }`;
        rig.use(await startNginx(files, nginxHTTP(files, server, maps)));
        await expectUsual(agentOf(rig, front, false), 'length of HEAD');
        expect([...versions]).toEqual(['2.0']);
        expect(factory.requests).toBe(MANY + 7);
      });

      it('speaks HTTP/2 over TLS to it by grpc_pass', async () => {
        const { port, versions } = backend(rig, true);
        const front = await closedPort();
        const server = `
          listen ${HOST}:${front} http2;
          client_max_body_size 0;
          location / { grpc_pass grpcs://${HOST}:${port}; }`;
        rig.use(await startNginx(files, nginxHTTP(files, server)));
        await expectUsual(agentOf(rig, front, false), 'length of HEAD');
        expect([...versions]).toEqual(['2.0']);
      });

      it('speaks HTTP/1.1 to it, and HTTP/2 to clients', async () => {
        const { port, versions } = backend(rig, false);
        const pem = files.identity('front', identity);
        const front = await closedPort();
        const server = `
          listen ${HOST}:${front} ssl http2;
          ssl_certificate ${pem};
          ssl_certificate_key ${pem};
          client_max_body_size 0;
          location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ''; }`;
        const maps = `upstream app { server ${HOST}:${port}; keepalive 10; }`;
        rig.use(await startNginx(files, nginxHTTP(files, server, maps)));
        // nginx drops the trailers of HTTP/1.1.
        await expectUsual(agentOf(rig, front, true), 'trailers');
        expect([...versions]).toEqual(['1.1']);
        const { stdout } = await curl('--insecure', '--http2', `https://${HOST}:${front}/?[1-5]`);
        expect(stdout).toBe(GREETING.repeat(5));
      });
    },
    ONE_POLLER,
  );
});
