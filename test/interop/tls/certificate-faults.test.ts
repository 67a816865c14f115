/** Each fault of a certificate, made by openssl and presented by openssl s_server: the client's error says which it is. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { TLSCertificateError, type TLSCertificateFault } from '../../../src/index.js';
import { pinOfCertificate, type TLSClientOptions, TRUST_ANY } from '../../../src/tls/index.js';
import { authority, HOSTNAME } from '../../tls/secured.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { OpenSSLAuthority } from './openssl-authority.js';
import { connect, exchange, opensslServer, overEngines } from './rig.js';

const AVAILABLE = havePrograms('openssl', 'stdbuf');

interface Case {
  readonly title: string;
  readonly reason: TLSCertificateFault;
  /** The file of the certificate and its key. */
  readonly file: string;
  /** The intermediate certificates. */
  readonly chain?: string;
  readonly subject?: string;
  readonly depth?: number;
  readonly options?: TLSClientOptions;
  /** More options of s_server. */
  readonly server?: readonly string[];
  /** openssl itself refuses to serve it at its default security level. */
  readonly weak?: boolean;
}

const files = new PeerFiles();
afterAll(() => files.remove());

function casesOf(root: OpenSSLAuthority): readonly Case[] {
  const stranger = new OpenSSLAuthority(files, 'stranger');
  const middle = root.intermediate('middle');
  const noAuthority = root.intermediate('no-authority', 'basicConstraints=critical,CA:FALSE');
  const shallow = root.intermediate('shallow', 'basicConstraints=critical,CA:TRUE,pathlen:0');
  const deeper = shallow.intermediate('deeper');
  const revokedMiddle = root.intermediate('revoked-middle');
  const revoked = root.issue('revoked');
  root.revoke(revoked);
  root.revoke(revokedMiddle.file);
  const good = root.issue('good');
  const crl = root.crl();
  return [
    {
      title: 'an expired one',
      reason: 'expired',
      file: root.issue('expired', { from: '20200101000000Z', to: '20210101000000Z' }),
    },
    {
      title: 'one that is not yet valid',
      reason: 'not-yet-valid',
      file: root.issue('future', { from: '20900101000000Z', to: '20910101000000Z' }),
    },
    {
      title: 'one for another name',
      reason: 'wrong-name',
      file: root.issue('other', { extensions: 'subjectAltName=DNS:other.example' }),
    },
    {
      title: 'one whose name is its common name only',
      reason: 'wrong-name',
      file: root.issue(HOSTNAME, { extensions: 'keyUsage=digitalSignature' }),
      subject: `CN=${HOSTNAME}`,
    },
    { title: 'one of an unknown root', reason: 'unknown-root', file: stranger.issue('unknown') },
    {
      title: 'one whose intermediate certificate is not sent',
      reason: 'unknown-root',
      file: middle.issue('incomplete'),
    },
    {
      title: 'a self-signed one',
      reason: 'self-signed',
      file: new OpenSSLAuthority(files, 'self').file,
    },
    {
      title: 'one with a short key',
      reason: 'weak',
      file: root.issue('short', { key: 'rsa:768' }),
      weak: true,
    },
    {
      title: 'one with a weak signature algorithm',
      reason: 'weak',
      file: root.issue('sha1', { digest: 'sha1' }),
      weak: true,
    },
    {
      title: 'one for clients only',
      reason: 'wrong-use',
      file: root.issue('client', {
        extensions: `subjectAltName=DNS:${HOSTNAME}\nextendedKeyUsage=clientAuth`,
      }),
    },
    {
      title: 'one issued by a certificate that is no authority',
      reason: 'wrong-use',
      file: noAuthority.issue('misissued'),
      chain: noAuthority.file,
      subject: 'CN=no-authority',
      depth: 1,
    },
    {
      title: 'one at the end of a chain that is too long',
      reason: 'wrong-use',
      file: deeper.issue('deep'),
      chain: files.write(
        'deep-chain.pem',
        readFileSync(deeper.file, 'utf8') + readFileSync(shallow.file, 'utf8'),
      ),
      subject: 'CN=shallow',
      depth: 2,
    },
    { title: 'a revoked one', reason: 'revoked', file: revoked, options: { crls: crl } },
    {
      title: 'one of a revoked intermediate',
      reason: 'revoked',
      file: revokedMiddle.issue('orphan'),
      chain: revokedMiddle.file,
      options: { crls: [crl, revokedMiddle.crl()] },
      subject: 'CN=revoked-middle',
      depth: 1,
    },
    {
      title: 'one without a revocation list of its issuer',
      reason: 'invalid',
      file: middle.issue('unlisted'),
      chain: middle.file,
      options: { crls: crl },
    },
    {
      title: 'one with an outdated revocation list',
      reason: 'invalid',
      file: good,
      options: { crls: root.crl('20200101000000Z', '20210101000000Z') },
    },
    {
      title: 'one whose key is not pinned',
      reason: 'pin',
      file: good,
      options: { pinnedKeys: [pinOfCertificate(authority.certificate)] },
    },
  ];
}

describe.skipIf(!AVAILABLE)('a TLS client refuses', () => {
  const root = new OpenSSLAuthority(files, 'root');
  const trustRoots = readFileSync(root.file);
  const cases = AVAILABLE ? casesOf(root) : [];
  const good = AVAILABLE ? root.issue('accepted') : '';

  overEngines('a certificate', (rig, engine) => {
    it.each(cases)('$title', async ({ reason, file, chain, options, depth = 0, ...rest }) => {
      const more = chain === undefined ? [] : ['-cert_chain', chain];
      const level = rest.weak ? ['-cipher', 'DEFAULT@SECLEVEL=0', '-tls1_2'] : [];
      await using server = await opensslServer('-cert', file, ...more, ...level, '-rev');
      const client = connect(rig, server.port, { engine, trustRoots, ...options });
      const error = await client.lost();
      expect(error).toBeInstanceOf(TLSCertificateError);
      expect(error).toMatchObject({ reason });
      // Node does not tell which certificate of a chain OpenSSL has refused: the engine names none if that is not clear.
      if (engine === 'node' && chain !== undefined) {
        expect([depth, undefined]).toContain((error as TLSCertificateError).depth);
        return;
      }
      const own = new X509Certificate(readFileSync(file)).subject.replaceAll('\n', ', ');
      expect(error).toMatchObject({ depth, subject: rest.subject ?? own });
    });
  });

  overEngines('but accepts', (rig, engine) => {
    it.each([
      ['a good one', {}],
      ['one that is not revoked', { crls: AVAILABLE ? root.crl() : '' }],
      ['one with a pinned key', { pinnedKeys: AVAILABLE ? [root.pin(good)] : [] }],
      ['one whose issuer is pinned', { pinnedKeys: AVAILABLE ? [root.pin(root.file)] : [] }],
    ] satisfies [string, TLSClientOptions][])('%s', async (_title, options) => {
      await using server = await opensslServer('-cert', good, '-rev');
      const client = connect(rig, server.port, { engine, trustRoots, ...options });
      await exchange(client, 'hemp\n', 'pmeh\n');
      client.transport.loseConnection();
      await client.lost();
    });

    it('any, if the context says so', async () => {
      const file = new OpenSSLAuthority(files, `any-${engine}`).issue('any', {
        from: '20200101000000Z',
        to: '20210101000000Z',
      });
      await using server = await opensslServer('-cert', file, '-rev');
      const client = connect(rig, server.port, { engine, trustRoots: TRUST_ANY });
      await exchange(client, 'hemp\n', 'pmeh\n');
      client.transport.loseConnection();
      await client.lost();
    });
  });
});
