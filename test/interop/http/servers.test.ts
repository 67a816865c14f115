/** HTTP servers of others, asked by a client made of the parser and the serializer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contract, type Rig } from '../../support/contract.js';
import { PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';
import { closedPort } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { nginxHTTP, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { WireClient } from './client.js';
import { serve } from './rig.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);

const files = new PeerFiles();
afterAll(() => files.remove());
files.write('large.txt', LARGE);

describe.skipIf(TWISTED_PYTHON === undefined)('a client of Twisted’s web server', () => {
  let server: PeerProgram;
  beforeAll(async () => {
    server = await PeerProgram.python('twisted_web', 'serve', files.folder);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  contract(
    'over',
    (rig) => {
      function connect(): Promise<WireClient> {
        return WireClient.connect(rig.reactor, Number(/ready (\d+)/.exec(server.stdout)?.[1]));
      }

      it('receives answers of each kind over one connection', async () => {
        const client = await connect();
        const get = await client.request('GET', '/method?a=b');
        expect(get).toMatchObject({ status: 200, content: 'GET /method?a=b HTTP/1.1' });
        const head = await client.request('HEAD', '/files/large.txt');
        expect([head.content, head.field('content-length')]).toEqual(['', String(LARGE.length)]);
        const pieces = await client.request('GET', '/pieces');
        const numbers = Array.from({ length: 20 }, (_, i) => `${i}.`.repeat(1000));
        expect(pieces.field('transfer-encoding')).toBe('chunked');
        expect(pieces.content).toBe(numbers.join(''));
        expect(await client.request('GET', '/empty')).toMatchObject({ status: 204, content: '' });
        expect(await client.request('GET', '/unknown')).toMatchObject({ status: 404 });
        const large = await client.request('GET', '/files/large.txt');
        expect(large.content).toBe(LARGE);
        await client.close();
      });

      it('has content received, with a length and in chunks', async () => {
        const client = await connect();
        expect((await client.request('POST', '/echo', LARGE)).content).toBe(LARGE);
        const pieces = Array.from({ length: 100 }, (_, i) => `${i}.`.repeat(1000));
        expect((await client.request('POST', '/echo', pieces)).content).toBe(pieces.join(''));
        expect((await client.request('POST', '/echo', '')).content).toBe('');
        await client.close();
      });

      it('receives ranges, and 304', async () => {
        const client = await connect();
        const range = await client.request('GET', '/files/large.txt', '', { Range: 'bytes=5-9' });
        expect(range).toMatchObject({ status: 206, content: LARGE.slice(5, 10) });
        const since = { 'If-Modified-Since': range.field('last-modified') ?? '' };
        const unchanged = await client.request('GET', '/files/large.txt', '', since);
        expect(unchanged).toMatchObject({ status: 304, content: '' });
        await client.close();
      });

      it('pipelines', async () => {
        const client = await connect();
        const targets = Array.from({ length: 50 }, (_, i) => `/method?${i}`);
        const answers = await Promise.all(targets.map((target) => client.request('GET', target)));
        expect(answers.map(({ content }) => content)).toEqual(
          targets.map((target) => `GET ${target} HTTP/1.1`),
        );
        await client.close();
      });

      it('fails if an answer is cut off', async () => {
        const client = await connect();
        const cut = client.request('GET', '/cut');
        await expect(cut).rejects.toThrow(
          expect.objectContaining({ code: 'ERR_INCOMPLETE_HTTP_MESSAGE' }),
        );
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('nginx'))('a client of nginx', () => {
  contract(
    'over',
    (rig: Rig) => {
      it('receives files, ranges and trailers of its upstream over one connection', async () => {
        const port = await closedPort();
        const app = serve(rig);
        const server = `
          listen ${HOST}:${port};
          root ${files.folder};
          location = /pieces { proxy_pass ${app.origin}; proxy_http_version 1.1; }
          location = /none { return 204; }`;
        rig.use(await startNginx(files, nginxHTTP(files, server)));
        const client = await WireClient.connect(rig.reactor, port);
        expect((await client.request('GET', '/large.txt')).content).toBe(LARGE);
        const several = await client.request('GET', '/large.txt', '', { Range: 'bytes=0-3,6-9' });
        expect(several.field('content-type')).toMatch(/^multipart\/byteranges; boundary=/);
        expect(several.content).toContain('\r\n\r\nflax\r\n');
        const pieces = await client.request('GET', '/pieces');
        expect(pieces.field('transfer-encoding')).toBe('chunked');
        expect(await client.request('GET', '/none')).toMatchObject({ status: 204, content: '' });
        const none = await client.request('GET', '/unknown', '', { Connection: 'close' });
        expect(none.status).toBe(404);
      });
    },
    ONE_POLLER,
  );
});
