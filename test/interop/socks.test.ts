/** curl, proxychains and ncat through the proxy; dante and microsocks as proxies of the client. Debian's Twisted 22.4 cannot relay (`string.join`). */
import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MemoryChecker, Portal, socksAuthentication } from '../../src/cred/index.js';
import { HostnameEndpoint } from '../../src/index.js';
import { SocksClientEndpoint } from '../../src/protocols/socks/index.js';
import { startProxy } from '../protocols/socks/clients.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { Recorder } from '../support/recorder.js';
import { havePrograms, PeerFiles } from './peer-files.js';

const run = promisify(execFile);
const LIMIT = { timeout: 15_000 };
let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => {
  files.remove();
});

/** An HTTP server of Node that answers "reached". @returns Its port. */
async function target(rig: Rig): Promise<number> {
  const server = createServer((_request, response) => response.end('reached'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  rig.use({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  });
  return (server.address() as { port: number }).port;
}

/** Waits until a program accepts connections. */
async function accepting(program: PeerProgram, port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await (await RawPeer.connect(port))[Symbol.asyncDispose]();
      return;
    } catch (error) {
      if (Date.now() > deadline || !program.running) throw error;
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
  }
}

contract(
  'clients of others through the SOCKS proxy',
  (rig) => {
    it.skipIf(!havePrograms('curl')).each(['socks4', 'socks4a', 'socks5', 'socks5h'])(
      'serves curl by %s',
      async (scheme) => {
        const port = await target(rig);
        const proxy = startProxy(rig, { allow: ['127.0.0.0/8', '::1'] });
        const url = `http://localhost:${port}/`;
        const args = ['-sS', '-4', '-m', '10', '-x', `${scheme}://127.0.0.1:${proxy.port}`, url];
        expect((await run('curl', args, LIMIT)).stdout).toBe('reached');
        const named = scheme === 'socks4a' || scheme === 'socks5h' ? 'localhost' : '127.0.0.1';
        expect(proxy.served).toEqual([`${scheme[5]} connect ${named} -`]);
      },
    );

    it.skipIf(!havePrograms('curl'))(
      'serves curl with a password, and not with a wrong one',
      async () => {
        const port = await target(rig);
        const realm = { requestAvatar: (id: string) => ({ type: 'user', avatar: id }) };
        const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
        const proxy = startProxy(rig, { authenticate: socksAuthentication(portal) });
        const curl = (password: string): Promise<{ stdout: string }> => {
          const url = `http://127.0.0.1:${port}/`;
          const through = `socks5://alice:${password}@127.0.0.1:${proxy.port}`;
          return run('curl', ['-sS', '-m', '10', '-x', through, url], LIMIT);
        };
        expect((await curl('secret')).stdout).toBe('reached');
        await expect(curl('wrong')).rejects.toMatchObject({ code: 97 });
      },
    );

    it.skipIf(!havePrograms('curl'))('refuses curl a metadata service', async () => {
      const proxy = startProxy(rig, { allow: [] });
      const through = `socks5h://127.0.0.1:${proxy.port}`;
      const args = ['-sS', '-m', '10', '-x', through, 'http://169.254.169.254/latest/meta-data/'];
      await expect(run('curl', args, LIMIT)).rejects.toMatchObject({ code: 97 });
      expect(proxy.refusals).toEqual(['the address is not allowed: connect 169.254.169.254 80']);
    });

    it.skipIf(!havePrograms('curl', 'proxychains4'))(
      'serves a program under proxychains4',
      async () => {
        const port = await target(rig);
        const proxy = startProxy(rig);
        const config = files.path('proxychains.conf');
        writeFileSync(config, `strict_chain\n[ProxyList]\nsocks5 127.0.0.1 ${proxy.port}\n`);
        const curl = ['curl', '-sS', '-m', '10', `http://127.0.0.1:${port}/`];
        const { stdout } = await run('proxychains4', ['-q', '-f', config, ...curl], LIMIT);
        expect(stdout).toBe('reached');
        expect(proxy.served).toEqual(['5 connect 127.0.0.1 -']);
      },
    );

    it.skipIf(!havePrograms('ncat')).each(['socks4', 'socks5'])(
      'serves ncat by %s',
      async (type) => {
        const port = await target(rig);
        const proxy = startProxy(rig);
        const through = ['--proxy', `127.0.0.1:${proxy.port}`, '--proxy-type', type];
        const ncat = rig.use(new PeerProgram('ncat', [...through, '127.0.0.1', String(port)]));
        ncat.write('GET / HTTP/1.0\r\n\r\n');
        await ncat.until(() => ncat.stdout.includes('reached'), 'to receive the answer');
      },
    );
  },
  ONE_POLLER,
);

const DANTE = ['danted', 'sockd'].find((name) => havePrograms(name));

/** Fetches a page with the client endpoint. */
async function fetchThrough(
  rig: Rig,
  proxyPort: number,
  port: number,
  options: { version?: 4 | 5; username?: string; password?: string } = {},
): Promise<string> {
  const proxy = new HostnameEndpoint(rig.reactor, '127.0.0.1', proxyPort);
  const endpoint = new SocksClientEndpoint(proxy, '127.0.0.1', port, {
    clock: rig.reactor,
    ...options,
  });
  const protocol = await within(
    endpoint.connect(() => new Recorder()),
    'the proxy',
  );
  protocol.transport.write('GET / HTTP/1.0\r\n\r\n');
  await protocol.lost();
  return String(protocol.received).split('\r\n\r\n').at(-1) ?? '';
}

contract(
  'the SOCKS client through proxies of others',
  (rig) => {
    it.skipIf(!havePrograms('microsocks'))('uses microsocks, with a password', async () => {
      const [page, port] = [await target(rig), await closedPort()];
      const args = ['-i', '127.0.0.1', '-p', String(port), '-u', 'alice', '-P', 'secret'];
      const microsocks = rig.use(new PeerProgram('microsocks', args));
      await accepting(microsocks, port);
      const login = { username: 'alice', password: 'secret' };
      expect(await fetchThrough(rig, port, page, login)).toBe('reached');
      const wrong = fetchThrough(rig, port, page, { ...login, password: 'wrong' });
      await expect(wrong).rejects.toMatchObject({ code: 'ERR_SOCKS_AUTHENTICATION' });
    });

    it.skipIf(DANTE === undefined).each([4, 5] as const)(
      'uses dante by version %i',
      async (version) => {
        const [page, port] = [await target(rig), await closedPort()];
        const config = files.path('danted.conf');
        const rule = 'from: 127.0.0.0/8 to: 127.0.0.0/8';
        writeFileSync(
          config,
          `logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.unprivileged: nobody
client pass { ${rule} }
socks pass { ${rule} }
`,
        );
        chmodSync(config, 0o644);
        const dante = rig.use(new PeerProgram(DANTE as string, ['-f', config]));
        await accepting(dante, port);
        expect(await fetchThrough(rig, port, page, { version })).toBe('reached');
      },
    );
  },
  ONE_POLLER,
);
