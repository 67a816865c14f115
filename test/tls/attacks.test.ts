/** Attacks on TLS that must fail: by peers, and by what surrounds a context. */
import 'reflect-metadata';
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { X509CertificateGenerator } from '@peculiar/x509';
import { describe, expect, it, vi } from 'vitest';
import { captureLoggedErrors } from '../../src/testing/index.js';
import {
  connectTLS,
  listenTLS,
  type TLSClientContext,
  TLSServerContext,
  type TLSServerOptions,
} from '../../src/tls/index.js';
import { isServerName, ServerNames } from '../../src/tls/server-names.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';
import { authority, clientContext, ENGINES, type Engine, HOSTNAME, identity } from './secured.js';

const other = await authority.issue('other', { names: ['other.example'] });
const client = await authority.issue('client', { use: 'client' });
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const LOCAL = { interface: '127.0.0.1' } as const;

interface Served {
  readonly port: number;
  readonly server: Recorder;
}

function serve(rig: Rig, context: TLSServerContext): Served {
  const server = new Recorder();
  const factory = new RecordingFactory(() => server);
  return { port: portOf(listenTLS(rig.reactor, 0, factory, context, LOCAL)), server };
}

function connect(rig: Rig, port: number, context: TLSClientContext, hostname = HOSTNAME): Recorder {
  const recorder = new Recorder();
  const factory = new RecordingFactory(() => recorder);
  connectTLS(rig.reactor, '127.0.0.1', port, factory, context, { hostname });
  return recorder;
}

/** A server of `node:tls`. @returns Its port. */
async function nodeServer(rig: Rig, options: tls.TlsOptions): Promise<number> {
  const server = tls.createServer(options, (socket) => socket.on('error', () => {}).resume());
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  rig.use({
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  });
  return (server.address() as { port: number }).port;
}

/** The hello of a client that asks for `name`, which has as many characters as {@link PLACE}. */
async function helloFor(name: string): Promise<Buffer> {
  const hello = Buffer.from(await recordedHello);
  hello.write(name, hello.indexOf(PLACE), 'latin1');
  return hello;
}

const PLACE = `${'p'.repeat(12)}.example`;
const recordedHello = new Promise<Buffer>((resolve) => {
  const wire = new Duplex({ read() {}, write: (bytes: Buffer) => resolve(bytes) });
  tls.connect({ socket: wire, servername: PLACE });
});

