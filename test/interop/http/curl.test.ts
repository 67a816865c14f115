/** curl as a client of the HTTP server. */
import { afterAll, describe, expect, it } from 'vitest';
import { Protocol } from '../../../src/index.js';
import { flushLoggedErrors } from '../../../src/testing/index.js';
import { listenTLS } from '../../../src/tls/index.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { HOSTNAME, identity, serverContext } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { ROOT } from '../tls/rig.js';
import {
  ALL_PIECES,
  answer,
  CountingFactory,
  curl,
  digest,
  type Facts,
  GREETING,
  parted,
  run,
  type ServedHTTP,
  serve,
} from './rig.js';

const AVAILABLE = havePrograms('curl');

const files = new PeerFiles();
afterAll(() => files.remove());

const LARGE = Buffer.alloc(3_000_000, 'hemp, flax and jute\n');
const large = files.write('large', LARGE);

/** Exit codes of curl (curl(1)). */
const PARTIAL_FILE = 18;
const RECEIVE_ERROR = 56;

async function factsOf(served: ServedHTTP, ...args: string[]): Promise<Facts> {
  const { stdout, stderr } = await curl(...args, `${served.origin}/facts`);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Facts;
}

const names = (facts: Facts): string[] => facts.fields.map(([name]) => name.toLowerCase());

/** Says goodbye and closes. */
class Goodbye extends Protocol {
  override connectionMade(): void {
    this.transport.write('goodbye');
    this.transport.loseConnection();
  }
}

/** One end of a tunnel. */
class Relay extends Protocol {
  other: Relay | undefined;
  opened: () => void = () => {};

  constructor(other?: Relay) {
    super();
    this.other = other;
  }

  override connectionMade(): void {
    this.opened();
  }

  override dataReceived(data: Buffer): void {
    this.other?.transport.write(data);
  }

  override connectionLost(): void {
    this.other?.transport.loseConnection();
  }
}

