/** Clients of HTTP/2 of others: node:http2, the Python package h2, undici, curl and h2load. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { Client } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import type { HTTPHandler } from '../../../src/http/index.js';
import { listenTLS } from '../../../src/tls/index.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { latch, Pulse, within } from '../../support/deadline.js';
import { hasPython, PeerProgram } from '../../support/peers.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { authority, HOSTNAME, identity, serverContext } from '../../tls/secured.js';
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
  run,
} from './rig.js';

const LARGE = Buffer.alloc(3_000_000, 'hemp, flax and jute\n');
const { NGHTTP2_CANCEL } = constants;

const files = new PeerFiles();
afterAll(() => files.remove());
const large = files.write('large', LARGE);

/** Serves `answer`, and `/held`, which is answered when `release` is called. */
class Held {
  readonly factory: CountingFactory;
  readonly port: number;
  readonly pulse: Pulse = new Pulse();
  readonly release = latch();
  held = 0;
  readonly aborted: number[] = [];
  ended = 0;

  constructor(rig: Rig, secure: boolean) {
    const handler: HTTPHandler = async (request, response) => {
      if (request.path !== '/held') {
        await answer(request, response);
        this.ended += 1;
        return;
      }
      this.held += 1;
      this.pulse.notify();
      request.signal.addEventListener('abort', () => {
        this.aborted.push((request.signal.reason as { errorCode: number }).errorCode);
        this.pulse.notify();
      });
      await this.release.promise;
      response.send('released');
    };
    this.factory = new CountingFactory(rig, handler, { maxContentBytes: 100_000_000 });
    const listening = secure
      ? listenTLS(rig.reactor, 0, this.factory, serverContext({ identity }), { interface: HOST })
      : rig.reactor.listenTCP(0, this.factory, { interface: HOST });
    this.port = portOf(listening);
  }
}

async function contentOf(stream: ClientHttp2Stream): Promise<string> {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => void pieces.push(piece));
  await once(stream, 'end');
  return Buffer.concat(pieces).toString('latin1');
}

