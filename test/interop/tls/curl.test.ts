/** curl as a client of TLS servers: a small HTTP/1.0 answer. */
import { afterAll, describe, expect, it } from 'vitest';
import { Protocol, TLSContextError } from '../../../src/index.js';
import { flushLoggedErrors } from '../../../src/testing/index.js';
import { listenTLS, pinOfCertificate, type TLSServerOptions } from '../../../src/tls/index.js';
import { portOf, type Rig } from '../../support/contract.js';
import { PeerProgram } from '../../support/peers.js';
import { authority, HOSTNAME, identity, serverContext } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { overEngines, ROOT } from './rig.js';

const AVAILABLE = havePrograms('curl');
const BODY = 'hemp, flax and jute\n'.repeat(200_000);

const files = new PeerFiles();
afterAll(() => files.remove());

const alice = files.identity('alice', await authority.issue('alice', { use: 'client' }));
const expired = await authority.issue('expired', { names: [HOSTNAME], from: -10, to: -5 });
const other = await authority.issue('other', { names: ['other.example'] });

/** Exit codes of curl (curl(1)). */
const PARTIAL_FILE = 18;
const HANDSHAKE_FAILED = 35;
const RECEIVE_ERROR = 56;
const VERIFICATION_FAILED = 60;
const PIN_MISMATCH = 90;

class Answer extends Protocol {
  #request = '';

  override dataReceived(data: Buffer): void {
    this.#request += data.toString('latin1');
    if (!this.#request.endsWith('\r\n\r\n')) return;
    this.transport.write('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n');
    // Without a length the end of the connection is the end of the body.
    if (!this.#request.startsWith('GET /unbounded')) {
      this.transport.write(`Content-Length: ${BODY.length}\r\n`);
    }
    const user = this.transport.tls?.getPeerCertificate()?.subject ?? '';
    this.transport.write(`X-Facts: ${this.transport.tls?.negotiatedProtocol} ${user}\r\n\r\n`);
    if (this.#request.startsWith('GET /cut')) {
      this.transport.write('half');
      this.transport.abortConnection();
      return;
    }
    this.transport.write(BODY);
    this.transport.loseConnection();
  }
}

interface Result {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function curl(
  rig: Rig,
  options: TLSServerOptions,
  path: string,
  ...args: string[]
): Promise<Result> {
  const listening = listenTLS(rig.reactor, 0, Answer, serverContext(options), { interface: HOST });
  const origin = `${HOSTNAME}:${portOf(listening)}`;
  await using program = new PeerProgram('curl', [
    ...['--silent', '--show-error', '--include', '--max-time', '10', '--cacert', ROOT],
    ...['--noproxy', '*', '--resolve', `${origin}:${HOST}`, ...args, `https://${origin}/${path}`],
  ]);
  await program.end();
  const { stdout, stderr } = program;
  return { exitCode: program.process.exitCode, stdout, stderr };
}

describe.skipIf(!AVAILABLE)('with curl', () => {
  overEngines('a TLS server', (rig, engine) => {
    it.each([
      ['TLS 1.2', '--tls-max', '1.2'],
      ['TLS 1.3', '--tlsv1.3'],
    ])('answers in %s', async (_version, ...args) => {
      const result = await curl(rig, { engine, alpnProtocols: ['http/1.1'] }, '', ...args);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toContain('X-Facts: http/1.1 \r\n');
      expect(result.stdout.endsWith(BODY)).toBe(true);
    });

    it('ends a body of unknown length properly', async () => {
      const result = await curl(rig, { engine }, 'unbounded');
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout.endsWith(BODY)).toBe(true);
    });

    it('does not end a body that was cut properly', async () => {
      const { exitCode } = await curl(rig, { engine }, 'cut');
      expect([PARTIAL_FILE, RECEIVE_ERROR]).toContain(exitCode);
    });

    it('is known by its pinned key', async () => {
      const right = `sha256//${pinOfCertificate(identity.certificate)}`;
      expect(await curl(rig, { engine }, '', '--pinnedpubkey', right)).toMatchObject({
        exitCode: 0,
      });
      const wrong = `sha256//${pinOfCertificate(authority.certificate)}`;
      expect(await curl(rig, { engine }, '', '--pinnedpubkey', wrong)).toMatchObject({
        exitCode: PIN_MISMATCH,
      });
    });

    it.each([
      ['an expired certificate', expired, 'expired'],
      ['a certificate for another name', other, 'name'],
    ])('is refused with %s', async (_title, bad, text) => {
      const result = await curl(rig, { engine, identity: bad }, '');
      expect(result.exitCode).toBe(VERIFICATION_FAILED);
      expect(result.stderr).toContain(text);
      rig.takeReports();
      // The warning about the dates, once for all reactors.
      flushLoggedErrors(TLSContextError);
    });

    it('asks for a client certificate', async () => {
      const asks: TLSServerOptions = {
        engine,
        trustRoots: authority.certificate,
        clientCertificates: 'required',
      };
      const result = await curl(rig, asks, '', '--cert', alice);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toContain('CN=alice\r\n');
      const { exitCode } = await curl(rig, asks, '', '--tls-max', '1.2');
      expect(exitCode).toBe(HANDSHAKE_FAILED);
    });
  });
});