describe.skipIf(!AVAILABLE)('with curl', () => {
  contract(
    'an HTTP server',
    (rig: Rig) => {
      it('answers GET and HEAD', async () => {
        const { origin } = serve(rig);
        const got = parted(await curl('--include', origin));
        expect(got.content).toBe(GREETING);
        expect(got.heads).toHaveLength(1);
        expect(got.heads[0]).toMatch(/^HTTP\/1\.1 200 OK\r\nDate: \w{3}, /);
        const { heads, content } = parted(await curl('--head', origin));
        const undated = (head = ''): string => head.replace(/^Date: .*$/m, '');
        expect(undated(heads[0])).toBe(undated(got.heads[0]));
        expect(heads[0]).toContain('Content-Length: 13');
        expect(content).toBe('');
      });

      it('keeps connections, also of HTTP/1.0 that asks for it', async () => {
        const { origin, factory } = serve(rig);
        const { stdout } = await curl(`${origin}/[1-20]`, `${origin}/pieces`);
        expect(stdout).toBe('none'.repeat(20) + ALL_PIECES);
        expect(factory.made).toBe(1);
        await curl('--http1.0', '--header', 'Connection: keep-alive', `${origin}/?[1-20]`);
        expect(factory.made).toBe(2);
        expect(factory.requests).toBe(41);
      });

      it('answers HTTP/1.0 without chunks, and ends the connection', async () => {
        const { origin } = serve(rig);
        const { heads, content } = parted(await curl('--include', '--http1.0', `${origin}/pieces`));
        expect(heads[0]).toMatch(/Connection: close/);
        expect(heads[0]).not.toMatch(/Transfer-Encoding/i);
        expect(content).toBe(ALL_PIECES);
      });

      it('answers many connections at once', async () => {
        const { origin, factory } = serve(rig);
        const { stdout, exitCode } = await curl(
          ...['--parallel', '--parallel-immediate', '--parallel-max', '30'],
          `${origin}/?[1-100]`,
        );
        expect(exitCode).toBe(0);
        expect(stdout).toBe(GREETING.repeat(100));
        expect(factory.made).toBeGreaterThan(1);
      });

      it('sends chunked content and its trailers', async () => {
        const { origin } = serve(rig);
        const { stdout } = await curl('--raw', `${origin}/trailers`);
        expect(stdout).toBe('7\r\ncontent\r\n0\r\nSum: 42\r\n\r\n');
        const dumped = await curl('--dump-header', '-', `${origin}/trailers`);
        expect(dumped.stdout).toMatch(/Transfer-Encoding: chunked\r\n\r\ncontentSum: 42\r\n/);
        expect((await curl(`${origin}/pieces`)).stdout).toBe(ALL_PIECES);
      });

      it('receives content with a length, in chunks, and of unknown length', async () => {
        const served = serve(rig);
        const expected = { length: LARGE.length, digest: digest(LARGE) };
        const data = ['--data-binary', `@${large}`];
        const posted = await factsOf(served, ...data);
        expect(posted).toMatchObject({ method: 'POST', ...expected });
        expect(names(posted)).toContain('content-length');
        const chunked = await factsOf(served, ...data, '--header', 'Transfer-Encoding: chunked');
        expect(chunked).toMatchObject({ method: 'POST', ...expected });
        expect(names(chunked)).not.toContain('content-length');
        const put = await run(
          'curl',
          ['-q', '--silent', '--noproxy', '*', '--upload-file', '-', `${served.origin}/facts`],
          LARGE.toString(),
        );
        expect(JSON.parse(put.stdout)).toMatchObject({ method: 'PUT', ...expected });
      });

      it('sends content back while it arrives', async () => {
        const { origin } = serve(rig);
        const { stdout } = await curl('--data-binary', `@${large}`, `${origin}/echo`);
        expect(digest(stdout)).toBe(digest(LARGE));
      });

      it('gives permission to send content, or refuses it', async () => {
        const { origin, factory } = serve(rig, { maxContentBytes: LARGE.length });
        const expecting = ['--include', '--header', 'Expect: 100-continue'];
        const patient = ['--expect100-timeout', '9', '--data-binary', `@${large}`];
        const taken = parted(await curl(...expecting, ...patient, `${origin}/facts`));
        expect(taken.heads.map((head) => head.split('\r\n', 1)[0])).toEqual([
          'HTTP/1.1 100 Continue',
          'HTTP/1.1 200 OK',
        ]);
        expect(JSON.parse(taken.content)).toMatchObject({ digest: digest(LARGE) });
        const sent = ['--write-out', '|%{http_code} %{size_upload}'];
        const refused = await curl(...patient, ...sent, ...expecting, `${origin}/forbidden`);
        expect(refused.stdout).toMatch(/no\|403 0$/);
        const larger = files.write('larger', Buffer.concat([LARGE, LARGE]));
        const tooMuch = ['--data-binary', `@${larger}`, '--expect100-timeout', '9'];
        const limited = await curl(...expecting, ...tooMuch, ...sent, `${origin}/facts`);
        expect(limited.stdout).toMatch(/\|413 0$/);
        // A handler may raise the limit, so it is called for every request.
        expect(factory.requests).toBe(3);
      });

      it('sends early hints', async () => {
        const { origin } = serve(rig);
        const { heads, content } = parted(await curl('--include', `${origin}/hints`));
        expect(heads[0]).toBe('HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload');
        expect(heads[1]).toMatch(/^HTTP\/1\.1 200 OK/);
        expect(content).toBe('hinted');
      });

      it('lets another protocol take the connection', async () => {
        const { origin } = serve(rig, {}, (request, response) =>
          request.has('upgrade')
            ? request.upgrade(new Goodbye(), 'farewell')
            : response.send('not asked'),
        );
        const upgrade = ['--header', 'Connection: Upgrade', '--header', 'Upgrade: farewell'];
        const { heads, content } = parted(await curl('--include', ...upgrade, origin));
        expect(heads[0]).toBe(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: farewell',
        );
        expect(content).toBe('goodbye');
        expect((await curl(origin)).stdout).toBe('not asked');
      });

      it('is a proxy for CONNECT', async () => {
        const { origin, port } = serve(rig);
        const through = serve(rig, {}, (request) => {
          const near = new Relay();
          const far = new Relay(near);
          near.other = far;
          far.opened = () => request.upgrade(near);
          rig.reactor.connectTCP(HOST, Number(request.target.split(':')[1]), () => far);
        });
        const { stdout, stderr } = await run('curl', [
          ...['-q', '--silent', '--show-error', '--max-time', '10', '--noproxy', ''],
          ...['--proxytunnel', '--proxy', through.origin, `http://${HOST}:${port}/pieces`, origin],
        ]);
        expect(stderr).toBe('');
        expect(stdout).toBe(ALL_PIECES + GREETING);
      });

      it('cuts off the answer of a handler that fails', async () => {
        const { origin } = serve(rig);
        const { exitCode, stdout } = await curl(`${origin}/cut`);
        expect([PARTIAL_FILE, RECEIVE_ERROR]).toContain(exitCode);
        expect(['half', '']).toContain(stdout);
        expect(flushLoggedErrors(Error)).toHaveLength(1);
      });

      it('answers over TLS, as HTTP/2', async () => {
        const factory = new CountingFactory(rig, answer, {});
        const context = serverContext({ identity, alpnProtocols: ['http/1.1'] });
        const port = portOf(listenTLS(rig.reactor, 0, factory, context, { interface: HOST }));
        const authority = `${HOSTNAME}:${port}`;
        const { stdout, stderr } = await curl(
          ...['--cacert', ROOT, '--resolve', `${authority}:${HOST}`, '--http2'],
          ...['--write-out', '|%{http_version}', `https://${authority}/?[1-2]`],
        );
        expect(stderr).toBe('');
        expect(stdout).toBe(`${GREETING}|2`.repeat(2));
        expect(factory.made).toBe(1);
      });
    },
    ONE_POLLER,
  );
});