describe.each(ENGINES)('by the engine %s', (engine: Engine) => {
  contract('attacks on clients', (rig) => {
    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'a session with a refused server is not resumed (%s)',
      async (version) => {
        const port = await nodeServer(rig, {
          cert: other.certificate,
          key: other.key,
          minVersion: version,
          maxVersion: version,
        });
        const context = clientContext({ engine });
        for (let i = 0; i < 3; i++) {
          const reason = await connect(rig, port, context).lost();
          expect(reason).toMatchObject({ name: 'TLSCertificateError', reason: 'wrong-name' });
        }
      },
    );

    it('a certificate with a pinned key that has signed nothing does not count', async () => {
      const pinned = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
      const forger = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
      const issuer = new X509Certificate(identity.certificate).issuer;
      const forged = await X509CertificateGenerator.create({
        subject: issuer,
        issuer,
        publicKey: pinned.publicKey,
        signingKey: forger.privateKey,
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      });
      const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', pinned.publicKey));
      const pin = createHash('sha256').update(spki).digest('base64');
      const port = await nodeServer(rig, {
        cert: `${identity.certificate}\n${forged.toString('pem')}`,
        key: identity.key,
      });
      const context = clientContext({ engine, pinnedKeys: [pin] });
      const reason = await connect(rig, port, context).lost();
      expect(reason).toMatchObject({ name: 'TLSCertificateError', reason: 'pin' });
    });
  });

  contract('attacks on servers', (rig) => {
    const make = (options: TLSServerOptions): TLSServerContext =>
      new TLSServerContext({ identity, engine, ...options });
    const authenticated = {
      clientCertificates: 'required',
      trustRoots: authority.certificate,
    } as const;

    it('the context of a name neither waives client certificates nor pins', async () => {
      const requested = { ...authenticated, clientCertificates: 'requested' } as const;
      const lax = new TLSServerContext({ identity: other, engine, ...requested });
      const named = { 'other.example': lax };
      const strict = serve(rig, make({ ...authenticated, serverNames: named }));
      connect(rig, strict.port, clientContext({ engine }), 'other.example');
      expect(await strict.server.lost()).toMatchObject({ reason: 'missing' });
      const pinnedKeys = [createHash('sha256').update('other').digest('base64')];
      const trusting = new TLSServerContext({ identity: other, engine, ...authenticated });
      const pinning = serve(
        rig,
        make({ ...authenticated, pinnedKeys, serverNames: { 'other.example': trusting } }),
      );
      connect(rig, pinning.port, clientContext({ engine, identity: client }), 'other.example');
      expect(await pinning.server.lost()).toMatchObject({ reason: 'pin' });
    });

    it('a certificate without a subject is refused like any other', async () => {
      const mapped = { ...authenticated, mapClientCertificate: () => undefined };
      const { port, server } = serve(rig, make(mapped));
      const anonymous = await authority.issue('', { use: 'client', names: ['anonymous'] });
      connect(rig, port, clientContext({ engine, identity: anonymous }));
      expect(await server.lost()).toMatchObject({ reason: 'refused' });
    });

    it('a connection that mapClientCertificate ends is not complete', async () => {
      const mapClientCertificate = (): string => {
        server.transport.abortConnection();
        return 'somebody';
      };
      const { port, server } = serve(rig, make({ ...authenticated, mapClientCertificate }));
      const hook = vi.fn();
      Object.assign(server, { handshakeCompleted: hook });
      connect(rig, port, clientContext({ engine, identity: client }));
      expect(await server.lost()).toMatchObject({ name: 'ConnectionAborted' });
      expect(hook).not.toHaveBeenCalled();
    });

    it('keys are not exported for a label that would be cut off', async () => {
      const { port, server } = serve(rig, make({}));
      const peer = connect(rig, port, clientContext({ engine }));
      await peer.made();
      peer.transport.write('x');
      await server.receive(1);
      const { tls: secured } = server.transport;
      expect(secured?.exportKeyingMaterial(16, 'x'.repeat(249))).toHaveLength(16);
      expect(() => secured?.exportKeyingMaterial(16, 'x'.repeat(250))).toThrow('249 bytes');
    });

    it('names that are no names are refused before anything is asked for them', async () => {
      const asked: string[] = [];
      const selectContext = (name: string): undefined => void asked.push(name);
      const context = make({ selectContext });
      for (const name of ['../../../etc/passwd\0', 'other.example\0aaaaaa', ' '.repeat(20)]) {
        const { port, server } = serve(rig, context);
        const peer = await RawPeer.connect(port);
        peer.write(await helloFor(name));
        // A fatal alert, unrecognized_name.
        expect((await peer.receive(7)).subarray(5)).toEqual(Buffer.from([2, 112]));
        peer.reset();
        expect(await server.lost()).toMatchObject({ name: 'TLSHandshakeError' });
      }
      expect(asked).toEqual([]);
    });
  });

  contract('the key log', (rig) => {
    const folder = (): string => {
      const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
      rig.use({
        [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }),
      });
      return path;
    };

    it('has the connections of all names', async () => {
      const keyLogFile = join(folder(), 'keys');
      const serverNames = { 'other.example': other };
      const context = new TLSServerContext({ identity, engine, keyLogFile, serverNames });
      const { port, server } = serve(rig, context);
      const asking = connect(rig, port, clientContext({ engine }), 'other.example');
      await asking.made();
      asking.transport.write('x');
      await server.receive(1);
      expect(readFileSync(keyLogFile, 'latin1')).toContain('SERVER_TRAFFIC_SECRET_0');
    });

    it('harms no connection if it cannot be written any more', async () => {
      const path = folder();
      const context = new TLSServerContext({
        identity,
        engine,
        keyLogFile: join(path, 'keys'),
        clientCertificates: 'required',
        trustRoots: authority.certificate,
        mapClientCertificate: () => undefined,
      });
      const { port, server } = serve(rig, context);
      rmSync(path, { recursive: true });
      using logged = captureLoggedErrors();
      connect(rig, port, clientContext({ engine, identity: client }));
      expect(await server.lost()).toMatchObject({ reason: 'refused' });
      expect(logged.flush(Error)).toHaveLength(1);
    });
  });
});

describe('names that clients ask for', () => {
  it('a wildcard needs one more label', () => {
    const names = new ServerNames([['*.example', 'wild']]);
    expect(names.find('one.example')).toBe('wild');
    for (const name of ['example', '.example', 'a.b.example', '']) {
      expect(names.find(name), name).toBeUndefined();
    }
  });

  it('are host names', () => {
    for (const name of ['a.example', 'xn--bcher-kva.example', '_a.b-c.', '127.0.0.1']) {
      expect(isServerName(name), name).toBe(true);
    }
    for (const name of ['..', '.a', 'a/b', 'a\0', 'a b', '', '*.a', 'é', `${'a.'.repeat(128)}a`]) {
      expect(isServerName(name), name).toBe(false);
    }
  });
});
