/** testssl.sh, which looks for weaknesses of TLS servers: it finds none above "low". */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { PATIENCE } from '../../support/deadline.js';
import { PeerProgram } from '../../support/peers.js';
import { REACTORS } from '../../support/reactors.js';
import { authority, HOSTNAME } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { overEngines, ROOT, serveEcho } from './rig.js';

const AVAILABLE = havePrograms('testssl', 'openssl');

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

const TIME_LIMIT_MS = 180_000;
/** All but simulations of browsers: protocols, ciphers, forward secrecy, server's preferences and defaults, vulnerabilities. */
const CHECKS = ['-p', '-s', '-f', '-P', '-S', '-U'];
const HARMLESS = ['OK', 'INFO', 'LOW', 'DEBUG'];

/** Findings that are not about the server. */
const EXCLUDED = new Set([
  // The issuer of the certificate runs no service that tells which certificates are revoked.
  'cert_revocation',
  // What the openssl of this machine cannot test.
  'engine_problem',
  // `openssl s_client` ends when its input does, often before it has received a ticket of TLS 1.3, also from `openssl s_server`.
  // testssl.sh then says that it cannot connect. Resumption has tests of its own.
  'sessionresumption_ticket',
]);

// Warnings are given for certificates of less than 60 days.
const lasting = await authority.issue('server', { names: [HOSTNAME], addresses: [HOST], to: 100 });

// It takes long, and the engines are the same on all reactors.
const FASTEST = REACTORS.slice(0, 1);

const files = new PeerFiles();
afterAll(() => files.remove());

describe.skipIf(!AVAILABLE)('testssl.sh', () => {
  overEngines(
    'finds no weakness',
    (rig, engine) => {
      it('of a server', { timeout: 2 * TIME_LIMIT_MS * PATIENCE }, async () => {
        const { port } = serveEcho(rig, { engine, identity: lasting });
        const file = files.path(`${rig.maker.name}-${engine}.json`);
        await using program = new PeerProgram('testssl', [
          ...['--quiet', '--color', '0', '--warnings', 'batch', '--nodns', 'none'],
          ...['--add-ca', ROOT, '--jsonfile', file, ...CHECKS, `${HOST}:${port}`],
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
    },
    FASTEST,
  );
});
