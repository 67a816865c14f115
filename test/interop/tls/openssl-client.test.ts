/** openssl s_client against servers. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ConnectionDone, TLSHandshakeError, TLSTruncatedError } from '../../../src/index.js';
import { TLSServerContext, TLSServerFactory } from '../../../src/tls/index.js';
import { Authority } from '../../support/certificates.js';
import { PeerProgram } from '../../support/peers.js';
import { recorders } from '../../support/recorder.js';
import { authority, HOSTNAME, identity, serverContext } from '../../tls/secured.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { staple } from './ocsp.js';
import { facts, opensslClient, overEngines, ROOT, serveEcho } from './rig.js';
import { withEarlyData } from './session-file.js';

const AVAILABLE = havePrograms('openssl');
const VERSIONS = [
  ['TLSv1.2', '-tls1_2'],
  ['TLSv1.3', '-tls1_3'],
] as const;

/** Lines, more than all buffers hold. */
const LARGE = 'hemp, flax and jute\n'.repeat(200_000);

const files = new PeerFiles();
afterAll(() => files.remove());

const strangers = await Authority.make('Another root');
const clients = {
  known: await authority.issue('alice', { use: 'client' }),
  revoked: await authority.issue('mallory', { use: 'client' }),
  unknown: await strangers.issue('eve', { use: 'client' }),
};
const crl = await authority.revoke(clients.revoked);
const other = await authority.issue('other', { names: ['other.example'] });
const wild = await authority.issue('wild', { names: ['*.wild.example'] });

/** Has it send a line, which comes back. */
async function echoed(client: PeerProgram, text = 'hemp'): Promise<void> {
  client.write(`${text}\n`);
  await client.until(() => client.stdout.includes(`${text}\n`), `to print ${text}`);
}

/** The session that s_client prints: whether it is new, and its cipher. */
function session(client: PeerProgram): readonly string[] {
  return /^(New|Reused), TLSv1.\d, Cipher is (\S+)$/m.exec(client.stdout)?.slice(1) ?? [];
}

/** Settles with what it printed, when it has ended because TLS failed. */
async function refused(client: PeerProgram): Promise<string> {
  await client.until(() => !client.running, 'to end');
  expect(client.process.exitCode).not.toBe(0);
  return client.stdout + client.stderr;
}

