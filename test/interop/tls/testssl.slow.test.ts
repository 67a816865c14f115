/** testssl.sh, which looks for weaknesses of TLS servers: it finds none above "low". */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { contract } from '../../support/contract.js';
import { PATIENCE } from '../../support/deadline.js';
import { PeerProgram } from '../../support/peers.js';
import { authority, ENGINES, HOSTNAME } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles, ROOT, serveEcho } from './rig.js';

const AVAILABLE = havePrograms('testssl', 'openssl');

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

const TIME_LIMIT_MS = 180_000;
const HARMLESS = ['OK', 'INFO', 'LOW', 'DEBUG'];

/** Findings that are not about the server. */
const EXCLUDED = new Set([
  // The issuer of the certificate runs no service that tells which certificates are revoked.
  'cert_revocation',
  // What the openssl of this machine cannot test.
  'engine_problem',
]);

// Warnings are given for certificates of less than 60 days.
const lasting = await authority.issue('server', { names: [HOSTNAME], addresses: [HOST], to: 100 });

const files = new PeerFiles();
afterAll(() => files.remove());

describe.skipIf(!AVAILABLE)('testssl.sh', () => {
  contract('finds no weakness of a server', (rig) => {
    // The poller has no part in TLS.
    const its = it.skipIf(rig.maker.name === 'native+poll').each(ENGINES);

    its('by the %s engine', { timeout: 2 * TIME_LIMIT_MS * PATIENCE }, async (engine) => {
      const { port } = serveEcho(rig, { engine, identity: lasting });
      const file = files.path(`${rig.maker.name}-${engine}.json`);
      await using program = new PeerProgram('testssl', [
        ...['--quiet', '--color', '0', '--warnings', 'batch', '--nodns', 'none'],
        ...['--openssl', 'openssl', '--add-ca', ROOT, '--jsonfile', file],
        `${HOST}:${port}`,
      ]);
      program.process.stdin?.end();
      await program.until(() => !program.running, 'to end', TIME_LIMIT_MS);
      const found = JSON.parse(readFileSync(file, 'utf8')) as Finding[];
      // It has looked, and has reached the server.
      expect(found.length).toBeGreaterThan(50);
      expect(found).toContainEqual(expect.objectContaining({ id: 'TLS1_3', severity: 'OK' }));
      const weaknesses = found.filter(
        ({ id, severity }) => !HARMLESS.includes(severity) && !EXCLUDED.has(id),
      );
      expect(weaknesses).toEqual([]);
    });
  });
});
