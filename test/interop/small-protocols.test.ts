/** The small protocols with programs of others: Debian's finger and fingerd, and Twisted. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Protocol } from '../../src/core/protocol.js';
import { TCPClientEndpoint } from '../../src/endpoints/tcp.js';
import { FingerServerFactory, finger } from '../../src/protocols/finger/index.js';
import {
  IdentServerFactory,
  type IdentUser,
  ident,
  identOf,
} from '../../src/protocols/ident/index.js';
import { TableLookupError, TableServerFactory } from '../../src/protocols/postfix/index.js';
import { contract, portOf } from '../support/contract.js';
import { PeerProgram, TWISTED_PYTHON } from '../support/peers.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { havePrograms } from './peer-files.js';

const run = promisify(execFile);
const LIMIT = { timeout: 15_000 };
const TWISTED = TWISTED_PYTHON !== undefined;
if (!TWISTED) console.warn('skipped: there is no Python with Twisted here');
const ROOT = process.getuid?.() === 0;
if (!ROOT) console.warn('skipped: only root can listen on the ports that these programs use');

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

/** A server of Twisted. @returns Its port. */
async function twisted(rig: { use<T extends AsyncDisposable>(thing: T): T }, name: string) {
  const peer = rig.use(await PeerProgram.python('twisted_small_protocols', name));
  await peer.until(() => /ready \d+\n/.test(peer.stdout), 'to have a port');
  return Number(/ready (\d+)/.exec(peer.stdout)?.[1]);
}

contract(
  'finger',
  (rig) => {
    it.skipIf(!ROOT || !havePrograms('finger'))('serves the finger of Debian', async () => {
      const asked: string[] = [];
      const lookup = (user: string, { verbose }: { verbose: boolean }): string => {
        asked.push(`${user} ${verbose}`);
        return 'Alice\nworks on \x1breactors';
      };
      const factory = new FingerServerFactory(rig.reactor, lookup);
      // The program has no option for the port.
      rig.reactor.listenTCP(79, factory, { interface: '127.0.0.79' });
      const { stdout } = await run('finger', ['alice@127.0.0.79'], LIMIT);
      expect(stdout.replaceAll('\r', '')).toContain('Alice\nworks on \\x1breactors\n');
      await run('finger', ['-l', 'bob@127.0.0.79'], LIMIT);
      expect(asked).toEqual(['alice false', 'bob true']);
      const list = await run('finger', ['@127.0.0.79'], LIMIT);
      expect(list.stdout).toContain('Finger online user list denied');
      const hosts = await run('finger', ['alice@other@127.0.0.79'], LIMIT);
      expect(hosts.stdout).toContain('Finger forwarding service denied');
    });

    const FINGERD = '/usr/sbin/in.fingerd';
    it.skipIf(!havePrograms(FINGERD, 'finger', 'systemd-socket-activate'))(
      'asks the fingerd of Debian',
      async () => {
        const port = await closedPort();
        const args = ['--inetd', '-a', '-l', `127.0.0.1:${port}`, FINGERD];
        const peer = rig.use(new PeerProgram('systemd-socket-activate', args));
        await peer.until(() => peer.stderr.includes('Listening'), 'to listen');
        const endpoint = new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
        const options = { clock: rig.reactor, verbose: true };
        expect(await finger(endpoint, 'root', options)).toMatch(
          /^Login: root .*\nDirectory: \/root /m,
        );
      },
    );

    it.skipIf(!TWISTED)('asks a server of Twisted', async () => {
      const endpoint = new TCPClientEndpoint(
        rig.reactor,
        '127.0.0.1',
        await twisted(rig, 'finger'),
      );
      const options = { clock: rig.reactor };
      expect(await finger(endpoint, 'alice', options)).toBe('alice 0\nescape \\x1b\n');
      expect(await finger(endpoint, 'a', { ...options, verbose: true })).toContain('a 1\n');
      expect(await finger(endpoint, '', options)).toContain('Finger online list denied');
    });
  },
  ONE_POLLER,
);

contract(
  'ident',
  (rig) => {
    const at = (port: number) => new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);

    it.skipIf(!TWISTED)('asks a server of Twisted', async () => {
      const endpoint = at(await twisted(rig, 'ident'));
      const clock = rig.reactor;
      const found = await ident(endpoint, { localPort: 6193, remotePort: 23 }, { clock });
      expect(found).toEqual({ userId: 'alice', system: 'OTHER' });
      const hidden = ident(endpoint, { localPort: 1, remotePort: 23 }, { clock });
      await expect(hidden).rejects.toMatchObject({ problem: 'HIDDEN-USER' });
    });

    it.skipIf(!TWISTED)('serves the client of Twisted', async () => {
      const factory = new IdentServerFactory(rig.reactor, ({ localPort }) =>
        localPort === 6193 ? 'alice' : undefined,
      );
      const port = portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
      const args = ['ask-ident', `${port}`, '6193,23', '1,23'];
      const peer = rig.use(await PeerProgram.python('twisted_small_protocols', ...args));
      await peer.until(
        () => peer.stdout.match(/^answer .*$/gm)?.length === 2 && peer.stdout.endsWith('\n'),
        'to answer',
      );
      // It takes the second field for the system.
      expect(peer.stdout).toContain("answer ('USERID', 'UNIX : alice')");
      expect(peer.stdout).toContain('NoUser');
    });

    it.skipIf(!ROOT || !havePrograms('oidentd'))('asks oidentd for this process', async () => {
      const port = await closedPort();
      const args = ['--foreground', '--nosyslog', '--user=root', '--group=root'];
      const peer = rig.use(
        new PeerProgram('oidentd', [...args, '--address=127.0.0.1', `--port=${port}`]),
      );
      const target = rig.use(await RawServer.listen());
      const { transport } = await at(target.port).connect(Protocol);
      const asked = (): Promise<IdentUser> => identOf(rig.reactor, transport, { port }).toPromise();
      await accepting(peer, port);
      expect(await asked()).toEqual({ userId: 'root', system: 'UNIX' });
    });
  },
  ONE_POLLER,
);

contract(
  'tables for Postfix',
  (rig) => {
    it.skipIf(!havePrograms('postmap')).each(['tcp', 'socketmap'] as const)(
      'are asked by postmap, over %s',
      async (protocol) => {
        const asked: string[] = [];
        const lookup = (key: string, map: string): string | undefined => {
          asked.push(`${map}/${key}`);
          if (key === 'broken') throw new TableLookupError('no database');
          return key === 'a key 100%' ? 'a value, 50 % \u00e9' : undefined;
        };
        const factory = new TableServerFactory(rig.reactor, lookup, { protocol });
        const port = portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
        const table =
          protocol === 'tcp' ? `tcp:127.0.0.1:${port}` : `socketmap:inet:127.0.0.1:${port}:m`;
        const query = (key: string) => run('postmap', ['-q', key, table], LIMIT);
        expect((await query('a key 100%')).stdout).toBe('a value, 50 % \u00e9\n');
        await expect(query('none')).rejects.toMatchObject({ code: 1, stdout: '' });
        await expect(query('broken')).rejects.toMatchObject({ code: 1 });
        expect(asked.slice(0, 2)).toEqual(
          protocol === 'tcp' ? ['/a key 100%', '/none'] : ['m/a key 100%', 'm/none'],
        );
      },
      30_000,
    );
  },
  ONE_POLLER,
);
