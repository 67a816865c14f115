/** The commands of docs/howto/tls.md make certificates that the contexts accept. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReactor, Protocol } from '../../src/index.js';
import {
  connectTLS,
  listenTLS,
  pinOfCertificate,
  TLSServerContext,
  type TLSServerOptions,
} from '../../src/tls/index.js';
import { within } from '../support/deadline.js';

const PAGE = readFileSync(new URL('../../docs/howto/tls.md', import.meta.url), 'utf8');
const COMMANDS = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
const { stdout } = spawnSync('openssl', ['version'], { encoding: 'utf8' });
/** `-copy_extensions` is new in version 3. */
const HAS_OPENSSL = /^OpenSSL 3\./.test(stdout ?? '');

let folder = '';
let said = '';

const file = (name: string): string => join(folder, name);

describe.skipIf(!HAS_OPENSSL)('certificates by the commands of docs/howto/tls.md', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-tls-'));
    said = execFileSync('sh', ['-ec', COMMANDS.join('\n')], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('pass the check of the page, and have the pin that it prints', () => {
    expect(COMMANDS).toHaveLength(5);
    expect(said).toContain('server.pem: OK');
    expect(said).toContain(pinOfCertificate(readFileSync(file('server.pem'))));
  });

  it.each([
    ['PEM', () => ({ certificateFile: file('server.pem'), keyFile: file('server.key') })],
    ['PKCS #12', () => ({ pfxFile: file('server.p12'), passphrase: 'secret' })],
  ])('serve as %s a client with a certificate', async (_form, identity) => {
    expect(await greeting({ identity: identity() })).toBe('Hello CN=ann');
  });

  it('revoke the certificate of a client', async () => {
    const identity = { certificateFile: file('server.pem'), keyFile: file('server.key') };
    const crls = readFileSync(file('ca.crl'));
    expect(await greeting({ identity, crls })).toMatch(
      /certificate revoked|refused the certificate/,
    );
  });
});

/** The greeting of a server to the client of the page. */
async function greeting(options: TLSServerOptions): Promise<string> {
  const trustRoots = readFileSync(file('ca.pem'));
  const context = new TLSServerContext({
    ...options,
    trustRoots,
    clientCertificates: 'required',
    mapClientCertificate: ({ subject }) => subject,
  });
  const reactor = createReactor({ kind: 'node' });
  await using _reactor = reactor;
  class Greeter extends Protocol {
    handshakeCompleted(): void {
      this.transport.write(`Hello ${this.transport.tls?.clientIdentity}`);
      this.transport.loseConnection();
    }
  }
  const port = listenTLS(reactor, 0, Greeter, context).getHost().port;
  const identity = { certificateFile: file('ann.pem'), keyFile: file('ann.key') };
  const ended = new Promise<string>((resolve) => {
    let text = '';
    class Client extends Protocol {
      override dataReceived(data: Buffer): void {
        text += data;
      }

      override connectionLost(reason: Error): void {
        resolve(text || reason.message);
      }
    }
    const names = { hostname: 'www.server.example' };
    connectTLS(reactor, '127.0.0.1', port, Client, { identity, trustRoots }, names);
  });
  return await within(ended, 'the end of a greeting');
}