describe.skipIf(!AVAILABLE)('with openssl s_client', () => {
  overEngines('a TLS server', (rig, engine) => {
    it.each(VERSIONS)('serves it in %s, and both agree on the facts', async (version, flag) => {
      const { port, factory } = serveEcho(rig, { engine });
      const exporter = ['-keymatexport', 'EXPORTER-test', '-keymatexportlen', '32'];
      await using client = opensslClient(port, flag, '-servername', HOSTNAME, ...exporter);
      await echoed(client);
      const server = await factory.protocol();
      const { tls } = server.transport;
      expect(session(client)).toEqual(['New', tls?.cipher]);
      expect(client.stdout).toContain('Verification: OK');
      expect(facts(server)).toMatchObject({
        version,
        engine,
        serverName: HOSTNAME,
        resumed: false,
      });
      const keys = tls?.exportKeyingMaterial(32, 'EXPORTER-test').toString('hex');
      expect(client.stdout).toContain(`Keying material: ${keys?.toUpperCase()}`);
      await client.end();
      expect(await server.lost()).toBeInstanceOf(ConnectionDone);
      expect(client.process.exitCode).toBe(0);
    });

    it('sends close_notify', async () => {
      const { port, factory } = serveEcho(rig, { engine });
      // Without close_notify s_client would report an unexpected end.
      await using client = opensslClient(port, '-ign_eof');
      await echoed(client);
      (await factory.protocol()).transport.loseConnection();
      await client.until(() => !client.running, 'to end');
      expect(client.stdout).toMatch(/^closed$/m);
      expect(client.process.exitCode).toBe(0);
      await (await factory.protocol()).lost();
    });

    it.each(VERSIONS)('detects an end without close_notify (%s)', async (_version, flag) => {
      const { port, factory } = serveEcho(rig, { engine });
      await using client = opensslClient(port, flag);
      await echoed(client);
      client.process.kill('SIGKILL');
      const reason = await (await factory.protocol()).lost();
      expect(reason).toBeInstanceOf(TLSTruncatedError);
      expect(reason).toMatchObject({ handshakeComplete: true });
    });

    it('refuses TLS 1.1', async () => {
      const { port, factory } = serveEcho(rig, { engine });
      await using client = opensslClient(port, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0');
      expect(await refused(client)).toContain('alert protocol version');
      const reason = await (await factory.protocol()).lost();
      expect(reason).toBeInstanceOf(TLSHandshakeError);
      expect(reason).toMatchObject({ reason: 'UNSUPPORTED_PROTOCOL' });
    });

    it('answers a hello with another group by a retry', async () => {
      const { port } = serveEcho(rig, { engine, groups: 'P-384' });
      await using client = opensslClient(port, '-tls1_3', '-groups', 'X25519:P-384', '-msg');
      await echoed(client);
      expect(client.stdout.match(/>>> .*ClientHello/g)).toHaveLength(2);
      await client.end();
    });

    it.each(VERSIONS)(
      'sends no records above the limit of a client (%s)',
      async (_version, flag) => {
        const { port, factory } = serveEcho(rig, { engine });
        await using client = opensslClient(port, flag, '-maxfraglen', '512');
        await echoed(client, 'before');
        (await factory.protocol()).transport.write(`${'x'.repeat(5000)}\n`);
        await client.until(() => /^x{5000}$/m.test(client.stdout), 'to receive large data');
        await client.end();
      },
    );

    it('updates keys when it is asked to, and goes on', async () => {
      const { port, factory } = serveEcho(rig, { engine });
      await using client = opensslClient(port, '-tls1_3', '-msg');
      await echoed(client, 'before');
      client.write('K\n');
      await client.until(() => client.stderr.includes('KEYUPDATE'), 'to update keys');
      await echoed(client, 'between');
      expect(client.stdout).toMatch(/<<< .*KeyUpdate/);
      client.write('k\n');
      await client.until(() => client.stderr.match(/KEYUPDATE/g)?.length === 2, 'to update keys');
      await echoed(client, 'after');
      expect(client.stdout.match(/>>> .*KeyUpdate/g)).toHaveLength(2);
      await client.end();
      expect(await (await factory.protocol()).lost()).toBeInstanceOf(ConnectionDone);
    });

    it('refuses renegotiation', async () => {
      const { port, factory } = serveEcho(rig, { engine });
      await using client = opensslClient(port, '-tls1_2');
      await echoed(client);
      client.write('R\n');
      expect(await refused(client)).toMatch(/no renegotiation|alert/);
      await (await factory.protocol()).lost();
    });

    describe('ALPN', () => {
      const options = { engine, alpnProtocols: ['h2', 'http/1.1'] } as const;

      it.each(VERSIONS)('agrees on a protocol (%s)', async (_version, flag) => {
        const { port, factory } = serveEcho(rig, options);
        await using client = opensslClient(port, flag, '-alpn', 'http/1.1,other');
        await echoed(client);
        expect(client.stdout).toContain('ALPN protocol: http/1.1');
        expect((await factory.protocol()).transport.tls?.negotiatedProtocol).toBe('http/1.1');
        await client.end();
      });

      it('fails if there is none in common', async () => {
        const { port, factory } = serveEcho(rig, options);
        await using client = opensslClient(port, '-alpn', 'other');
        expect(await refused(client)).toContain('no application protocol');
        expect(await (await factory.protocol()).lost()).toBeInstanceOf(TLSHandshakeError);
      });
    });

    describe('SNI', () => {
      const options = {
        engine,
        serverNames: { 'other.example': other, '*.wild.example': wild },
        selectContext: async (name: string): Promise<TLSServerContext | null | undefined> => {
          if (name === 'refused.example') return null;
          return name === 'late.example' ? serverContext({ engine, identity: other }) : undefined;
        },
      } as const;

      it.each([
        [HOSTNAME, 'server'],
        ['other.example', 'other'],
        ['OTHER.example', 'other'],
        ['a.wild.example', 'wild'],
        ['a.b.wild.example', 'server'],
        ['late.example', 'other'],
        [undefined, 'server'],
      ])('selects the certificate for %s', async (name, subject) => {
        const { port, factory } = serveEcho(rig, options);
        const asked = name === undefined ? ['-noservername'] : ['-servername', name];
        await using client = opensslClient(port, ...asked, '-verify_hostname', '');
        await echoed(client);
        expect(client.stdout).toMatch(new RegExp(`^subject=CN = ${subject}$`, 'm'));
        expect((await factory.protocol()).transport.tls?.serverName).toBe(name?.toLowerCase());
        await client.end();
      });

      it('refuses a name', async () => {
        const { port, factory } = serveEcho(rig, options);
        await using client = opensslClient(port, '-servername', 'refused.example');
        expect(await refused(client)).toContain('unrecognized name');
        const reason = await (await factory.protocol()).lost();
        expect(reason).toMatchObject({ reason: 'UNRECOGNIZED_NAME', alert: 112 });
      });
    });

    describe.each(VERSIONS)('client certificates in %s', (_version, flag) => {
      const asks = { engine, trustRoots: authority.certificate, crls: [] } as const;

      it('are requested, and may be absent', async () => {
        const { port, factory } = serveEcho(rig, { ...asks, clientCertificates: 'requested' });
        await using client = opensslClient(port, flag);
        await echoed(client);
        expect((await factory.protocol()).transport.tls?.getPeerCertificate()).toBeUndefined();
        await client.end();
      });

      it.each(['requested', 'required'] as const)('are %s and mapped', async (mode) => {
        const { port, factory } = serveEcho(rig, {
          ...asks,
          clientCertificates: mode,
          mapClientCertificate: ({ subject }) => ({ user: subject.slice('CN='.length) }),
        });
        await using client = opensslClient(
          port,
          flag,
          '-cert',
          files.identity('alice', clients.known),
        );
        await echoed(client);
        const { tls } = (await factory.protocol()).transport;
        expect(tls?.getPeerCertificate()?.subject).toBe('CN=alice');
        expect(tls?.clientIdentity).toEqual({ user: 'alice' });
        await client.end();
      });

      it('are missing', async () => {
        const { port, factory } = serveEcho(rig, { ...asks, clientCertificates: 'required' });
        await using client = opensslClient(port, flag);
        expect(await refused(client)).toMatch(/certificate required|handshake failure/);
        expect(await (await factory.protocol()).lost()).toMatchObject({ reason: 'missing' });
      });

      it.each([
        ['unknown', 'unknown-root'],
        ['revoked', 'revoked'],
      ] as const)('are refused: %s', async (which, reason) => {
        const { port, factory } = serveEcho(rig, {
          ...asks,
          crls: crl,
          clientCertificates: 'required',
        });
        const file = files.identity(which, clients[which]);
        await using client = opensslClient(port, flag, '-cert', file);
        await client.until(() => !client.running, 'to end');
        expect(await (await factory.protocol()).lost()).toMatchObject({ reason });
      });
    });

    describe('sessions', () => {
      it.each(VERSIONS)('are resumed by a ticket (%s)', async (_version, flag) => {
        const { port, factory } = serveEcho(rig, { engine });
        const file = files.path(`session-${engine}-${flag}`);
        await using first = opensslClient(port, flag, '-sess_out', file);
        await echoed(first);
        await first.end();
        await using second = opensslClient(port, flag, '-sess_in', file);
        await echoed(second);
        expect(session(second)[0]).toBe('Reused');
        expect((await factory.protocol(0)).transport.tls?.resumed).toBe(false);
        expect((await factory.protocol(1)).transport.tls?.resumed).toBe(true);
        await second.end();
      });

      it('are not kept for clients without tickets', async () => {
        const { port } = serveEcho(rig, { engine });
        await using client = opensslClient(port, '-tls1_2', '-no_ticket', '-reconnect');
        await echoed(client);
        expect(client.stdout.match(/^New, /gm)).toHaveLength(6);
        await client.end();
      });

      it('are resumed by a worker with the same ticket keys', async () => {
        const context = new TLSServerContext({ engine, identity });
        const { ticketKeys } = context;
        const [first, second] = [1, 2].map(() => serveEcho(rig, { engine, ticketKeys }));
        const file = files.path(`workers-${engine}`);
        await using before = opensslClient(first?.port ?? 0, '-sess_out', file);
        await echoed(before);
        await before.end();
        await using after = opensslClient(second?.port ?? 0, '-sess_in', file);
        await echoed(after);
        expect(session(after)[0]).toBe('Reused');
        await after.end();
      });

      it('are not resumed when that is switched off', async () => {
        const { port } = serveEcho(rig, { engine, resumption: false });
        await using client = opensslClient(port, '-tls1_2', '-reconnect');
        await echoed(client);
        expect(client.stdout.match(/^New, /gm)).toHaveLength(6);
        await client.end();
      });

      it('are resumed by each of five reconnections', async () => {
        const { port, factory } = serveEcho(rig, { engine });
        await using client = opensslClient(port, '-tls1_2', '-reconnect');
        await echoed(client);
        expect(client.stdout.match(/^Reused, /gm)).toHaveLength(5);
        const servers = await Promise.all([1, 2, 3, 4, 5].map((i) => factory.protocol(i)));
        expect(servers.at(-1)?.transport.tls?.resumed).toBe(true);
        await client.end();
      });

      it('reject early data', async () => {
        const { port, factory } = serveEcho(rig, { engine });
        const file = files.path(`early-${engine}`);
        await using first = opensslClient(port, '-tls1_3', '-sess_out', file);
        await echoed(first);
        await first.end();
        // Tickets of this server allow none: a client that sends some breaks the rules.
        files.write(`early-${engine}`, withEarlyData(readFileSync(file, 'latin1')));
        const data = files.write('early.txt', 'an early bird');
        await using second = opensslClient(
          port,
          '-tls1_3',
          ...['-sess_in', file, '-early_data', data],
        );
        await echoed(second);
        expect(second.stdout).toContain('Early data was rejected');
        expect((await factory.protocol(1)).text).toBe('hemp\n');
        await second.end();
      });
    });

    it('receives much from it', async () => {
      const { port, factory } = serveEcho(rig, { engine });
      await using client = opensslClient(port, '-quiet', '-nocommands');
      client.write(LARGE);
      await client.until(() => client.stdout.length >= LARGE.length, 'to have everything back');
      expect(client.stdout === LARGE).toBe(true);
      expect((await factory.protocol()).text === LARGE).toBe(true);
    });

    it('serves it on a UNIX socket', async () => {
      const path = files.path(`${engine}.sock`);
      const factory = recorders({ dataReceived: (data, self) => self.transport.write(data) });
      const listening = rig.reactor.listenUNIX(
        path,
        new TLSServerFactory(serverContext({ engine }), factory),
      );
      await using client = new PeerProgram('openssl', [
        ...['s_client', '-unix', path, '-CAfile', ROOT, '-verify_return_error'],
      ]);
      await echoed(client);
      await client.end();
      expect(await (await factory.protocol()).lost()).toBeInstanceOf(ConnectionDone);
      await listening.stopListening();
    });

    it.each(VERSIONS)('staples an OCSP response (%s)', async (_version, flag) => {
      const ocspResponse = staple(files, authority, identity);
      const { port } = serveEcho(rig, { engine, identity: { ...identity, ocspResponse } });
      await using client = opensslClient(port, flag, '-status');
      await echoed(client);
      expect(client.stdout).toContain('OCSP Response Status: successful');
      expect(client.stdout).toContain('Cert Status: good');
      await client.end();
    });
  });
});
