/** The proxies between nginx, HAProxy, curl and a server of this package, on each reactor. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HTTPFactory, type HTTPHandler } from '../../../src/http/index.js';
import { HostnameEndpoint } from '../../../src/index.js';
import { Logger } from '../../../src/logger/index.js';
import { ForwardProxy, ReverseProxy } from '../../../src/web-proxy/index.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { closedPort, RawPeer } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { nginxHTTP, startHAProxy, startNginx } from '../fronts.js';
import { ALL_PIECES, curl, digest, type Facts, GREETING, serve } from '../http/rig.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);
const logger = new Logger({ namespace: 'web-proxy', observer: () => {} });

let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => files.remove());

/** Starts a proxy of another package for the server of a port. @returns Its port. */
type Other = (rig: Rig, port: number) => Promise<number>;

const OTHERS: Readonly<Record<string, Other>> = {
  async nginx(rig, target) {
    const port = await closedPort();
    const maps = `
      map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
      upstream app { server ${HOST}:${target}; keepalive 50; }`;
    const server = `listen ${HOST}:${port}; client_max_body_size 0;
      location / {
        proxy_pass http://app; proxy_http_version 1.1; proxy_request_buffering off; proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      }`;
    rig.use(await startNginx(files, nginxHTTP(files, server, maps)));
    return port;
  },
  haproxy: (rig, target) =>
    startHAProxy(rig, files, 'http', `${HOST}:${target}`, '', [
      'http-reuse always',
      'option forwardfor',
    ]),
};

function listen(rig: Rig, handler: HTTPHandler): number {
  const factory = new HTTPFactory(rig.reactor, handler, { maxContentBytes: 100_000_000 });
  return portOf(rig.reactor.listenTCP(0, factory, { interface: HOST }));
}

/** A reverse proxy for the server of a port. @returns Its port. */
function reverse(rig: Rig, port: number): number {
  const endpoint = new HostnameEndpoint(rig.reactor, HOST, port);
  const options = { trustedPeers: ['127.0.0.0/8'], logger };
  const proxy = rig.use(new ReverseProxy(rig.reactor, [{ endpoint }], options));
  return listen(rig, proxy.handler);
}

async function checkChain(port: number, proxies: number): Promise<void> {
  const origin = `http://${HOST}:${port}`;
  const paths = Array.from({ length: 20 }, (_, i) => `/?${i}`);
  const answers = await Promise.all(paths.map((path) => fetch(origin + path)));
  for (const answer of answers) expect(await answer.text()).toBe(GREETING);
  expect(await (await fetch(`${origin}/pieces`)).text()).toBe(ALL_PIECES);
  const echoed = await fetch(`${origin}/echo`, { method: 'POST', body: LARGE });
  expect(digest(await echoed.text())).toBe(digest(LARGE));
  const facts = (await (
    await fetch(`${origin}/facts`, { method: 'PUT', body: LARGE })
  ).json()) as Facts;
  expect(facts).toMatchObject({ method: 'PUT', length: LARGE.length, digest: digest(LARGE) });
  const fields = facts.fields
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-for')
    .map(([, value]) => value);
  expect(fields.join(', ').split(', ')).toEqual(Array.from({ length: proxies }, () => HOST));
  for (let i = 0; i < 2; i++) {
    const head = await fetch(origin, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(GREETING.length));
    expect((await fetch(`${origin}/empty`)).status).toBe(204);
    expect((await fetch(`${origin}/unknown`)).status).toBe(404);
  }
  await using peer = await RawPeer.connect(port);
  peer.write('GET /shout HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n');
  await peer.until(() => peer.text.endsWith('LOUD\n'), 'the greeting');
  peer.write('hemp');
  await peer.until(() => peer.text.endsWith('HEMP'), 'the echo');
  peer.end();
  await peer.untilGone();
}

describe.each(Object.entries(OTHERS))('with %s', (name, start) => {
  describe.skipIf(!havePrograms(name))('in front and behind', () => {
    contract(
      'a reverse proxy',
      (rig) => {
        it('passes everything on', async () => {
          await checkChain(await start(rig, reverse(rig, serve(rig).port)), 2);
        });

        it('has it as its backend', async () => {
          await checkChain(reverse(rig, await start(rig, serve(rig).port)), 2);
        });
      },
      ONE_POLLER,
    );
  });
});

describe.skipIf(!havePrograms('curl'))('with curl', () => {
  contract(
    'a proxy',
    (rig) => {
      it('serves requests in absolute form and tunnels', async () => {
        const { origin } = serve(rig);
        const options = {
          allow: ['127.0.0.0/8'],
          ports: 'any',
          tunnelPorts: 'any',
          logger,
        } as const;
        const proxy = rig.use(new ForwardProxy(rig.reactor, options));
        const through = [
          '-sS',
          '--noproxy',
          '',
          '-x',
          `http://${HOST}:${listen(rig, proxy.handler)}`,
        ];
        expect((await curl(...through, origin)).stdout).toBe(GREETING);
        expect((await curl(...through, '-p', origin)).stdout).toBe(GREETING);
        const file = files.write('large', LARGE);
        const upload = await curl(...through, '--data-binary', `@${file}`, `${origin}/echo`);
        expect(digest(upload.stdout)).toBe(digest(LARGE));
        const tunnelled = await curl(
          ...through,
          '-p',
          '--data-binary',
          `@${file}`,
          `${origin}/echo`,
        );
        expect(digest(tunnelled.stdout)).toBe(digest(LARGE));
      });

      it('refuses loopback by default', async () => {
        const { origin } = serve(rig);
        const options = { ports: 'any', tunnelPorts: 'any', logger } as const;
        const proxy = rig.use(new ForwardProxy(rig.reactor, options));
        const through = [
          '-sS',
          '--noproxy',
          '',
          '-x',
          `http://${HOST}:${listen(rig, proxy.handler)}`,
        ];
        expect((await curl(...through, origin)).stdout).toContain('403 Forbidden');
        expect((await curl(...through, '-p', origin)).stderr).toContain('403');
      });

      it('waits for the permission to send content, end to end', async () => {
        const port = reverse(rig, serve(rig).port);
        const file = files.write('large', LARGE);
        const url = `http://${HOST}:${port}/echo`;
        const { stdout, stderr } = await curl(
          '-sSv',
          '-T',
          file,
          '-H',
          'Expect: 100-continue',
          url,
        );
        expect(stderr).toContain('< HTTP/1.1 100 Continue');
        expect(digest(stdout)).toBe(digest(LARGE));
      });
    },
    ONE_POLLER,
  );
});
