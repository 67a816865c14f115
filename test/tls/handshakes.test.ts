/** Handshakes: what both ends agree on, and everything that makes them fail. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TLSHandshakeError } from '../../src/index.js';
import { captureLoggedErrors } from '../../src/testing/index.js';
import {
  pinOfCertificate,
  type TLSClientOptions,
  type TLSServerOptions,
  TRUST_ANY,
} from '../../src/tls/index.js';
import { Authority, type CertificateOptions, selfSigned } from '../support/certificates.js';
import {
  authority,
  clientContext,
  HOSTNAME,
  identity,
  KINDS,
  Network,
  serverContext,
  Talker,
} from './secured.js';

describe.each(KINDS)('a handshake by $name', (kind) => {
  const { engine } = kind;
  let network: Network;

  beforeEach(() => {
    network = new Network(kind);
  });

  afterEach(() => network[Symbol.asyncDispose]());

  function pair(
    server: TLSServerOptions = {},
    client: TLSClientOptions = {},
  ): Promise<{ server: Talker; client: Talker }> {
    return network.pair(serverContext({ engine, ...server }), clientContext({ engine, ...client }));
  }

  /** The reasons of a handshake that fails at both ends. */
  async function failure(
    server: TLSServerOptions,
    client: TLSClientOptions = {},
  ): Promise<{ server: Error; client: Error }> {
    const ends = await pair(server, client);
    return { server: await ends.server.lost(), client: await ends.client.lost() };
  }

  it('completes once, and both ends agree on the facts', async () => {
    const { server, client } = await pair(
      { alpnProtocols: ['b', 'a'] },
      { alpnProtocols: ['a', 'b'] },
    );
    for (const { tls, log } of [server, client]) {
      expect(log).toEqual(['made', 'secured']);
      expect(tls).toMatchObject({
        engine,
        handshakeComplete: true,
        version: 'TLSv1.3',
        negotiatedProtocol: 'b',
        serverName: HOSTNAME,
        resumed: false,
      });
      expect(tls.cipher).toMatch(/^TLS_/);
    }
    expect([server.tls.role, client.tls.role]).toEqual(['server', 'client']);
    expect(client.tls.getPeerCertificate()?.subject).toBe('CN=server');
    expect(client.tls.getPeerCertificateChain()[0]?.subject).toBe('CN=server');
    expect(server.tls.getPeerCertificate()).toBeUndefined();
    const [one, two] = [server, client].map(({ tls }) =>
      tls.exportKeyingMaterial(32, 'EXPORTER-test'),
    );
    expect(one).toEqual(two);
    const [three, four] = [server, client].map(({ tls }) =>
      tls.exportKeyingMaterial(32, 'EXPORTER-test', Buffer.from('context')),
    );
    expect(three).toEqual(four);
    expect(three).not.toEqual(one);
  });

  it('speaks TLS 1.2 if one end does', async () => {
    const { client } = await pair({ maxVersion: 'TLSv1.2' });
    expect(client.tls).toMatchObject({ version: 'TLSv1.2' });
    client.transport.loseConnection();
  });

  it('fails without a common version', async () => {
    const reasons = await failure({ minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' });
    expect(reasons.server).toMatchObject({
      code: 'ERR_TLS_HANDSHAKE',
      reason: 'UNSUPPORTED_PROTOCOL',
    });
    expect(reasons.client).toMatchObject({
      code: 'ERR_TLS_HANDSHAKE',
      reason: 'TLSV1_ALERT_PROTOCOL_VERSION',
      alert: 70,
      alertReceived: true,
    });
  });

  it('fails without a common protocol', async () => {
    const reasons = await failure({ alpnProtocols: ['a'] }, { alpnProtocols: ['b'] });
    expect(reasons.client).toMatchObject({ alert: 120, alertReceived: true });
    expect(reasons.server).toBeInstanceOf(TLSHandshakeError);
  });

  it('uses the ciphers, groups and signature algorithms of the options', async () => {
    const { client } = await pair(
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' },
      { groups: 'P-256', signatureAlgorithms: 'ECDSA+SHA256' },
    );
    expect(client.tls.cipher).toBe('ECDHE-ECDSA-CHACHA20-POLY1305');
  });

  it('chooses between chains of different keys', async () => {
    const rsa = await authority.issue('rsa', { names: [HOSTNAME], keys: 'rsa' });
    const { client } = await pair(
      { identity: [identity, rsa], maxVersion: 'TLSv1.2' },
      { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    );
    expect(client.tls.getPeerCertificate()?.subject).toBe('CN=rsa');
  });

  describe('of a client', () => {
    const FAULTS: readonly [string, CertificateOptions][] = [
      ['expired', { from: -30, to: -1 }],
      ['not-yet-valid', { from: 1, to: 30 }],
      ['wrong-name', { names: ['other.example'] }],
      ['wrong-use', { use: 'client' }],
    ];
    it.each(FAULTS)('refuses a certificate that is %s', async (reason, options) => {
      const faulty = await authority.issue('faulty', { names: [HOSTNAME], ...options });
      using errors = captureLoggedErrors();
      const { client, server } = await failure({ identity: faulty });
      // The server has warned about the dates of its own certificate.
      errors.flush('ERR_TLS_CONTEXT');
      expect(client).toMatchObject({
        code: 'ERR_TLS_CERTIFICATE',
        reason,
        depth: 0,
        subject: 'CN=faulty',
      });
      expect(server).not.toMatchObject({ code: 'ERR_CONNECTION_DONE' });
    });

    it('refuses a certificate that is self-signed, or of an unknown root', async () => {
      const own = await failure({ identity: await selfSigned({ names: [HOSTNAME] }) });
      expect(own.client).toMatchObject({ reason: 'self-signed' });
      const stranger = await (await Authority.make('Another root')).issue('s', {
        names: [HOSTNAME],
      });
      const unknown = await failure({ identity: stranger });
      expect(unknown.client).toMatchObject({ reason: 'unknown-root' });
    });

    const ISSUER_FAULTS: readonly [string, Parameters<typeof Authority.make>[2]][] = [
      ['expired', { from: -30, to: -1 }],
      ['not-yet-valid', { from: 1, to: 30 }],
      ['wrong-use', { ca: false }],
      ['wrong-use', { use: 'client' }],
    ];
    it.each(ISSUER_FAULTS)('names an issuer that is at fault: %s %j', async (reason, options) => {
      const faulty = await Authority.make('Faulty issuer', authority, options);
      const leaf = await faulty.issue('leaf', { names: [HOSTNAME] });
      const certificate = `${leaf.certificate}\n${faulty.certificate}`;
      const { client } = await failure({ identity: { certificate, key: leaf.key } });
      expect(client).toMatchObject({ reason, depth: 1, subject: 'CN=Faulty issuer' });
    });

    it('names the last certificate of a chain without a trusted root', async () => {
      const strange = await Authority.make('Strange', await Authority.make('Another root'));
      const leaf = await strange.issue('leaf', { names: [HOSTNAME] });
      const certificate = `${leaf.certificate}\n${strange.certificate}`;
      const { client } = await failure({ identity: { certificate, key: leaf.key } });
      expect(client).toMatchObject({ reason: 'unknown-root', depth: 1, subject: 'CN=Strange' });
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('tells the server of %s why', async (maxVersion) => {
      const { certificate: trustRoots } = await Authority.make('Strange');
      const { server } = await failure({ maxVersion }, { trustRoots });
      // Node's client of TLS 1.2 has no way to send an alert.
      expect(server).toMatchObject(
        engine === 'node' && maxVersion === 'TLSv1.2'
          ? { code: 'ERR_TLS_TRUNCATED' }
          : { code: 'ERR_TLS_HANDSHAKE', alert: 48, alertReceived: true },
      );
    });

    it('names the expected and the actual names of a certificate', async () => {
      const faulty = await authority.issue('faulty', {
        names: ['a.example', '*.b.example'],
        addresses: ['192.0.2.1'],
      });
      const { client } = await failure({ identity: faulty });
      const names = ['a.example', '*.b.example', '192.0.2.1'];
      expect(client).toMatchObject({ reason: 'wrong-name', hostname: HOSTNAME, names });
      expect(client.message).toContain(
        `it is not for ${HOSTNAME}, but for a.example, *.b.example, 192.0.2.1 (CN=faulty, depth 0)`,
      );
      const nameless = await failure({ identity: await authority.issue('nameless') });
      expect(nameless.client.message).toContain('it has no alternative names');
    });

    it('refuses a revoked certificate', async () => {
      const revoked = await authority.issue('revoked', { names: [HOSTNAME] });
      const crls = await authority.revoke(revoked);
      const { client } = await failure({ identity: revoked }, { crls });
      expect(client).toMatchObject({ reason: 'revoked', depth: 0, subject: 'CN=revoked' });
      const fine = await pair({}, { crls });
      expect(fine.client.reason).toBeUndefined();
    });

    it('accepts only pinned keys, if there are any', async () => {
      const { client } = await failure({}, { pinnedKeys: [Buffer.alloc(32)] });
      expect(client).toMatchObject({ reason: 'pin' });
      for (const pinned of [identity, authority]) {
        const fine = await pair({}, { pinnedKeys: [pinOfCertificate(pinned.certificate)] });
        expect(fine.client.reason).toBeUndefined();
      }
    });

    it('verifies IP addresses', async () => {
      const server = serverContext({ engine });
      const right = await network.pair(server, clientContext({ engine }), {
        hostname: '127.0.0.1',
      });
      expect(right.client.tls.handshakeComplete).toBe(true);
      expect(right.server.tls.serverName).toBeUndefined();
      const wrong = await network.pair(server, clientContext({ engine }), {
        hostname: '127.0.0.2',
      });
      expect(await wrong.client.lost()).toMatchObject({ reason: 'wrong-name' });
    });

    it('trusts every certificate only if told so', async () => {
      const own = await selfSigned({ names: ['somewhere.example'] });
      const { client } = await pair({ identity: own }, { trustRoots: TRUST_ANY });
      expect(client.tls.getPeerCertificate()?.subject).toBe('CN=self-signed');
    });
  });

  describe('of a server', () => {
    const demands = { clientCertificates: 'required', trustRoots: authority.certificate } as const;

    it('requires a certificate of the client, and maps it', async () => {
      const someone = await authority.issue('someone', { use: 'client' });
      const { server } = await pair(
        { ...demands, mapClientCertificate: ({ subject }) => ({ user: subject.slice(3) }) },
        { identity: someone },
      );
      expect(server.tls.clientIdentity).toEqual({ user: 'someone' });
      expect(server.tls.getPeerCertificate()?.subject).toBe('CN=someone');
    });

    it('refuses clients without a certificate, or with a wrong one', async () => {
      const without = await pair(demands);
      expect(await without.server.lost()).toMatchObject({ reason: 'missing' });
      expect(await without.client.lost()).not.toMatchObject({ code: 'ERR_CONNECTION_DONE' });
      const stranger = await (await Authority.make('Another root')).issue('s', { use: 'client' });
      const wrong = await pair(demands, { identity: stranger });
      expect(await wrong.server.lost()).toMatchObject({ reason: 'unknown-root' });
    });

    it('accepts clients without a certificate if it only asks', async () => {
      const asked: string[] = [];
      const { server } = await pair({
        ...demands,
        clientCertificates: 'requested',
        mapClientCertificate: ({ subject }) => asked.push(subject),
      });
      expect(server.reason).toBeUndefined();
      expect(asked).toEqual([]);
    });

    const REFUSALS = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((maxVersion) =>
      ([{ alert: 49 }, { alert: 80 }] as const).map(({ alert }) => ({ maxVersion, alert })),
    );

    it.each(REFUSALS)('a client that is refused after the handshake sees it: %j', async (which) => {
      const { maxVersion, alert } = which;
      const someone = await authority.issue('someone', { use: 'client' });
      const fault = new Error('out of mapClientCertificate');
      const mapClientCertificate = (): null => {
        if (alert === 80) throw fault;
        return null;
      };
      const there = new Talker({ made: ({ transport }) => transport.write('secret') });
      const context = serverContext({ ...demands, engine, maxVersion, mapClientCertificate });
      const port = network.listen(context, () => there);
      const client = network.connect(
        port,
        clientContext({ engine, identity: someone }),
        new Talker(),
      );
      const reason = await client.lost();
      // OpenSSL cannot send an alert of the caller's, so with TLS 1.2 and with Node's engine the connection is cut.
      expect(reason).toMatchObject(
        engine === 'native' && maxVersion === 'TLSv1.3'
          ? { code: 'ERR_TLS_HANDSHAKE', alert, alertReceived: true }
          : {
              code: 'ERR_TLS_TRUNCATED',
              message: expect.stringMatching(/refused the certificate|log of the peer/),
            },
      );
      expect(client.text).toBe('');
      const end = await there.lost();
      if (alert === 49) expect(end).toMatchObject({ reason: 'refused', subject: 'CN=someone' });
      else expect(end).toBe(fault);
      expect(there.log).toEqual(['made', 'lost']);
      network.reports.length = 0;
    });

    it('reports an error of mapClientCertificate, which ends this connection', async () => {
      const someone = await authority.issue('someone', { use: 'client' });
      const fault = new Error('out of mapClientCertificate');
      const { server } = await pair(
        {
          ...demands,
          mapClientCertificate() {
            throw fault;
          },
        },
        { identity: someone },
      );
      expect(await server.lost()).toBe(fault);
      expect(network.reports).toEqual([fault]);
    });
  });
});
