/** Messages for certificates, keys and lists in a wrong form: they name the option, and say what to do. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InvalidArgumentValueError, TLSContextError } from '../../src/index.js';
import { TLSClientContext, TLSServerContext, type TLSServerOptions } from '../../src/tls/index.js';
import { authority, ENGINES, identity } from './secured.js';

const { certificate, key } = identity;
const other = await authority.issue('other');
const secret = Buffer.alloc(48, 'sec').toString('base64');
const weak = await authority.issue('weak', { keys: 'weak' });
const certificateDer = new X509Certificate(certificate).raw;
const keyDer = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
// As far as the format is told from them: PKCS #12 with version 3, and PKCS #7 with signed data.
const pkcs12 = Buffer.from('3082000c0201033007060100', 'hex');
const pkcs7 = Buffer.from('300b06092a864886f70d010702', 'hex');
const utf16 = Buffer.from(`\ufeff${certificate}`, 'utf16le');

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(ENGINES)('a context of the engine %s', (engine) => {
  const make = (options: TLSServerOptions) => (): TLSServerContext =>
    new TLSServerContext({ engine, ...options });

  function refused(options: TLSServerOptions, message: string): void {
    expect(make(options)).toThrow(TLSContextError);
    expect(make(options)).toThrow(message);
  }

  it.each([
    [pkcs12, 'is PKCS #12 (.p12 or .pfx), not PEM or DER: `openssl pkcs12'],
    [pkcs7, 'is PKCS #7 (.p7b), not PEM or DER: `openssl pkcs7'],
    [keyDer, 'is a private key, not a certificate'],
    [Buffer.from([0x30, 3, 2, 1, 1]), 'has a certificate that cannot be read'],
    [Buffer.alloc(0), 'is empty'],
    [utf16, 'is UTF-16 text: save it as UTF-8'],
    [certificate.slice(0, 200), 'has a PEM block without its last line: it is cut off'],
    [pkcs12.toString('latin1'), 'is PKCS #12'],
    ['0\ufffd\ufffd', 'is binary, and was decoded as text'],
    [key, 'is PEM, but not a certificate: it contains PRIVATE KEY'],
    [[], 'is an empty list'],
  ] as const)('refuses a certificate %#, by the name of its option', (wrong, fault) => {
    refused({ identity: { certificate: wrong, key } }, `identity.certificate ${fault}`);
    if (wrong.length === 0) return;
    const clients = { clientCertificates: 'required', trustRoots: wrong } as const;
    refused({ identity, ...clients }, `trustRoots ${fault}`);
  });

  it.each([
    [pkcs12, 'is PKCS #12'],
    [certificateDer, 'is a certificate, not a private key'],
    [Buffer.from([0x30, 3, 2, 1, 1]), 'is DER of no private key'],
    [Buffer.alloc(0), 'is empty'],
    [key.slice(0, 100), 'has a private key that cannot be read'],
    [certificate, 'contains no private key, but CERTIFICATE'],
    [`${certificate.trimEnd()}${key}`, 'has two PEM blocks without a line end between them'],
  ])('refuses a key %#, by the name of its option', (wrong, fault) => {
    refused({ identity: { certificate, key: wrong } }, `identity.key ${fault}`);
  });

  it('names the options of a key and a certificate that do not match', () => {
    refused(
      { identity: { certificate, key: other.key } },
      'identity.key is not the key of the first certificate (CN=server) of identity.certificate. Give',
    );
    refused(
      { identity, serverNames: { 'a.example': { certificate, key: other.key } } },
      'serverNames, a.example: identity.key is not the key',
    );
  });

  it('refuses a weak key, and says so', () => {
    const reason = /^identity is refused by OpenSSL: .*too small\. Use a stronger key/;
    expect(make({ identity: weak })).toThrow(reason);
    const both = [identity, weak];
    expect(make({ identity: both })).toThrow(/^identity\[1\] is refused by OpenSSL: .*too small/);
  });

  it('refuses a revocation list that is none', () => {
    const clients = { clientCertificates: 'required', trustRoots: certificate } as const;
    refused({ identity, ...clients, crls: certificateDer }, 'crls has a list that cannot be read');
    refused({ identity, ...clients, crls: pkcs12 }, 'crls is PKCS #12');
  });

  it.each([
    [{ ciphers: 'NOPE' }, /^ciphers "NOPE" is refused: OpenSSL \S+ knows nothing in it\. It must/],
    [{ ciphers: 'TLS_AES_128_GCM_SHA256' }, /^ciphers has TLS_AES_128_GCM_SHA256: .* cipherSuites/],
    [{ cipherSuites: 'TLS_NOPE' }, /^cipherSuites "TLS_NOPE" is refused: .* knows nothing in it/],
    [{ cipherSuites: 'DEFAULT' }, /^cipherSuites has DEFAULT, no suite of TLS 1\.3: .* in ciphers/],
    [{ groups: 'P-256:NOPE' }, /^groups "P-256:NOPE" is refused: .* does not know 'NOPE'/],
    [{ groups: 'auto' }, /^groups "auto" is refused/],
    [{ signatureAlgorithms: 'NOPE' }, /^signatureAlgorithms "NOPE" .* does not know 'NOPE'/],
  ])('refuses the list %j', (lists, message) => {
    expect(make({ identity, ...lists })).toThrow(TLSContextError);
    expect(make({ identity, ...lists })).toThrow(message);
    expect(() => new TLSClientContext({ engine, ...lists })).toThrow(message);
  });

  it.each(['ciphers', 'cipherSuites', 'groups', 'signatureAlgorithms'] as const)(
    'refuses empty %s, which would be the default',
    (option) => {
      expect(make({ identity, [option]: '' })).toThrow(InvalidArgumentValueError);
      expect(make({ identity, [option]: '' })).toThrow(
        `${option} must be names separated by colons`,
      );
    },
  );

  it.each([
    { identity: { certificate, keyFile: key } },
    { identity: { certificateFile: `${key}${certificate}`, key } },
    { identity: { certificate, keyFile: `${key.split('-----')[2]}` } },
    { identity: { certificate, keyFile: `${keyDer.toString('latin1')}\0` } },
    { identity: { certificate, key, passphrase: 20_731_904 } },
    { identity, ticketKeys: [secret] },
    { identity, ticketKeys: secret },
  ] as object[])('shows no secret in the error for %#', (wrong) => {
    const error = thrownBy(make(wrong as TLSServerOptions));
    const shown = inspect(error, { depth: null });
    expect(error).toHaveProperty('code');
    for (const part of [key.slice(40, 70), keyDer.toString('latin1', 40, 50), '2073', 'c2Vj']) {
      expect(shown).not.toContain(part);
    }
  });

  it('refuses wrong PKCS #12', ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-tls-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = (name: string): string => join(folder, name);
    writeFileSync(file('both.pem'), `${key}${certificate}`);
    const args = ['pkcs12', '-export', '-in', 'both.pem', '-out', 'x.p12', '-passout', 'pass:x'];
    try {
      execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    } catch {
      skip('the openssl command is not installed');
    }
    const pfxFile = file('x.p12');
    const pem = file('both.pem');
    make({ identity: { pfxFile, passphrase: 'x' } })();
    refused({ identity: { pfxFile } }, 'identity.pfxFile is encrypted: give its passphrase');
    refused(
      { identity: { pfxFile, passphrase: 'y' } },
      'identity.pfxFile cannot be decrypted (mac verify failure): check passphrase',
    );
    refused(
      { identity: { pfxFile: pem } },
      'identity.pfxFile is PEM, not PKCS #12: give it as certificateFile and keyFile',
    );
    refused({ identity: { pfx: pfxFile as never } }, 'identity.pfx must be bytes. The name of');
    refused({ identity: { pfx: pkcs12 } }, 'identity.pfx is no PKCS #12 with a certificate');
    writeFileSync(file('both.pem'), `${weak.key}${weak.certificate}`);
    execFileSync('openssl', args.with(5, 'weak.p12'), { cwd: folder, stdio: 'ignore' });
    const weakIdentity = { pfxFile: file('weak.p12'), passphrase: 'x' };
    expect(make({ identity: weakIdentity })).toThrow(
      /^identity is refused by OpenSSL: .*too small/,
    );
    make({ identity: weakIdentity, ciphers: 'DEFAULT:@SECLEVEL=0' })();
    const both = [identity, { pfx: readFileSync(pfxFile), passphrase: 'x' }];
    refused({ identity: both }, 'identity[1] and identity[0] have the same kind of key');
    refused(
      { identity: { certificateFile: pfxFile, keyFile: pem } },
      'identity.certificateFile is PKCS #12',
    );
  });
});
