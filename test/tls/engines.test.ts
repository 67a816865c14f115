/** Both engines behave alike: each scenario runs over all pairs of them, in both versions. */
import { afterEach, describe, expect, it } from 'vitest';

import { nativeTLSReport } from '../../src/tls/native-tls.js';
import type { TLSSettings } from '../../src/tls/settings.js';
import { Authority, type MadeCertificate, selfSigned } from '../support/certificates.js';
import {
  Conversation,
  clientSettings,
  der,
  type EndOptions,
  EngineContext,
  HOSTNAME,
  identityOf,
  PAIRINGS,
  pinOf,
  serverSettings,
} from './engine-pairs.js';

const authority = await Authority.make();
const leaf = await authority.issue('server', { names: [HOSTNAME], addresses: ['127.0.0.1'] });
const person = await authority.issue('person', { use: 'client' });
const stranger = await selfSigned();

const conversations: Conversation[] = [];

afterEach(() => {
  for (const one of conversations.splice(0)) one.end();
});

function talk(
  client: EngineContext,
  server: EngineContext,
  options?: EndOptions,
  serverOptions?: EndOptions,
): Conversation {
  const made = new Conversation(client, server, options, serverOptions);
  conversations.push(made);
  return made;
}

describe.skipIf(!nativeTLSReport().available).each(PAIRINGS)(
  'a $client client of a $server server with $version',
  ({ client, server, version }) => {
    const clientContext = (more: Partial<TLSSettings> = {}): EngineContext =>
      new EngineContext(client, clientSettings(authority, more), false);
    const serverContext = (
      more: Partial<TLSSettings> = {},
      identity: MadeCertificate = leaf,
    ): EngineContext =>
      new EngineContext(server, serverSettings(identity, { maxVersion: version, ...more }), true);

    it('agrees on the same facts', async () => {
      const pair = talk(
        clientContext({ alpnProtocols: ['http/1.1', 'h2'] }),
        serverContext({ alpnProtocols: ['h2', 'http/1.1'] }),
      );
      await pair.shakeHands();
      const facts = {
        version,
        cipher: version === 'TLSv1.3' ? 'TLS_AES_256_GCM_SHA384' : 'ECDHE-ECDSA-AES256-GCM-SHA384',
        negotiatedProtocol: 'h2',
        serverName: HOSTNAME,
        resumed: false,
        ocspResponse: undefined,
      };
      expect(pair.client.engine.state).toMatchObject(facts);
      expect(pair.server.engine.state).toMatchObject({ ...facts, peerCertificates: [] });
      expect(pair.client.engine.state?.peerCertificates[0]).toEqual(der(leaf.certificate));
      const key = pair.client.engine.exportKeyingMaterial(32, 'label', Buffer.from('context'));
      expect(pair.server.engine.exportKeyingMaterial(32, 'label', Buffer.from('context'))).toEqual(
        key,
      );
      expect(pair.client.engine.exportKeyingMaterial(32, 'label', undefined)).not.toEqual(key);
    });

    it('carries data in both directions, and data behind the end of the other', async () => {
      const pair = talk(clientContext(), serverContext());
      pair.client.engine.write(Buffer.from('written early, '));
      pair.server.engine.write(Buffer.from('by both'));
      await pair.shakeHands();
      const large = 'x'.repeat(300_000);
      pair.client.engine.write(Buffer.from(large));
      pair.client.engine.flush();
      pair.server.engine.flush();
      await pair.until(() => pair.server.received.length >= large.length + 15);
      expect(pair.server.received).toBe(`written early, ${large}`);
      pair.client.engine.write(Buffer.from('bye'));
      pair.client.engine.close();
      await pair.until(() => pair.server.events.includes('closed'));
      expect(pair.server.received.endsWith('bye')).toBe(true);
      expect(pair.client.events).toContain('finished');
      expect(pair.client.engine.bufferedBytes).toBe(0);
      pair.server.engine.close();
      await pair.until(() => pair.client.events.includes('closed'));
      expect(pair.client.received).toBe('by both');
    });

    it('resumes sessions', async () => {
      const from = clientContext({ sessionCacheSize: 2 });
      const to = serverContext({ ticketKeys: [Buffer.alloc(48, 1)] });
      // Another process with the same keys.
      const other = serverContext({ ticketKeys: [Buffer.alloc(48, 1)] });
      const resumed: (boolean | undefined)[] = [];
      for (const context of [to, to, to, other, to]) {
        const pair = talk(from, context, { sessionKey: 'key' });
        await pair.shakeHands();
        expect(pair.client.engine.state?.resumed).toBe(pair.server.engine.state?.resumed);
        resumed.push(pair.client.engine.state?.resumed);
        expect(pair.client.engine.state?.peerCertificates[0]).toEqual(der(leaf.certificate));
      }
      expect(resumed).toEqual([false, true, true, true, true]);
      const without = talk(from, serverContext({ resumption: false }), { sessionKey: 'key' });
      await without.shakeHands();
      expect(without.client.engine.state?.resumed).toBe(false);
    });

    it('refuses a client with no protocol in common', async () => {
      const pair = talk(
        clientContext({ alpnProtocols: ['h2'] }),
        serverContext({ alpnProtocols: ['imap'] }),
      );
      await pair.shakeHands();
      expect(pair.server.fault).toBe('TLSHandshakeError NO_APPLICATION_PROTOCOL');
      expect(pair.client.fault).toBe('TLSHandshakeError TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
      expect(pair.client.failure).toMatchObject({ alert: 120, alertReceived: true });
    });

    it('lets an end have its own protocols', async () => {
      const pair = talk(
        clientContext({ alpnProtocols: ['h2'] }),
        serverContext({ alpnProtocols: ['h2'] }),
        { alpnProtocols: ['imap'] },
        { alpnProtocols: ['smtp', 'imap'] },
      );
      await pair.shakeHands();
      expect(pair.server.engine.state?.negotiatedProtocol).toBe('imap');
    });

    it('refuses a client with no version in common', async () => {
      const other = version === 'TLSv1.2' ? 'TLSv1.3' : 'TLSv1.2';
      const pair = talk(
        clientContext({ minVersion: other, maxVersion: other }),
        serverContext({ minVersion: version }),
      );
      await pair.shakeHands();
      expect(pair.server.fault).toBe('TLSHandshakeError UNSUPPORTED_PROTOCOL');
      expect(pair.client.fault).toBe('TLSHandshakeError TLSV1_ALERT_PROTOCOL_VERSION');
    });

    it('refuses what is not TLS, and changed records', async () => {
      const pair = talk(clientContext(), serverContext());
      pair.client.outgoing.splice(0);
      pair.server.engine.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
      await pair.until(() => pair.server.over);
      expect(pair.server.fault).toBe('TLSHandshakeError HTTP_REQUEST');

      const changed = talk(clientContext(), serverContext());
      await changed.shakeHands();
      changed.client.engine.write(Buffer.from('hello'));
      changed.client.engine.flush();
      await changed.emission(changed.client);
      const [record] = changed.client.outgoing as [Buffer];
      record[record.length - 1] = (record.at(-1) as number) ^ 1;
      await changed.until(() => changed.server.over);
      // Node reports the oldest of OpenSSL's errors, that of the cipher.
      expect(changed.server.fault).toMatch(/BAD_RECORD_MAC|CIPHER_OPERATION_FAILED/);
    });

    const FAULTS: readonly [
      string,
      () => Promise<{ identity?: MadeCertificate; settings?: Partial<TLSSettings>; host?: string }>,
    ][] = [
      ['expired', async () => ({ identity: await issue({ from: -10, to: -1 }) })],
      ['not-yet-valid', async () => ({ identity: await issue({ from: 1 }) })],
      ['wrong-name', async () => ({ host: 'other.example' })],
      ['wrong-name', async () => ({ host: '127.0.0.2' })],
      ['unknown-root', async () => ({ settings: { roots: [] } })],
      ['self-signed', async () => ({ identity: await selfSigned({ names: [HOSTNAME] }) })],
      ['revoked', async () => ({ settings: { crls: [der(await authority.revoke(leaf))] } })],
      ['wrong-use', async () => ({ identity: await issue({ use: 'client' }) })],
      ['pin', async () => ({ settings: { pins: [pinOf(stranger)] } })],
      ['pin', async () => ({ settings: { pins: [pinOf(authority)], trust: 'dangerouslyAny' } })],
      [
        'wrong-name',
        async () => ({ settings: { trust: 'dangerouslyAny' }, host: 'other.example' }),
      ],
    ];
    const issue = (options: object): Promise<MadeCertificate> =>
      authority.issue('server', { names: [HOSTNAME], ...options });

    it.each(FAULTS)('refuses the certificate of a server: %s (%#)', async (reason, faulty) => {
      const { identity = leaf, settings = {}, host = HOSTNAME } = await faulty();
      const pair = talk(clientContext(settings), serverContext({}, identity), { hostname: host });
      await pair.shakeHands();
      await pair.until(() => pair.client.over);
      expect(pair.client.fault).toBe(`TLSCertificateError ${reason}`);
      expect(pair.client.failure?.depth).toBe(0);
      expect(pair.client.failure?.certificate).toEqual(der(identity.certificate));
      expect(pair.client.received).toBe('');
    });

    it.each<[string, Partial<TLSSettings>, string]>([
      ['an IP address', {}, '127.0.0.1'],
      ['any name if names are not checked', { checksName: false }, 'other.example'],
      ['any root', { trust: 'dangerouslyAny', roots: [] }, HOSTNAME],
      ['the key of a root that is pinned', { pins: [pinOf(stranger), pinOf(authority)] }, HOSTNAME],
      ['the own key that is pinned', { pins: [pinOf(leaf)], trust: 'dangerouslyAny' }, HOSTNAME],
    ])('accepts %s', async (_what, settings, hostname) => {
      const pair = talk(clientContext(settings), serverContext(), { hostname });
      await pair.shakeHands();
      expect([pair.client.fault, pair.server.fault]).toEqual([undefined, undefined]);
      expect(pair.client.engine.state?.serverName).toBe(hostname === '127.0.0.1' ? '' : hostname);
    });

    it('verifies certificates of clients', async () => {
      const trusting = { roots: [der(authority.certificate)] } as const;
      const required = serverContext({ peerCertificate: 'required', ...trusting });
      const requested = serverContext({ peerCertificate: 'requested', ...trusting });
      const nobody = clientContext();
      const known = clientContext({ identities: [identityOf(person)] });
      const unknown = clientContext({ identities: [identityOf(stranger)] });
      const faultOf = async (from: EngineContext, to: EngineContext): Promise<unknown> => {
        const pair = talk(from, to);
        await pair.shakeHands();
        await pair.until(() => pair.server.over || pair.server.open);
        return pair.server.fault ?? pair.server.engine.state?.peerCertificates.length;
      };
      expect(await faultOf(nobody, requested)).toBe(0);
      expect(await faultOf(known, requested)).toBeGreaterThan(0);
      expect(await faultOf(known, required)).toBeGreaterThan(0);
      expect(await faultOf(nobody, required)).toBe('TLSCertificateError missing');
      expect(await faultOf(unknown, required)).toBe('TLSCertificateError self-signed');
      expect(await faultOf(unknown, requested)).toBe('TLSCertificateError self-signed');
    });

    it('staples an OCSP response for clients that ask', async () => {
      const response = Buffer.from([1, 2, 3]);
      const identities = [identityOf(leaf, { ocspResponse: response })];
      const to = serverContext({ identities });
      const pair = talk(clientContext({ requestsOCSP: true }), to);
      await pair.shakeHands();
      expect(pair.client.engine.state?.ocspResponse).toEqual(response);
      const other = talk(clientContext(), to);
      await other.shakeHands();
      expect(other.client.engine.state?.ocspResponse).toBeUndefined();
    });

    it('selects the context by name', async () => {
      const names: string[] = [];
      const second = await authority.issue('second', { names: ['second.example'] });
      const other = serverContext({ alpnProtocols: ['smtp'] }, second);
      const to = serverContext({ selectsByName: true });
      const select = (name: string): object | null => {
        names.push(name);
        return name === 'second.example' ? other.value : name === HOSTNAME ? to.value : null;
      };
      const pairOf = async (hostname: string): Promise<Conversation> => {
        const pair = talk(clientContext(), to, { hostname }, { select });
        await pair.shakeHands();
        return pair;
      };
      const chosen = await pairOf('second.example');
      expect(chosen.client.engine.state?.peerCertificates[0]).toEqual(der(second.certificate));
      const same = await pairOf(HOSTNAME);
      expect(same.client.engine.state?.peerCertificates[0]).toEqual(der(leaf.certificate));
      const refused = await pairOf('third.example');
      expect(refused.server.failure).toMatchObject({ reason: expect.anything(), alert: 112 });
      await refused.until(() => refused.client.over);
      expect(refused.client.failure).toMatchObject({ alert: 112, alertReceived: true });
      expect(names).toEqual(['second.example', HOSTNAME, 'third.example']);
    });

    it('logs keys', async () => {
      const lines: string[] = [];
      const from = clientContext({ keyLog: (line) => lines.push(line) });
      await talk(from, serverContext()).shakeHands();
      if (client === 'native') {
        const { nativeTLS } = await import('../../src/tls/native-tls.js');
        lines.push(...nativeTLS().takeTlsKeyLog(from.value).trimEnd().split('\n'));
      }
      const [first = ''] = lines;
      expect(first).toMatch(
        version === 'TLSv1.3'
          ? /^(SERVER|CLIENT)_HANDSHAKE_TRAFFIC_SECRET [\da-f]{64} [\da-f]{96}$/
          : /^CLIENT_RANDOM [\da-f]{64} [\da-f]{96}$/,
      );
    });
  },
);
