/** openssl s_server with clients. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ConnectionDone, TLSHandshakeError, TLSTruncatedError } from '../../../src/index.js';
import { Authority } from '../../support/certificates.js';
import type { PeerProgram } from '../../support/peers.js';
import type { Recorder } from '../../support/recorder.js';
import { authority, clientContext, HOSTNAME, identity } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { staple } from './ocsp.js';
import {
  close,
  connect,
  exchange,
  facts,
  opensslServer,
  overEngines,
  ROOT,
  SHARED,
} from './rig.js';

const AVAILABLE = havePrograms('openssl', 'stdbuf');
const VERSIONS = [
  ['TLSv1.2', '-tls1_2'],
  ['TLSv1.3', '-tls1_3'],
] as const;

/** Lines, more than all buffers hold. */
const LARGE = 'hemp, flax and jute\n'.repeat(200_000);

const files = new PeerFiles();
afterAll(() => files.remove());

const strangers = await Authority.make('Another root');
const alice = await authority.issue('alice', { use: 'client' });
const eve = await strangers.issue('eve', { use: 'client' });
const other = files.identity('other', await authority.issue('other', { names: ['other.example'] }));
const wild = files.identity('wild', await authority.issue('wild', { names: ['*.wild.example'] }));

/** Has the server send a line, after its handshake. (Before that, it would print no facts of the session.) */
async function greeted(client: Recorder, server: PeerProgram): Promise<void> {
  await client.made();
  const sessions = (): number => server.stdout.match(/^CIPHER is/gm)?.length ?? 0;
  const before = GREETED.get(server) ?? 0;
  await server.until(() => sessions() > before, 'to have a session');
  GREETED.set(server, before + 1);
  server.write('hello\n');
  await client.receive(6);
}

const GREETED = new WeakMap<PeerProgram, number>();

