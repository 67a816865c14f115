/** Digest authentication of an agent with the guards of Apache httpd and Twisted. */
import { chmodSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { digestUserHash } from '../../../src/cred/index.js';
import { Agent } from '../../../src/http/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';
import { closedPort } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';

const AUTH = { scheme: 'digest', username: 'alice', password: 'pa55 word' } as const;

/** Several requests, of which only the first is challenged, and a wrong password. */
async function useAgent(rig: Rig, base: string): Promise<void> {
  const agent = rig.use(new Agent(rig.reactor, { baseURL: base, auth: AUTH }));
  const statuses: number[] = [];
  for (const path of ['/', '/?a=b&c="d"', '/']) {
    const response = await agent.get(path);
    await response.drain();
    statuses.push(response.status);
  }
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const response = await agent.get('/');
      await response.drain();
      statuses.push(response.status);
    }),
  );
  expect(statuses).toEqual(Array.from({ length: 11 }, () => 200));
  const wrong = await agent.get('/', { auth: { ...AUTH, password: 'wrong' } });
  await wrong.drain();
  expect(wrong.status).toBe(401);
}

describe.skipIf(TWISTED_PYTHON === undefined)('with Twisted’s guard', () => {
  contract(
    'an agent over',
    (rig) => {
      it.each(['md5', 'sha'])('%s: is let in, if the algorithm is supported', async (algorithm) => {
        const server = rig.use(await PeerProgram.python('twisted_digest', algorithm));
        const base = `http://${HOST}:${/ready (\d+)\./.exec(server.stdout)?.[1]}/`;
        if (algorithm === 'md5') return useAgent(rig, base);
        // SHA-1 is none of RFC 7616: the challenge is the answer.
        const agent = rig.use(new Agent(rig.reactor));
        const response = await agent.get(base, { auth: AUTH });
        await response.drain();
        expect(response.status).toBe(401);
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('apache2', '/usr/lib/apache2/modules/mod_auth_digest.so'))(
  'with Apache’s mod_auth_digest',
  () => {
    contract(
      'an agent over',
      (rig) => {
        it('is let in', async () => {
          const files = new PeerFiles();
          rig.use({ [Symbol.asyncDispose]: async () => files.remove() });
          // Started by root, Apache serves as another user.
          chmodSync(files.folder, 0o755);
          const port = await closedPort();
          const hash = digestUserHash('MD5', { ...AUTH, realm: 'rope walk' });
          const users = files.write('users', `alice:rope walk:${hash}\n`);
          files.write('index.html', 'in\n');
          const modules = ['authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_digest'];
          const config = `
            ${['mpm_event', 'dir', ...modules].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
            ServerName localhost
            Listen ${HOST}:${port}
            PidFile ${files.path('pid')}
            ErrorLog ${files.path('error.log')}
            User nobody
            Group nogroup
            DocumentRoot ${files.folder}
            DirectoryIndex index.html
            <Directory ${files.folder}>
              AuthType Digest
              AuthName "rope walk"
              AuthDigestProvider file
              AuthUserFile ${users}
              Require valid-user
            </Directory>`;
          rig.use(new PeerProgram('apache2', ['-X', '-f', files.write('apache.conf', config)]));
          const probe = rig.use(new Agent(rig.reactor));
          const listens = (): Promise<void> =>
            probe.get(`http://${HOST}:${port}/`).drain().toPromise();
          await vi.waitFor(listens, { timeout: 15_000 });
          await useAgent(rig, `http://${HOST}:${port}/`);
        });
      },
      ONE_POLLER,
    );
  },
);
