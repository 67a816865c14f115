/** nginx and HAProxy in front of the HTTP server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProxyProtocolFactory } from '../../../src/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { closedPort, RawPeer } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { nginxHTTP, STREAM_MODULE, startHAProxy, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import {
  ALL_PIECES,
  type CountingFactory,
  digest,
  type Facts,
  GREETING,
  type ServedHTTP,
  serve,
} from './rig.js';

let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => files.remove());

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);

/** Starts a proxy for a server. @returns Its port. */
type Front = (rig: Rig, served: ServedHTTP) => Promise<number>;

const FRONTS: Readonly<Record<string, Front>> = {
  async nginx(rig, served) {
    const port = await closedPort();
    const maps = `
      map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
      upstream app { server ${HOST}:${served.port}; keepalive 50; }`;
    const server = `
      listen ${HOST}:${port};
      client_max_body_size 0;
      location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Forwarded-For $remote_addr;
      }`;
    rig.use(await startNginx(files, nginxHTTP(files, server, maps)));
    return port;
  },
  haproxy: (rig, served) => {
    const more = ['http-reuse always', 'option forwardfor'];
    return startHAProxy(rig, files, 'http', `${HOST}:${served.port}`, '', more);
  },
};

describe.each(Object.entries(FRONTS))('with %s in front', (name, start) => {
  describe.skipIf(!havePrograms(name))('over kept connections', () => {
    contract(
      'an HTTP server',
      (rig) => {
        async function front(served = serve(rig)): Promise<ServedHTTP> {
          const port = await start(rig, served);
          return { ...served, port, origin: `http://${HOST}:${port}` };
        }

        it('answers many clients over few connections', async () => {
          const { origin, factory } = await front();
          const paths = Array.from({ length: 40 }, (_, i) => `/?${i}`);
          for (let round = 0; round < 5; round++) {
            const answers = await Promise.all(paths.map((path) => fetch(origin + path)));
            for (const answer of answers) expect(await answer.text()).toBe(GREETING);
          }
          expect(factory.requests).toBe(200);
          expect(factory.made).toBeLessThanOrEqual(60);
        });

        it('passes chunked content and content with a length in both directions', async () => {
          const { origin, port } = await front();
          expect(await (await fetch(`${origin}/pieces`)).text()).toBe(ALL_PIECES);
          const echoed = await fetch(`${origin}/echo`, { method: 'POST', body: LARGE });
          expect(digest(await echoed.text())).toBe(digest(LARGE));
          async function* pieces(): AsyncGenerator<Uint8Array> {
            for (let at = 0; at < LARGE.length; at += 100_000) {
              yield Buffer.from(LARGE.slice(at, at + 100_000));
            }
          }
          const chunked = await fetch(`${origin}/facts`, {
            method: 'PUT',
            body: pieces(),
            duplex: 'half',
          } as RequestInit);
          const facts = (await chunked.json()) as Facts;
          expect(facts).toMatchObject({
            ...{ method: 'PUT', length: LARGE.length, digest: digest(LARGE) },
            host: `${HOST}:${port}`,
          });
          const fields = new Map(
            facts.fields.map(([field, value]) => [field.toLowerCase(), value]),
          );
          expect(fields.get('x-forwarded-for')).toBe(HOST);
        });

        it('answers HEAD, 204 and 404, after which the connection is kept', async () => {
          const { origin, factory } = await front();
          for (let i = 0; i < 5; i++) {
            const head = await fetch(origin, { method: 'HEAD' });
            expect(head.headers.get('content-length')).toBe(String(GREETING.length));
            expect((await fetch(`${origin}/empty`)).status).toBe(204);
            const unknown = await fetch(`${origin}/unknown`);
            expect([unknown.status, await unknown.text()]).toEqual([404, 'none']);
          }
          expect(factory.made).toBeLessThanOrEqual(2);
        });

        it('gives a connection to another protocol', async () => {
          const { port, factory } = await front();
          await using peer = await RawPeer.connect(port);
          const fields = 'Connection: Upgrade\r\nUpgrade: shout\r\n';
          peer.write(`GET /shout HTTP/1.1\r\nHost: app\r\n${fields}\r\n`);
          await peer.until(() => peer.text.endsWith('LOUD\n'), 'the greeting');
          expect(peer.text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
          expect(peer.text).toMatch(/^upgrade: shout\r\n/im);
          peer.write('hemp');
          await peer.until(() => peer.text.endsWith('HEMP'), 'the echo');
          peer.end();
          await peer.untilGone();
          expect(factory.requests).toBe(1);
        });

        it('closes its connection after an answer that was refused early', async () => {
          const { origin } = await front(serve(rig, { maxContentBytes: 1000 }));
          const refused = await fetch(`${origin}/facts`, {
            method: 'POST',
            body: 'x'.repeat(2000),
          });
          expect(refused.status).toBe(413);
          expect(await (await fetch(origin)).text()).toBe(GREETING);
        });
      },
      ONE_POLLER,
    );
  });
});

/** The server behind a proxy that sends the PROXY header. */
function behindProxy(rig: Rig): ServedHTTP {
  const options = { clock: rig.reactor, trustedPeers: [HOST] };
  return serve(rig, {}, undefined, (factory: CountingFactory) => {
    return new ProxyProtocolFactory(factory, options);
  });
}

async function expectOwnAddress(port: number): Promise<void> {
  await using peer = await RawPeer.connect(port);
  peer.write(`GET /facts HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n`);
  await peer.untilEnded();
  expect(peer.text).toContain(`"peer":"${HOST}:${peer.localPort}"`);
}

describe('with the PROXY protocol', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it.skipIf(!havePrograms('haproxy')).each(['send-proxy', 'send-proxy-v2'])(
        'has the client’s address behind haproxy: %s',
        async (option) => {
          const { port } = behindProxy(rig);
          const server = `${HOST}:${port} ${option}`;
          await expectOwnAddress(await startHAProxy(rig, files, 'http', server));
        },
      );

      it.skipIf(!havePrograms('haproxy'))('is checked by haproxy with OPTIONS', async () => {
        const seen: string[] = [];
        let checked = (): void => {};
        const twice = new Promise<void>((resolve) => {
          checked = resolve;
        });
        const { port } = serve(rig, {}, (request, response) => {
          seen.push(`${request.method} ${request.target} HTTP/${request.version}`);
          response.send();
          if (seen.length === 2) checked();
        });
        const server = `${HOST}:${port} check inter 20ms`;
        await startHAProxy(rig, files, 'http', server, '', ['option httpchk']);
        await twice;
        expect(seen).toEqual(['OPTIONS / HTTP/1.0', 'OPTIONS / HTTP/1.0']);
      });

      it.skipIf(!havePrograms('nginx', STREAM_MODULE))(
        'has the client’s address behind nginx',
        async () => {
          const { port } = behindProxy(rig);
          const front = await closedPort();
          const server = `listen ${HOST}:${front}; proxy_pass ${HOST}:${port}; proxy_protocol on;`;
          rig.use(await startNginx(files, `stream { server { ${server} } }`));
          await expectOwnAddress(front);
        },
      );
    },
    ONE_POLLER,
  );
});