describe.skipIf(!AVAILABLE)('with openssl s_server', () => {
  overEngines('a TLS client', (rig, engine) => {
    it.each(VERSIONS)('is served in %s, and both agree on the facts', async (version, flag) => {
      const exporter = ['-keymatexport', 'EXPORTER-test', '-keymatexportlen', '32'];
      await using server = await opensslServer(flag, ...exporter);
      const client = connect(rig, server.port, { engine });
      await greeted(client, server);
      client.transport.write('hemp\n');
      await server.until(() => server.stdout.includes('hemp'), 'to print what was sent');
      const { tls } = client.transport;
      expect(facts(client)).toMatchObject({
        version,
        engine,
        serverName: HOSTNAME,
        resumed: false,
      });
      expect(server.stdout).toContain(`CIPHER is ${tls?.cipher}`);
      const keys = tls?.exportKeyingMaterial(32, 'EXPORTER-test').toString('hex');
      expect(server.stdout).toContain(`Keying material: ${keys?.toUpperCase()}`);
      expect(tls?.getPeerCertificate()?.subject).toBe('CN=server');
      expect(await close(client)).toBeInstanceOf(ConnectionDone);
      await server.until(() => server.stdout.includes('CONNECTION CLOSED'), 'to notice the end');
      expect(server.stdout).not.toContain('ERROR');
    });

    it('detects a clean end', async () => {
      await using server = await opensslServer('-rev');
      const client = connect(rig, server.port, { engine });
      await exchange(client, 'hemp\n', 'pmeh\n');
      client.transport.write('CLOSE\n');
      expect(await client.lost()).toBeInstanceOf(ConnectionDone);
    });

    it.each(VERSIONS)('detects an end without close_notify (%s)', async (_version, flag) => {
      await using server = await opensslServer(flag);
      const client = connect(rig, server.port, { engine });
      await greeted(client, server);
      server.process.kill('SIGKILL');
      const reason = await client.lost();
      expect(reason).toBeInstanceOf(TLSTruncatedError);
      expect(reason).toMatchObject({ handshakeComplete: true });
    });

    it('refuses TLS 1.1', async () => {
      await using server = await opensslServer('-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0');
      const reason = await connect(rig, server.port, { engine }).lost();
      expect(reason).toBeInstanceOf(TLSHandshakeError);
      expect(reason).toMatchObject({ alert: 70 });
    });

    it('answers a request for another group', async () => {
      await using server = await opensslServer('-tls1_3', '-groups', 'P-384', '-rev', '-msg');
      const client = connect(rig, server.port, { engine, groups: 'X25519:P-384' });
      await exchange(client, 'hemp\n', 'pmeh\n');
      expect(server.stdout.match(/<<< .*ClientHello/g)).toHaveLength(2);
      await close(client);
    });

    it('updates keys when it is asked to, and goes on', async () => {
      await using server = await opensslServer('-tls1_3', '-msg');
      const client = connect(rig, server.port, { engine });
      await greeted(client, server);
      for (const command of ['K', 'k']) {
        const updates = (): number => server.stdout.match(/>>> .*KeyUpdate/g)?.length ?? 0;
        const before = updates();
        server.write(`${command}\n`);
        await server.until(() => updates() > before, 'to update keys');
        server.write(`after ${command}\n`);
        await client.until(() => client.text.includes(`after ${command}`), `data of the new keys`);
      }
      client.transport.write('hemp\n');
      await server.until(() => /^hemp$/m.test(server.stdout), 'to print what was sent');
      expect(server.stdout).toMatch(/<<< .*KeyUpdate/);
      expect(await close(client)).toBeInstanceOf(ConnectionDone);
    });

    it('refuses renegotiation', async () => {
      await using server = await opensslServer('-tls1_2', '-msg');
      const client = connect(rig, server.port, { engine });
      await greeted(client, server);
      server.write('r\n');
      await server.until(() => /no_renegotiation/.test(server.stdout), 'to be refused');
      expect(server.stdout.match(/<<< .*ClientHello/g)).toHaveLength(1);
      client.transport.abortConnection();
      await client.lost();
    });

    it('sends much to it', async () => {
      await using server = await opensslServer('-naccept', '1');
      const client = connect(rig, server.port, { engine });
      await greeted(client, server);
      const before = server.stdout.length;
      client.transport.write(LARGE);
      expect(await close(client)).toBeInstanceOf(ConnectionDone);
      await server.until(() => !server.running, 'to end');
      expect(server.stdout.slice(before).startsWith(LARGE)).toBe(true);
    });

    it('receives much from it', async () => {
      SHARED.write('large.txt', LARGE);
      await using server = await opensslServer('-WWW');
      const client = connect(rig, server.port, { engine });
      await client.made();
      client.transport.write('GET /large.txt HTTP/1.0\r\n\r\n');
      expect(await client.lost()).toBeInstanceOf(ConnectionDone);
      expect(client.text.endsWith(`\r\n\r\n${LARGE}`)).toBe(true);
    });

    it.each(VERSIONS)('agrees on a protocol by ALPN (%s)', async (_version, flag) => {
      await using server = await opensslServer(flag, '-alpn', 'http/1.1,h2', '-rev');
      const client = connect(rig, server.port, { engine, alpnProtocols: ['h2', 'other'] });
      await exchange(client, 'hemp\n', 'pmeh\n');
      expect(client.transport.tls?.negotiatedProtocol).toBe('h2');
      await close(client);
    });

    it.each([
      ['other.example', 'CN=other'],
      ['OTHER.example.', 'CN=other'],
    ])('asks for the certificate of %s', async (name, subject) => {
      await using server = await opensslServer(
        ...['-servername', 'other.example', '-servername_fatal', '-cert2', other, '-key2', other],
        '-rev',
      );
      const client = connect(rig, server.port, { engine }, name);
      await exchange(client, 'hemp\n', 'pmeh\n');
      expect(client.transport.tls?.getPeerCertificate()?.subject).toBe(subject);
      await close(client);
    });

    it('learns that a name is not served', async () => {
      await using server = await opensslServer(
        ...['-servername', 'other.example', '-servername_fatal', '-cert2', other, '-key2', other],
        '-rev',
      );
      const reason = await connect(rig, server.port, { engine }).lost();
      expect(reason).toMatchObject({ alert: 112, alertReceived: true });
    });

    it.each(['a.wild.example', 'b.WILD.example'])('accepts a wildcard for %s', async (name) => {
      await using server = await opensslServer('-cert', wild, '-rev');
      const client = connect(rig, server.port, { engine }, name);
      await exchange(client, 'hemp\n', 'pmeh\n');
      await close(client);
    });

    it('verifies an IP address, and sends no SNI', async () => {
      await using server = await opensslServer('-rev', '-tlsextdebug');
      const client = connect(rig, server.port, { engine }, HOST);
      await exchange(client, 'hemp\n', 'pmeh\n');
      expect(server.stdout).toContain('TLS client extension');
      expect(server.stdout).not.toContain('"server name"');
      await close(client);
    });

    describe.each(VERSIONS)('a client certificate in %s', (_version, flag) => {
      const asks = ['-verifyCAfile', ROOT, '-verify_return_error'];

      it.each(['-verify', '-Verify'])('is sent (%s)', async (verify) => {
        await using server = await opensslServer(flag, ...asks, verify, '1');
        const client = connect(rig, server.port, { engine, identity: alice });
        await greeted(client, server);
        expect(server.stdout).toContain('subject=CN = alice');
        await close(client);
      });

      it('is not sent if there is none', async () => {
        await using server = await opensslServer(flag, ...asks, '-verify', '1');
        const client = connect(rig, server.port, { engine });
        await greeted(client, server);
        await close(client);
      });

      it('is missing', async () => {
        await using server = await opensslServer(flag, ...asks, '-Verify', '1');
        const reason = await connect(rig, server.port, { engine }).lost();
        expect(reason).toBeInstanceOf(TLSHandshakeError);
        expect(reason).toMatchObject({ alertReceived: true, alert: flag === '-tls1_3' ? 116 : 40 });
      });

      it('is refused', async () => {
        await using server = await opensslServer(flag, ...asks, '-Verify', '1');
        const reason = await connect(rig, server.port, { engine, identity: eve }).lost();
        expect(reason).toBeInstanceOf(TLSHandshakeError);
        // unknown_ca
        expect(reason).toMatchObject({ alertReceived: true, alert: 48 });
      });
    });

    it.each(VERSIONS)('resumes a session, each time (%s)', async (_version, flag) => {
      await using server = await opensslServer(flag, '-rev');
      const context = clientContext({ engine });
      const resumed: unknown[] = [];
      for (let i = 0; i < 4; i++) {
        const client = connect(rig, server.port, context);
        await exchange(client, 'hemp\n', 'pmeh\n');
        resumed.push(client.transport.tls?.resumed);
        expect(client.transport.tls?.getPeerCertificate()?.subject).toBe('CN=server');
        await close(client);
      }
      expect(resumed).toEqual([false, true, true, true]);
    });

    it('sends no early data, although the server takes some', async () => {
      await using server = await opensslServer('-tls1_3', '-early_data', '-tlsextdebug');
      const context = clientContext({ engine });
      for (let i = 0; i < 2; i++) {
        const client = connect(rig, server.port, context);
        await greeted(client, server);
        expect(client.transport.tls?.resumed).toBe(i > 0);
        await close(client);
      }
      expect(server.stdout).not.toContain('"early data"');
    });

    it.each(VERSIONS)('has the stapled OCSP response (%s)', async (_version, flag) => {
      const response = staple(files, authority, identity);
      const file = files.path('response.der');
      await using server = await opensslServer(flag, '-status_file', file, '-rev');
      const client = connect(rig, server.port, { engine, requestOCSP: true });
      await exchange(client, 'hemp\n', 'pmeh\n');
      expect(client.transport.tls?.ocspResponse).toEqual(response);
      expect(readFileSync(file)).toEqual(response);
      await close(client);
    });
  });
});
