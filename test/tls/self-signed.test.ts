/** Self-signed certificates: their contents, their use in handshakes, and the error without the packages. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  createReactor,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  InvalidHostNameError,
  Protocol,
  type Transport,
} from '../../src/index.js';
import {
  connectTLS,
  listenTLS,
  selfSignedCertificate,
  TLSServerContext,
} from '../../src/tls/index.js';
import { within } from '../support/deadline.js';
import { ENGINES } from './secured.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DAY_MS = 24 * 60 * 60 * 1000;

describe('selfSignedCertificate', () => {
  it('is for this machine and 30 days by default', async () => {
    const { certificate, key } = await selfSignedCertificate();
    const x509 = new X509Certificate(certificate);
    expect(x509.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(x509.ca).toBe(false);
    expect(x509.subject).toBe('CN=localhost');
    expect(x509.checkHost('localhost', { subject: 'never' })).toBe('localhost');
    expect(x509.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(x509.checkIP('::1')).toBe('::1');
    expect(daysLeft(x509)).toBeCloseTo(30, 2);
    expect(Date.parse(x509.validFrom)).toBeLessThan(Date.now());
  });

  it('has the given names, wildcards and international ones among them', async () => {
    const names = ['*.Example.com', 'bücher.example', '2001:db8::1'];
    const { certificate } = await selfSignedCertificate({ names, days: 3 });
    const x509 = new X509Certificate(certificate);
    expect(x509.checkHost('www.example.com', { subject: 'never' })).toBe('*.example.com');
    expect(x509.checkHost('xn--bcher-kva.example')).toBe('xn--bcher-kva.example');
    expect(x509.checkIP('2001:db8::1')).toBe('2001:db8::1');
    expect(x509.checkHost('localhost')).toBeUndefined();
    expect(daysLeft(x509)).toBeCloseTo(3, 2);
  });

  it('has an RSA key on request, and a long name in its list only', async () => {
    const name = `${'a'.repeat(60)}.example.com`;
    const { certificate, key } = await selfSignedCertificate({ names: [name], keyType: 'rsa' });
    const x509 = new X509Certificate(certificate);
    expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(x509.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(x509.checkHost(name, { subject: 'never' })).toBe(name);
  });

  it('has another serial number each time', async () => {
    const [one, other] = await Promise.all([selfSignedCertificate(), selfSignedCertificate()]);
    const { serialNumber } = new X509Certificate(one.certificate);
    expect(new X509Certificate(other.certificate).serialNumber).not.toBe(serialNumber);
  });

  describe.each(ENGINES)('in a handshake by the %s engine', (engine) => {
    it.each(['ecdsa', 'rsa'] as const)('serves both sides, with %s', async (keyType) => {
      const other = await selfSignedCertificate();
      const identity = await selfSignedCertificate({ keyType });
      // Of two roots with the same name, the right one is used.
      const trustRoots = [other.certificate, identity.certificate];
      const both = { engine, identity, trustRoots };
      const reactor = createReactor({ kind: 'node' });
      await using _reactor = reactor;
      const context = new TLSServerContext({ ...both, clientCertificates: 'required' });
      const greeter = {
        handshakeCompleted: (transport: Transport) => {
          transport.write(transport.tls?.getPeerCertificate()?.subject ?? '');
          transport.loseConnection();
        },
      };
      const port = listenTLS(reactor, 0, () => greeter, context);
      const ended = new Promise<string>((resolve) => {
        let text = '';
        class Client extends Protocol {
          override dataReceived(data: Buffer): void {
            text += data;
          }

          override connectionLost(reason: Error): void {
            resolve(`${text} ${reason.name}`);
          }
        }
        connectTLS(reactor, 'localhost', port.getHost().port, Client, both);
      });
      expect(await within(ended, 'an end')).toBe('CN=localhost ConnectionDone');
    });
  });

  it.each([
    ['no names', { names: [] }, InvalidArgumentValueError],
    ['a name that is no text', { names: [1] }, InvalidArgumentTypeError],
    ['names that are no array', { names: 'localhost' }, InvalidArgumentTypeError],
    ['a URL', { names: ['https://localhost'] }, InvalidHostNameError],
    ['no days', { days: 0 }, InvalidArgumentValueError],
    ['another type of key', { keyType: 'dsa' }, InvalidArgumentValueError],
  ])('refuses %s', async (_what, options, type) => {
    await expect(selfSignedCertificate(options as never)).rejects.toThrow(type);
  });

  it('says which packages to install if they are missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-self-signed-'));
    try {
      for (const name of ['dist', 'package.json']) {
        cpSync(join(ROOT, name), join(folder, name), { recursive: true });
      }
      const module = JSON.stringify(pathToFileURL(join(folder, 'dist/tls/index.js')));
      const program = `
        const { selfSignedCertificate } = await import(${module});
        await selfSignedCertificate().catch(({ code, message }) => console.log(code, message));
      `;
      const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(said).toContain('ERR_MISSING_PACKAGE');
      expect(said).toContain('npm install @peculiar/x509 reflect-metadata');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function daysLeft(certificate: X509Certificate): number {
  return (Date.parse(certificate.validTo) - Date.now()) / DAY_MS;
}
