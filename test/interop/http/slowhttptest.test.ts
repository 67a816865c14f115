/** slowhttptest in its four modes: the server serves others meanwhile, and ends slow connections. */
import { afterAll, describe, expect, it } from 'vitest';
import { staticFiles } from '../../../src/http/index.js';
import { contract } from '../../support/contract.js';
import { within } from '../../support/deadline.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { answer, GREETING, run, serve } from './rig.js';

const ATTACKERS = 100;
const LIMITS = {
  headTimeoutMs: 2_000,
  contentTimeoutMs: 1_000,
  idleTimeoutMs: 1_000,
  writeTimeoutMs: 1_000,
};
const files = new PeerFiles();
afterAll(() => files.remove());
files.write('large', 'hemp'.repeat(1_000_000));
const serveLarge = staticFiles(files.folder);

/** Each connection is made at once, continued every second, and attacks for 5 s; a probe is made each second. */
const PACE = ['-c', `${ATTACKERS}`, '-r', `${ATTACKERS}`, '-i', '1', '-l', '5', '-p', '1'];

describe.skipIf(!havePrograms('slowhttptest'))('with slowhttptest', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it.each([
        ['slow heads', '/', ATTACKERS, ['-H']],
        ['slow content', '/facts', ATTACKERS, ['-B', '-s', '100000']],
        ['many ranges', '/large', 1, ['-R', '-b', '1500']],
        ['slow reading', '/large', ATTACKERS, ['-X', '-w', '1', '-y', '2', '-n', '1', '-z', '5']],
      ])('serves others during %s', { timeout: 60_000 }, async (_mode, path, least, mode) => {
        const { origin, factory } = serve(rig, LIMITS, (request, response) =>
          request.path === '/large' ? serveLarge(request, response) : answer(request, response),
        );
        let attacks = true;
        const attack = run('slowhttptest', [...mode, ...PACE, '-u', `${origin}${path}`]).finally(
          () => {
            attacks = false;
          },
        );
        let served = 0;
        let most = 0;
        while (attacks) {
          const fetched = fetch(origin, { headers: { Connection: 'close' } });
          const response = await within(fetched, 'an answer', 1_000);
          expect(await within(response.text(), 'its content', 1_000)).toBe(GREETING);
          served += 1;
          most = Math.max(most, factory.connections);
        }
        const { stdout } = await attack;
        expect(served).toBeGreaterThan(10);
        expect(most).toBeGreaterThan(least / 2);
        expect(stdout).toContain('service available:');
        expect(stdout).not.toMatch(/service available:.*NO/);
        for (let turn = 0; factory.connections > 0; turn++) {
          expect(turn).toBeLessThan(5_000);
          await rig.turns(1);
        }
      });
    },
    ONE_POLLER,
  );
});
