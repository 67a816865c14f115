/** GnuTLS at the other end: an independent implementation of TLS. */
import { afterAll, describe, expect, it } from 'vitest';
import { ConnectionDone, TLSHandshakeError } from '../../../src/index.js';
import { PeerProgram } from '../../support/peers.js';
import { closedPort } from '../../support/raw-peer.js';
import { authority, clientContext, HOSTNAME } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { close, connect, exchange, facts, IDENTITY, overEngines, ROOT, serveEcho } from './rig.js';

const AVAILABLE = havePrograms('gnutls-cli', 'gnutls-serv');
const VERSIONS = [
  ['TLSv1.2', 'NORMAL:-VERS-ALL:+VERS-TLS1.2'],
  ['TLSv1.3', 'NORMAL:-VERS-ALL:+VERS-TLS1.3'],
] as const;

const files = new PeerFiles();
afterAll(() => files.remove());
const alice = files.identity('alice', await authority.issue('alice', { use: 'client' }));

/** `gnutls-cli`, which verifies the server. */
function gnutlsClient(port: number, ...args: string[]): PeerProgram {
  const verify = ['--x509cafile', ROOT, '--sni-hostname', HOSTNAME, '--verify-hostname', HOSTNAME];
  return new PeerProgram('gnutls-cli', [...verify, '--port', String(port), ...args, HOST]);
}

/** `gnutls-serv`, which sends back lines. */
async function gnutlsServer(...args: string[]): Promise<PeerProgram & { port: number }> {
  const port = await closedPort();
  const identity = ['--x509certfile', IDENTITY, '--x509keyfile', IDENTITY, '--x509cafile', ROOT];
  const program = new PeerProgram('gnutls-serv', [
    ...['--echo', '--port', String(port), ...identity, ...args],
  ]);
  const listens = /listening on IPv4.*done/;
  await program.until(() => listens.test(program.stdout + program.stderr), 'to listen');
  return Object.assign(program, { port });
}

async function echoed(client: PeerProgram, text = 'hemp'): Promise<void> {
  await client.until(() => client.stdout.includes('Handshake was completed'), 'to be secured');
  client.write(`${text}\n`);
  await client.until(() => client.stdout.includes(`\n${text}\n`), `to print ${text}`);
}

describe.skipIf(!AVAILABLE)('with GnuTLS', () => {
  overEngines('a TLS server', (rig, engine) => {
    it.each(VERSIONS)('serves gnutls-cli in %s', async (version, priority) => {
      const { port, factory } = serveEcho(rig, { engine, alpnProtocols: ['h2', 'http/1.1'] });
      const more = ['--alpn', 'http/1.1', '--keymatexport', 'EXPORTER-test'];
      await using client = gnutlsClient(port, '--priority', priority, ...more);
      await echoed(client);
      const server = await factory.protocol();
      const agreed = { version, serverName: HOSTNAME, negotiatedProtocol: 'http/1.1' };
      expect(facts(server)).toMatchObject(agreed);
      const keys = server.transport.tls?.exportKeyingMaterial(20, 'EXPORTER-test').toString('hex');
      expect(client.stdout).toContain(`Key material: ${keys}`);
      await client.end();
      expect(await server.lost()).toBeInstanceOf(ConnectionDone);
      expect(client.process.exitCode).toBe(0);
    });

    it.each(VERSIONS)('resumes its session (%s)', async (_version, priority) => {
      const { port, factory } = serveEcho(rig, { engine });
      const more = ['--resume', '--waitresumption'];
      await using client = gnutlsClient(port, '--priority', priority, ...more);
      await client.until(() => client.stdout.includes('This is a resumed session'), 'to resume');
      await echoed(client);
      expect((await factory.protocol(1)).transport.tls?.resumed).toBe(true);
      await client.end();
    });

    it('refuses its renegotiation', async () => {
      const { port, factory } = serveEcho(rig, { engine });
      await using client = gnutlsClient(port, '--priority', VERSIONS[0][1], '--rehandshake');
      await client.until(() => !client.running, 'to end');
      expect(client.process.exitCode).not.toBe(0);
      await (await factory.protocol()).lost();
    });

    it('asks for another group', async () => {
      const { port } = serveEcho(rig, { engine, groups: 'P-384' });
      await using client = gnutlsClient(port, '--single-key-share');
      await echoed(client);
      await client.end();
    });

    it.each(VERSIONS)('requires its certificate (%s)', async (_version, priority) => {
      const asks = { trustRoots: authority.certificate, clientCertificates: 'required' } as const;
      const { port, factory } = serveEcho(rig, { engine, ...asks });
      const own = ['--x509certfile', alice, '--x509keyfile', alice];
      await using client = gnutlsClient(port, '--priority', priority, ...own);
      await echoed(client);
      expect((await factory.protocol()).transport.tls?.getPeerCertificate()?.subject).toBe(
        'CN=alice',
      );
      await client.end();
      await using other = gnutlsClient(port, '--priority', priority);
      await other.until(() => !other.running, 'to end');
      expect(await (await factory.protocol(1)).lost()).toMatchObject({ reason: 'missing' });
    });
  });

  overEngines('a TLS client', (rig, engine) => {
    it.each(VERSIONS)('is served by gnutls-serv in %s', async (version, priority) => {
      await using server = await gnutlsServer('--priority', priority, '--alpn', 'h2');
      const client = connect(rig, server.port, { engine, alpnProtocols: ['http/1.1', 'h2'] });
      await exchange(client, 'hemp\n');
      expect(facts(client)).toMatchObject({ version, negotiatedProtocol: 'h2' });
      expect(await close(client)).toBeInstanceOf(ConnectionDone);
    });

    it.each(VERSIONS)('resumes a session, each time (%s)', async (_version, priority) => {
      await using server = await gnutlsServer('--priority', priority);
      const context = clientContext({ engine });
      const resumed: unknown[] = [];
      for (let i = 0; i < 3; i++) {
        const client = connect(rig, server.port, context);
        await exchange(client, 'hemp\n');
        resumed.push(client.transport.tls?.resumed);
        await close(client);
      }
      expect(resumed).toEqual([false, true, true]);
    });

    it.each(VERSIONS)('shows its certificate (%s)', async (_version, priority) => {
      const demands = ['--require-client-cert', '--verify-client-cert'];
      await using server = await gnutlsServer('--priority', priority, ...demands);
      const identity = { certificateFile: alice, keyFile: alice };
      const client = connect(rig, server.port, { engine, identity });
      await exchange(client, 'hemp\n');
      await close(client);
      expect(await connect(rig, server.port, { engine }).lost()).toBeInstanceOf(TLSHandshakeError);
    });

    it('is refused when only TLS 1.1 is served', async () => {
      const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT';
      await using server = await gnutlsServer('--priority', priority);
      expect(await connect(rig, server.port, { engine }).lost()).toBeInstanceOf(TLSHandshakeError);
    });
  });
});
