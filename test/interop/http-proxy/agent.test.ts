/** The agent through proxies of others: tinyproxy, squid, microsocks and dante. */
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Agent, HTTPFactory } from '../../../src/http/index.js';
import { TLSServerContext, TLSServerFactory } from '../../../src/index.js';
import { selfSignedCertificate } from '../../../src/tls/index.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { PeerProgram } from '../../support/peers.js';
import { closedPort, RawPeer } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';

const LARGE = 'x'.repeat(3_000_000);
const DANTE = ['danted', 'sockd'].find((name) => havePrograms(name)) ?? 'danted';

let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => files.remove());

/** The program and arguments of a proxy that listens on `port` of 127.0.0.1. */
type Command = (port: number) => readonly [program: string, ...args: string[]];

function configured(name: string, lines: readonly string[]): string {
  const path = files.write(name, `${lines.join('\n')}\n`);
  chmodSync(path, 0o644);
  return path;
}

const tinyproxy: Command = (port) => [
  'tinyproxy',
  '-d',
  '-c',
  configured('tinyproxy.conf', [
    `Port ${port}`,
    `Listen ${HOST}`,
    'Timeout 60',
    `Allow ${HOST}`,
    'BasicAuth alice secret',
    'LogLevel Error',
  ]),
];

const squid: Command = (port) => [
  'squid',
  '-N',
  '-f',
  configured('squid.conf', [
    `http_port ${HOST}:${port}`,
    'http_access allow all',
    'cache deny all',
    'access_log none',
    'cache_log /dev/null',
    'pid_filename none',
    'netdb_filename none',
    'shutdown_lifetime 0 seconds',
    'visible_hostname squid.test',
  ]),
];

const microsocks: Command = (port) => [
  ...(['microsocks', '-i', HOST, '-p', String(port)] as const),
  ...['-u', 'alice', '-P', 'secret'],
];

const dante: Command = (port) => [
  DANTE,
  '-f',
  configured('danted.conf', [
    'logoutput: stderr',
    `internal: ${HOST} port = ${port}`,
    `external: ${HOST}`,
    'clientmethod: none',
    'socksmethod: none',
    'user.unprivileged: nobody',
    'client pass { from: 127.0.0.0/8 to: 127.0.0.0/8 }',
    'socks pass { from: 127.0.0.0/8 to: 127.0.0.0/8 }',
  ]),
];

/** Starts a proxy, and waits until it accepts connections. @returns Its port. */
async function start(rig: Rig, command: Command): Promise<number> {
  const port = await closedPort();
  const [name, ...args] = command(port);
  const program = rig.use(new PeerProgram(name, args));
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      await (await RawPeer.connect(port))[Symbol.asyncDispose]();
      return port;
    } catch (error) {
      if (Date.now() > deadline || !program.running) throw error;
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
  }
}

/** Servers of http: and https: that echo, and say whether credentials of a proxy have reached them. */
async function origins(
  rig: Rig,
): Promise<{ readonly bases: string[]; readonly trustRoots: never }> {
  const identity = await selfSignedCertificate();
  const factory = new HTTPFactory(
    rig.reactor,
    (request, response) => {
      response.setField('Leaked', request.field('proxy-authorization') ?? 'nothing');
      return response.sendFrom(request);
    },
    { maxContentBytes: LARGE.length },
  );
  const secure = new TLSServerFactory(new TLSServerContext({ identity }), factory);
  const [a, b] = [factory, secure].map((served) =>
    portOf(rig.reactor.listenTCP(0, served, { interface: HOST })),
  );
  return {
    bases: [`http://${HOST}:${a}`, `https://localhost:${b}`],
    trustRoots: identity.certificate as never,
  };
}

contract(
  'an agent',
  (rig) => {
    it.each([
      ['tinyproxy', 'http', tinyproxy, 'alice:secret@'],
      ['squid', 'http', squid, ''],
      ['microsocks', 'socks5', microsocks, 'alice:secret@'],
      [DANTE, 'socks4', dante, ''],
      [DANTE, 'socks5', dante, ''],
    ])('uses %s by %s', async (name, scheme, command, login) => {
      if (!havePrograms(name)) return console.warn(`skipped: ${name} is not installed`);
      const [port, { bases, trustRoots }] = [await start(rig, command), await origins(rig)];
      const proxy = `${scheme}://${login}${HOST}:${port}`;
      const agent = rig.use(new Agent(rig.reactor, { proxy, tls: { trustRoots } }));
      for (const base of bases) {
        for (const content of ['small', LARGE, '']) {
          // tinyproxy closes connections without announcing it: only idempotent requests are repeated.
          const answer = await agent.put(`${base}/echo`, { content });
          expect([answer.status, answer.field('leaked')]).toEqual([200, 'nothing']);
          expect((await answer.text()) === content).toBe(true);
        }
      }
    });

    it.skipIf(!havePrograms('tinyproxy'))(
      'is refused by tinyproxy with a wrong password',
      async () => {
        const port = await start(rig, tinyproxy);
        const agent = rig.use(
          new Agent(rig.reactor, { proxy: `http://alice:wrong@${HOST}:${port}` }),
        );
        const answer = await agent.get('http://127.0.0.1:9/');
        answer.discard();
        expect([401, 407]).toContain(answer.status);
        await expect(agent.get('https://127.0.0.1:9/').toPromise()).rejects.toMatchObject({
          code: 'ERR_HTTP_TUNNEL',
          proxyStatus: answer.status,
        });
      },
    );

    it.skipIf(!havePrograms('squid'))('learns from squid that a server refuses', async () => {
      const port = await start(rig, squid);
      const agent = rig.use(new Agent(rig.reactor, { proxy: `http://${HOST}:${port}` }));
      const closed = await closedPort();
      await expect(agent.get(`https://${HOST}:${closed}/`).toPromise()).rejects.toMatchObject({
        proxyStatus: 503,
        host: HOST,
        port: closed,
      });
    });
  },
  ONE_POLLER,
);