contract(
  'an HTTP/2 server',
  (rig) => {
    describe.each([
      ['in clear', false],
      ['over TLS', true],
    ])('with node:http2 %s', (_how, secure) => {
      function session(port: number): ClientHttp2Session {
        const client = connect(`${secure ? 'https' : 'http'}://${HOST}:${port}`, {
          ca: authority.certificate,
          // MB: the client resets its own streams if it keeps more.
          maxSessionMemory: 100,
        });
        rig.use({
          async [Symbol.asyncDispose]() {
            client.destroy();
          },
        });
        return client;
      }

      function post(client: ClientHttp2Session, path: string): ClientHttp2Stream {
        const stream = client.request({ ':path': path, ':method': 'POST' });
        stream.end(LARGE);
        return stream;
      }

      it('answers 100 streams at once, large ones too', async () => {
        const { factory, port } = new Held(rig, secure);
        const client = session(port);
        // The limit of the server, which node does not know before.
        await once(client, 'remoteSettings');
        const answers = Array.from({ length: 100 }, (_, at) => {
          if (at % 25 === 0) return contentOf(post(client, '/echo'));
          if (at % 25 === 1) return contentOf(post(client, '/facts'));
          return contentOf(client.request({ ':path': at % 5 === 2 ? '/pieces' : '/' }));
        });
        const texts = await within(Promise.all(answers), 'all answers', 20_000);
        for (const [at, text] of texts.entries()) {
          if (at % 25 === 0) expect(digest(Buffer.from(text, 'latin1'))).toBe(digest(LARGE));
          else if (at % 25 === 1) {
            expect(JSON.parse(text)).toMatchObject({ version: '2.0', digest: digest(LARGE) });
          } else expect(text).toBe(at % 5 === 2 ? ALL_PIECES : GREETING);
        }
        expect([factory.made, factory.requests]).toEqual([1, 100]);
      });

      it('cancels requests, and answers the others', async () => {
        const served = new Held(rig, secure);
        const client = session(served.port);
        await once(client, 'remoteSettings');
        const cancelled = Array.from({ length: 40 }, () => client.request({ ':path': '/held' }));
        const kept = client.request({ ':path': '/held' });
        await served.pulse.until(() => served.held === 41, 'all requests');
        const uploads = Array.from({ length: 5 }, () => post(client, '/echo'));
        await Promise.all(uploads.map((stream) => once(stream, 'response')));
        const closed = [...cancelled, ...uploads].map((stream) => once(stream, 'close'));
        for (const stream of [...cancelled, ...uploads]) stream.close(NGHTTP2_CANCEL);
        await within(Promise.all(closed), 'the ends of the streams');
        await served.pulse.until(() => served.aborted.length === 40, 'the aborts');
        expect(new Set(served.aborted)).toEqual(new Set([NGHTTP2_CANCEL]));
        served.release.open();
        expect(await contentOf(kept)).toBe('released');
        // The windows of the connection are open again.
        expect(await contentOf(post(client, '/echo'))).toHaveLength(LARGE.length);
        expect(served.factory.made).toBe(1);
      });
    });

    it.skipIf(!hasPython('h2'))(
      'exchanges trailers with the Python package h2, through small windows, and drains',
      async () => {
        const served = new Held(rig, false);
        const program = new URL('../programs/http2_client.py', import.meta.url).pathname;
        const peer = rig.use(new PeerProgram('/usr/bin/python3', [program, String(served.port)]));
        await peer.until(() => peer.stdout.includes('"waiting"'), 'to wait');
        await served.pulse.until(
          () => served.held > 0 && served.aborted.length > 0,
          'the requests',
        );
        const drained = served.factory.drain();
        served.release.open();
        await within(drained, 'the drain');
        await peer.end();
        const seen: Record<string, unknown> = Object.assign(
          {},
          ...peer.stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
        );
        expect(peer.stderr).toBe('');
        expect(seen.facts).toMatchObject({
          ...{ method: 'POST', version: '2.0', host: 'app', length: 2_000_000 },
          trailers: [
            ['sum', '42'],
            ['next', '43'],
          ],
        } satisfies Partial<Facts>);
        expect(seen).toMatchObject({
          trailers: ['content', { sum: '42' }],
          pieces: [ALL_PIECES.length, true],
          status: ['200', '200', '404'],
          held: ['released', 'end'],
          // The second one says which requests were taken.
          goaways: [
            [0, 2 ** 31 - 1],
            [0, seen.waiting],
          ],
        });
      },
    );

    it('answers undici over TLS', async () => {
      const { factory, port } = new Held(rig, true);
      const client = new Client(`https://${HOST}:${port}`, {
        allowH2: true,
        connect: { ca: authority.certificate },
      });
      rig.use({ [Symbol.asyncDispose]: () => client.destroy() });
      // One after another: undici 6 confuses its requests over HTTP/2 otherwise.
      for (let at = 0; at < 20; at++) {
        const path = `/facts?${at}`;
        const { body } = await client.request({ method: 'PUT', path, body: `content ${at}` });
        expect(await body.json()).toMatchObject({
          ...{ method: 'PUT', version: '2.0', target: path },
          digest: digest(`content ${at}`),
        });
      }
      const { body } = await client.request({ method: 'POST', path: '/echo', body: LARGE });
      expect(digest(Buffer.from(await body.arrayBuffer()))).toBe(digest(LARGE));
      expect(factory.made).toBe(1);
    });

    it.skipIf(!havePrograms('curl'))('exchanges files and trailers with curl', async () => {
      const { factory, port } = new Held(rig, true);
      const origin = `https://${HOSTNAME}:${port}`;
      const secure = ['--http2', '--cacert', ROOT, '--resolve', `${HOSTNAME}:${port}:${HOST}`];
      const put = await curl(...secure, '--upload-file', large, `${origin}/facts`);
      expect(JSON.parse(put.stdout)).toMatchObject({ version: '2.0', digest: digest(LARGE) });
      const echoed = await curl(...secure, '--data-binary', `@${large}`, `${origin}/echo`);
      expect(digest(echoed.stdout)).toBe(digest(LARGE));
      const trailed = await curl(...secure, '--dump-header', '-', `${origin}/trailers`);
      expect(trailed.stdout).toMatch(/^HTTP\/2 200 [\s\S]*\r\n\r\ncontentsum: 42\r\n/);
      const many = ['--parallel', '--parallel-max', '30', `${origin}/?[1-200]`];
      const { stdout } = await curl(...secure, ...many);
      expect(stdout).toBe(GREETING.repeat(200));
      expect(factory.requests).toBe(203);
    });

    describe.skipIf(!havePrograms('h2load'))('with h2load', () => {
      it.each([false, true])(
        'answers 10,000 requests of 10 connections, over TLS: %s',
        async (secure) => {
          const { factory, port } = new Held(rig, secure);
          const limits = ['-n', '10000', '-c', '10', '-m', '20'];
          const { stdout } = await run('h2load', [
            ...limits,
            `${secure ? 'https' : 'http'}://${HOST}:${port}/`,
          ]);
          expect(stdout).toContain('10000 succeeded, 0 failed, 0 errored, 0 timeout');
          expect(stdout).toContain('status codes: 10000 2xx, 0 3xx, 0 4xx, 0 5xx');
          expect([factory.made, factory.requests]).toEqual([10, 10_000]);
        },
      );

      it('answers all that it has taken when it drains', async () => {
        const served = new Held(rig, false);
        const args = ['-n', '1000000', '-c', '10', '-m', '20', `http://${HOST}:${served.port}/`];
        const h2load = run('h2load', args);
        const { factory } = served;
        while (factory.requests < 2000) await rig.turns(1);
        await within(factory.drain(), 'the drain');
        const { stdout } = await h2load;
        const { requests } = factory;
        // The others were not sent, or refused as if they had not been.
        expect(stdout).toMatch(
          new RegExp(`, ${requests} succeeded, ${1_000_000 - requests} failed`),
        );
        expect(stdout).toContain(`status codes: ${requests} 2xx, 0 3xx, 0 4xx, 0 5xx`);
        expect(served.ended).toBe(requests);
        expect(requests).toBeLessThan(1_000_000);
      });
    });
  },
  ONE_POLLER,
);
