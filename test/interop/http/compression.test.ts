/** Clients that decompress the content of responses: curl and fetch, also through nginx. */
import { afterAll, expect, it } from 'vitest';
import { contract } from '../../support/contract.js';
import { Pulse } from '../../support/deadline.js';
import { closedPort } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { nginxHTTP, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { curl, parted, serve, TEXT } from './rig.js';

const files = new PeerFiles();
afterAll(() => files.remove());

contract(
  'an HTTP server that compresses',
  (rig) => {
    it.skipIf(!havePrograms('curl')).each([
      ['gzip', 'gzip'],
      ['deflate', 'deflate'],
      ['br', 'br'],
      ['br;q=0.1, gzip', 'gzip'],
      ['identity', undefined],
    ])('is understood by curl that accepts %s', async (accepted, coding) => {
      const { origin, factory } = serve(rig, { compression: true });
      const accept = ['--compressed', '--header', `Accept-Encoding: ${accepted}`];
      const { heads, content } = parted(await curl('--include', ...accept, `${origin}/text`));
      expect(content).toBe(TEXT);
      expect(/^content-encoding: (\w+)/im.exec(heads[0] ?? '')?.[1]).toBe(coding);
      expect(heads[0]).toMatch(/^vary: accept-encoding/im);
      const size = ['--output', files.path('out'), '--write-out', '%{size_download}'];
      const { stdout } = await curl(...size, ...accept, `${origin}/text`);
      if (coding === undefined) expect(Number(stdout)).toBe(TEXT.length);
      else expect(Number(stdout)).toBeLessThan(TEXT.length / 10);
      expect((await curl(...accept, origin)).stdout).toBe('Hello, World!');
      expect(factory.requests).toBe(3);
    });

    it('sends each piece to fetch when it is written', async () => {
      const pulse = new Pulse();
      let received = '';
      const { origin } = serve(rig, { compression: true }, async (_request, response) => {
        response.setField('Content-Type', 'text/plain');
        for (let i = 0; i < 5; i++) {
          response.write(`${i}`.repeat(2_000));
          await pulse.until(() => received.endsWith(String(i)), `piece ${i}`);
        }
        response.end();
      });
      const answer = await fetch(origin);
      expect(answer.headers.get('content-encoding')).toMatch(/^(gzip|br|zstd)$/);
      for await (const piece of answer.body ?? []) {
        received += Buffer.from(piece).toString();
        pulse.notify();
      }
      expect(received).toBe([0, 1, 2, 3, 4].map((i) => String(i).repeat(2_000)).join(''));
    });

    it.skipIf(!havePrograms('nginx'))('is understood through nginx', async () => {
      const port = await closedPort();
      const { origin } = serve(rig, { compression: true });
      const server = `listen ${HOST}:${port}; location / { proxy_pass ${origin}; proxy_http_version 1.1; }`;
      rig.use(await startNginx(files, nginxHTTP(files, server)));
      for (let i = 0; i < 3; i++) {
        const answer = await fetch(`http://${HOST}:${port}/text`);
        expect(answer.headers.get('content-encoding')).toMatch(/^(gzip|br|zstd)$/);
        expect(await answer.text()).toBe(TEXT);
      }
    });
  },
  ONE_POLLER,
);
