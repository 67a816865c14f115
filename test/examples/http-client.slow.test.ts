/** The programs of docs/howto/http-client.md. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { ExampleServer, exampleUrl, KINDS, on, runWithInput } from './programs.js';

describe.each(KINDS)('fetch-url on the %s reactor', (kind) => {
  it('prints content, and fails for errors', async () => {
    await using server = await ExampleServer.start('http-fetch', [], on(kind));
    const url = `http://127.0.0.1:${server.port}`;
    const fetchURL = (...args: string[]): ReturnType<typeof runWithInput> =>
      runWithInput('fetch-url', ['--reactor', kind, ...args], Buffer.alloc(0));
    const posted = await fetchURL('--method', 'POST', '--content', 'rope walk', `${url}/upper`);
    expect(String(posted.stdout)).toBe('ROPE WALK');
    expect(posted.stderr).toMatch(/\/upper: 200, 9 bytes in \d+ ms\n$/);
    const missing = await fetchURL(`${url}/other`);
    expect([missing.code, String(missing.stdout)]).toEqual([1, 'Not Found\n']);
    const refused = await fetchURL('http://127.0.0.1:1/');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^fetch-url: cannot connect/),
    ]);
  });
});

describe.each(KINDS)('proxy-chain on the %s reactor', (kind) => {
  it('fetches through a SOCKS proxy and an HTTP proxy behind it', async () => {
    const options = {
      ...on(kind),
      env: { ...on(kind).env, SOCKS_PASSWORD: 'tar', PROXY_PASSWORD: 'hemp' },
    };
    const allow = ['--allow', '127.0.0.0/8'];
    await using server = await ExampleServer.start('http-fetch', [], on(kind));
    await using socks = await ExampleServer.start('socks-proxy', allow, options);
    await using http = await ExampleServer.start(
      'forward-proxy',
      [...allow, '--any-port'],
      options,
    );
    const args = [
      `http://127.0.0.1:${server.port}/other`,
      `socks5h://alice:tar@127.0.0.1:${socks.port}`,
      `http://alice:hemp@127.0.0.1:${http.port}`,
    ];
    await using client = new Child(exampleUrl('proxy-chain'), args, options);
    expect(await client.result()).toMatchObject({
      code: 0,
      stdout: 'Not Found\n',
      stderr: '404 through 2 proxies\n',
    });
    await socks.printed(new RegExp(`^alice@127.0.0.1:\\d+: connect 127.0.0.1 ${http.port}$`, 'm'));
  });
});

/** A site with a file that is cut off at first, pages with links, and a form. */
class Site {
  readonly seen: string[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #file = Buffer.alloc(300_000, 'hemp, flax and jute\n');

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get file(): Buffer {
    return this.#file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range, 'if-range': ifRange, 'user-agent': agent } = request.headers;
    this.seen.push(request.url ?? '');
    if (request.url === '/file') {
      const begin = ifRange === '"one"' ? Number(/\d+/.exec(range ?? '')?.[0]) : 0;
      const length = this.#file.length - begin;
      const fields = { ETag: '"one"', 'Content-Length': length };
      response.writeHead(begin > 0 ? 206 : 200, fields);
      if (begin > 0) response.end(this.#file.subarray(begin));
      else response.write(this.#file.subarray(0, 100_000), () => response.destroy());
    } else if (request.url === '/form') {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => response.end(`${Buffer.concat(pieces).length} bytes, ${agent}`));
    } else if (request.url === '/robots.txt') {
      response.end(
        'User-agent: *\nDisallow: /\n\nUser-agent: polite-crawler\nDisallow: /private # no\n',
      );
    } else {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      const links = [
        '/one',
        'two#part',
        '/private/three',
        '/one',
        'http://other.invalid/',
        'http://[',
      ];
      response.end(links.map((link) => `<a class="x" href="${link}">x</a>`).join(''));
    }
  }
}

describe.each(KINDS)('on the %s reactor', (kind) => {
  const run = (name: string, ...args: string[]): ReturnType<typeof runWithInput> =>
    runWithInput(name, ['--reactor', kind, ...args], Buffer.alloc(0));

  it('download resumes a file that was cut off', async () => {
    await using site = new Site();
    const origin = await site.start();
    using files = new Folder();
    const output = files.path('rope.txt');
    const cut = await run('download', '--output', output, `${origin}/file`);
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringMatching(/\n?download: /)]);
    const have = statSync(output).size;
    expect(have).toBeLessThanOrEqual(100_000);
    const rest = await run('download', '--output', output, `${origin}/file`);
    expect([rest.code, rest.stderr]).toEqual([
      0,
      expect.stringContaining(`300000 of 300000 bytes, ${have} of them from before`),
    ]);
    expect(readFileSync(output).equals(site.file)).toBe(true);
    expect(existsSync(`${output}.etag`)).toBe(false);
  });

  it('upload sends files as a form', async () => {
    await using site = new Site();
    const origin = await site.start();
    using files = new Folder();
    const paths = ['a.txt', 'b.txt'].map((name) => files.path(name));
    for (const path of paths) writeFileSync(path, Buffer.alloc(100_000, 'x'));
    const sent = await run('upload', '--url', `${origin}/form`, ...paths);
    expect([sent.code, String(sent.stdout)]).toEqual([
      0,
      expect.stringMatching(/^200\d{3} bytes, ropewalk\n$/),
    ]);
    expect(sent.stderr).toContain('200000 of 200000 bytes');
    const missing = await run('upload', '--url', `${origin}/form`, files.path('none'));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/^upload: ENOENT/)]);
  });

  it('crawl-politely obeys robots.txt, and visits each page once', async () => {
    await using site = new Site();
    const origin = await site.start();
    const crawled = await run('crawl-politely', '--delay', '1', `${origin}/`);
    expect([crawled.stderr, crawled.code]).toEqual(['', 0]);
    expect(String(crawled.stdout)).toBe(`200 ${origin}/\n200 ${origin}/one\n200 ${origin}/two\n`);
    expect(site.seen).toEqual(['/robots.txt', '/', '/one', '/two']);
  });
});

class Folder {
  readonly #path = mkdtempSync(join(tmpdir(), 'ropewalk-'));

  path(name: string): string {
    return join(this.#path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true });
  }
}
