/** The small protocols with programs of others: Debian's finger and fingerd, and Twisted. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { TCPClientEndpoint } from '../../src/endpoints/tcp.js';
import { FingerServerFactory, finger } from '../../src/protocols/finger/index.js';
import { contract } from '../support/contract.js';
import { PeerProgram, TWISTED_PYTHON } from '../support/peers.js';
import { closedPort } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { havePrograms } from './peer-files.js';

const run = promisify(execFile);
const LIMIT = { timeout: 15_000 };
const TWISTED = TWISTED_PYTHON !== undefined;
if (!TWISTED) console.warn('skipped: there is no Python with Twisted here');
const ROOT = process.getuid?.() === 0;
if (!ROOT) console.warn('skipped: only root can listen on the ports that these programs use');

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
