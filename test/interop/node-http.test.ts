/** curl and Chromium as clients of Express and ws on the node:http facade. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { createServer, type RequestListener, type Server } from '../../src/node-http/index.js';
import { leaveReactorAlone } from '../../src/testing/index.js';
import { PATIENCE } from '../support/deadline.js';
import { curl } from './http/rig.js';
import { havePrograms, PeerFiles } from './peer-files.js';
import { application, attachEcho } from './programs/express-app.mjs';

const CURL = havePrograms('curl');
const CHROMIUM = havePrograms('chromium');
const files = new PeerFiles();
afterAll(() => files.remove());

const LARGE = Buffer.alloc(3_000_000, 'hemp, flax and jute\n');
const large = files.write('large', LARGE);
const folder = large.slice(0, large.lastIndexOf('/'));

const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe.each(['native', 'node'] as const)('Express on the %s reactor', (kind) => {
  let server: Server;
  let browser: Browser | undefined;
  let page: Page;
  let origin: string;

  beforeAll(async () => {
    const reactor = createReactor({ kind });
    // Browsers keep their connections, whose time limits it watches.
    leaveReactorAlone(reactor);
    const listener = application(folder, LARGE.toString()) as unknown as RequestListener;
    server = createServer({ reactor }, listener);
    attachEcho(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (!CHROMIUM) return;
    browser = await launch();
    page = await browser.newPage();
    await page.goto(`${origin}/`);
  }, 60_000 * PATIENCE);

  afterAll(async () => {
    await browser?.close();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });

  describe.runIf(CURL)('curl', () => {
    it('uses a connection again', async () => {
      const { stdout } = await curl('-w', ' %{num_connects}\n', `${origin}/port`, `${origin}/port`);
      const [first, second] = stdout.trim().split('\n');
      expect(first).toMatch(/^\d+ 1$/);
      expect(second).toBe(first?.replace(/ 1$/, ' 0'));
    });

    it('uploads after 100 Continue', async () => {
      const args = ['-H', 'Expect: 100-continue', '--expect100-timeout', '60', '-v'];
      const { stdout, stderr } = await curl(...args, '-T', large, '-X', 'POST', `${origin}/upload`);
      expect(stderr).toMatch(/< HTTP\/1.1 100 Continue[\s\S]*< HTTP\/1.1 200 OK/);
      expect(JSON.parse(stdout)).toEqual({ digest: digest(LARGE), expected: '100-continue' });
    });

    it('uploads in chunks', async () => {
      const args = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', '-X', 'POST', '-T', large];
      const { stdout } = await curl(...args, `${origin}/upload`);
      expect(JSON.parse(stdout)).toEqual({ digest: digest(LARGE), coding: 'chunked' });
    });

    it('asks for the head, and for ranges of a file', async () => {
      const head = await curl('-I', `${origin}/files/large`);
      expect(head.stdout).toMatch(
        new RegExp(`^HTTP/1.1 200 [\\s\\S]*Content-Length: ${LARGE.length}`),
      );
      const { stdout } = await curl('-r', '6-9', '-w', ' %{http_code}', `${origin}/files/large`);
      expect(stdout).toBe(`${LARGE.subarray(6, 10)} 206`);
      const wrong = await curl('-r', '9000000-', '-w', ' %{http_code}', `${origin}/files/large`);
      expect(wrong.stdout).toMatch(/ 416$/);
      const whole = await curl(
        '-w',
        '%{size_download}',
        '-o',
        '/dev/null',
        `${origin}/files/large`,
      );
      expect(whole.stdout).toBe(String(LARGE.length));
    });

    it('accepts compressed content', async () => {
      const facts = ['-w', ' %{size_download}', '--compressed'];
      const { stdout } = await curl(...facts, `${origin}/text`);
      const [, text = '', size] = /^([\s\S]*) (\d+)$/.exec(stdout) ?? [];
      expect(digest(Buffer.from(text))).toBe(digest(LARGE));
      expect(Number(size)).toBeLessThan(LARGE.length / 50);
    });

    it('receives events', async () => {
      const { stdout } = await curl('-N', `${origin}/events`);
      expect(stdout.match(/data: event \d/g)).toEqual([1, 2, 3].map((i) => `data: event ${i}`));
    });
  });

  describe.runIf(CHROMIUM)('Chromium', () => {
    it('shows a page', async () => {
      expect(await page.locator('p').innerText()).toBe('page');
    });

    it('fetches, uploads and reads ranges and compressed content', async () => {
      const seen = await page.evaluate(`(async () => {
        const body = new Uint8Array(200000).fill(120);
        const upload = await (await fetch('/upload', { method: 'POST', body })).json();
        const text = await (await fetch('/text')).text();
        const range = await fetch('/files/large', { headers: { Range: 'bytes=0-3' } });
        const head = await fetch('/files/large', { method: 'HEAD' });
        return [upload.digest, text.length, range.status, await range.text(), head.headers.get('content-length')];
      })()`);
      const sent = digest(Buffer.alloc(200_000, 120));
      expect(seen).toEqual([sent, LARGE.length, 206, 'hemp', String(LARGE.length)]);
    });

    it('receives events', async () => {
      const events = await page.evaluate(`new Promise((resolve) => {
        const seen = [];
        const source = new EventSource('/events');
        source.onmessage = ({ data, lastEventId }) => seen.push(lastEventId + ' ' + data.slice(0, 7));
        source.addEventListener('end', () => { source.close(); resolve(seen); });
      })`);
      expect(events).toEqual(['1 event 1', '2 event 2', '3 event 3']);
    });

    it('speaks WebSocket, with compression', async () => {
      const seen = await page.evaluate(`new Promise((resolve, reject) => {
        const socket = new WebSocket(location.origin.replace('http', 'ws'));
        const seen = [];
        socket.onerror = () => reject(new Error('failed'));
        socket.onopen = () => { seen.push(socket.extensions); socket.send('text '.repeat(1000)); };
        socket.onmessage = ({ data }) => { seen.push(data.length); socket.close(1000, 'done'); };
        socket.onclose = ({ code, wasClean }) => resolve([...seen, code, wasClean]);
      })`);
      expect(seen).toEqual([expect.stringMatching(/^permessage-deflate/), 5_000, 1_000, true]);
    });
  });
});

function launch(): Promise<Browser> {
  const path = execFileSync('/bin/sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  return chromium.launch({
    executablePath: path.trim(),
    args: ['--no-sandbox', '--disable-gpu'],
    timeout: 60_000 * PATIENCE,
  });
}
