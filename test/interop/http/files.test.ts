/** Programs that ask the HTTP server for files: ranges, conditions, compressed copies. */
import { readFileSync, utimesSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { staticFiles } from '../../../src/http/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { curl, digest, parted, run, type ServedHTTP, serve } from './rig.js';

const CURL = havePrograms('curl');
const H2LOAD = havePrograms('h2load');

const LARGE = Buffer.alloc(5_000_000, 'hemp, flax and jute\n');
const files = new PeerFiles();
const own = new PeerFiles();
afterAll(() => {
  files.remove();
  own.remove();
});
files.write('large.bin', LARGE);
files.write('small.txt', 'hemp, flax and jute\n');
files.write('style.css', 'a{}'.repeat(1000));
files.write('style.css.gz', gzipSync('a{}'.repeat(1000)));
files.write('style.css.br', brotliCompressSync('a{}'.repeat(1000)));
utimesSync(files.path('small.txt'), 1_000_000_000, 1_000_000_000);

function serveFiles(rig: Rig): ServedHTTP {
  return serve(rig, {}, staticFiles(files.folder, { precompressed: ['br', 'gzip'] }));
}

describe.skipIf(!CURL)('with curl', () => {
  contract(
    'a file server',
    (rig) => {
      it('sends a file with its type, length and validators', async () => {
        const { origin } = serveFiles(rig);
        const { heads, content } = parted(await curl('--include', `${origin}/small.txt`));
        expect(content).toBe('hemp, flax and jute\n');
        expect(heads[0]).toMatch(/^content-type: text\/plain/im);
        expect(heads[0]).toMatch(/^last-modified: Sun, 09 Sep 2001 01:46:40 GMT/im);
        expect(heads[0]).toMatch(/^etag: "/im);
        expect(heads[0]).toMatch(/^accept-ranges: bytes/im);
        const whole = await curl(`${origin}/large.bin`);
        expect(digest(whole.stdout)).toBe(digest(LARGE));
      });

      it.each([
        ['0-4', 'hemp,'],
        ['5-', LARGE.subarray(5).toString()],
        ['-5', 'jute\n'],
        ['4999990-9999999', LARGE.subarray(4_999_990).toString()],
      ])('sends the range %s', async (range, expected) => {
        const { origin } = serveFiles(rig);
        const ranged = ['--include', '--range', range];
        const { heads, content } = parted(await curl(...ranged, `${origin}/large.bin`));
        expect(heads[0]).toMatch(/^HTTP\/1\.1 206 /);
        expect(digest(content)).toBe(digest(expected));
      });

      it('sends several ranges, and refuses one behind the end', async () => {
        const { origin } = serveFiles(rig);
        const ranges = ['--include', '--range', '0-3,2000006-2000009'];
        const { heads, content } = parted(await curl(...ranges, `${origin}/large.bin`));
        expect(heads[0]).toMatch(/^content-type: multipart\/byteranges; boundary=/im);
        const parts = content.split('\r\n').filter((line) => line === 'hemp' || line === 'flax');
        expect(parts).toEqual(['hemp', 'flax']);
        const behind = await curl('--include', '--range', '100-', `${origin}/small.txt`);
        expect(behind.stdout).toMatch(/^HTTP\/1\.1 416 /);
        expect(behind.stdout).toMatch(/^content-range: bytes \*\/20\r$/im);
      });

      it('continues a download', async () => {
        const { origin } = serveFiles(rig);
        const part = own.write('part', LARGE.subarray(0, 1_234_567));
        const { stderr } = await curl(
          '--continue-at',
          '-',
          '--output',
          part,
          `${origin}/large.bin`,
        );
        expect(stderr).toBe('');
        expect(digest(readFileSync(part))).toBe(digest(LARGE));
      });

      it('answers conditional requests with 304', async () => {
        const { origin } = serveFiles(rig);
        const url = `${origin}/small.txt`;
        const code = ['--output', own.path('copy'), '--write-out', '%{http_code} %{size_download}'];
        const etag = own.path('etag');
        expect((await curl(...code, '--etag-save', etag, url)).stdout).toBe('200 20');
        expect((await curl(...code, '--etag-compare', etag, url)).stdout).toBe('304 0');
        const [before, after] = [39, 41].map((second) => `Sun, 09 Sep 2001 01:46:${second} GMT`);
        expect((await curl(...code, '--time-cond', after ?? '', url)).stdout).toBe('304 0');
        expect((await curl(...code, '--time-cond', before ?? '', url)).stdout).toBe('200 20');
      });

      it.each([
        ['br, gzip', 'br'],
        ['gzip', 'gzip'],
        ['identity', undefined],
      ])('sends compressed copies to clients that accept %s', async (accepted, coding) => {
        const { origin } = serveFiles(rig);
        const accept = ['--include', '--compressed', '--header', `Accept-Encoding: ${accepted}`];
        const { heads, content } = parted(await curl(...accept, `${origin}/style.css`));
        expect(content).toBe('a{}'.repeat(1000));
        expect(heads[0]).toMatch(/^vary: accept-encoding/im);
        expect(/^content-encoding: (\w+)/im.exec(heads[0] ?? '')?.[1]).toBe(coding);
      });

      it('sends nothing outside of its folder', async () => {
        const { origin } = serveFiles(rig);
        const code = ['--output', own.path('out'), '--write-out', '%{http_code}', '--path-as-is'];
        for (const path of ['/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/.hidden', '/a%00']) {
          expect((await curl(...code, origin + path)).stdout).toMatch(/^40[034]$/);
        }
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!H2LOAD)('with h2load', () => {
  contract(
    'a file server',
    (rig) => {
      it('sends all files to 10 connections', async () => {
        const { origin } = serveFiles(rig);
        const { stdout } = await run('h2load', [
          ...['--h1', '--requests', '60', '--clients', '10'],
          ...['/small.txt', '/style.css', '/large.bin'].map((path) => origin + path),
        ]);
        expect(stdout).toContain('60 succeeded, 0 failed, 0 errored, 0 timeout');
        expect(stdout).toContain('status codes: 60 2xx');
        const data = 20 * (20 + 3000 + LARGE.length);
        expect(stdout).toMatch(new RegExp(`\\(${data}\\) data`));
      });
    },
    ONE_POLLER,
  );
});
