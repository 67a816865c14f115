/** Files of a folder in a tree, and listings. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureLogs } from '../../src/testing/index.js';
import { Branch, File, type FileOptions, type Resource } from '../../src/web/index.js';
import { until } from '../http/served.js';
import { NOW, StaticFolder } from '../http/static-folder.js';
import { contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

const folder = new StaticFolder();
afterAll(() => folder.remove());
folder.write('a.txt', 'hello');
folder.write('index/index.html', '<h1>index</h1>');
folder.write('plain/b.css', 'b {}');
folder.write('plain/<i>"&\'.txt', 'odd name');
folder.write('plain/a:b', 'scheme?');
folder.write('plain/.hidden', 'hidden');
folder.write('plain/sub/c.txt', 'c');
folder.write('.secret/d.txt', 'secret');
mkdirSync(join(folder.root, 'empty'));
writeFileSync(join(folder.outer, 'outside.txt'), 'outside');
mkdirSync(join(folder.outer, 'outside'));
const POSIX = process.platform !== 'win32';
if (POSIX) {
  symlinkSync('../../outside.txt', join(folder.root, 'plain/leads-out'));
  symlinkSync('../../outside', join(folder.root, 'plain/folder-out'));
  symlinkSync('b.css', join(folder.root, 'plain/leads-in'));
  symlinkSync('nowhere', join(folder.root, 'plain/broken'));
  execFileSync('mkfifo', [join(folder.root, 'plain/pipe')]);
}

const files = (options: FileOptions = {}): Resource =>
  new Branch({ files: new File(folder.root, { wallClock: () => NOW, ...options }) });

async function ask(root: Resource, target: string, ...fields: string[]): Promise<string> {
  const served = new ServedSite(root);
  served.transport.receive(get(target, ...fields));
  let sent = '';
  const isAnswered = (): boolean => {
    sent += served.sent();
    return sent.includes('\r\n\r\n');
  };
  await until(isAnswered, `the answer to ${target}`);
  return sent;
}

describe('a file', () => {
  it.each([
    ['/files/a.txt', 200, 'hello'],
    ['/files/%61.txt', 200, 'hello'],
    ['/files/index/', 200, '<h1>index</h1>'],
    ['/files/plain/sub/c.txt', 200, 'c'],
    ['/files/', 404, '404 Not Found\n'],
    ['/files/plain/', 404, '404 Not Found\n'],
    ['/files/a.txt/', 404, '404 Not Found\n'],
    ['/files/none', 404, '404 Not Found\n'],
    ['/files/.secret/d.txt', 404, '404 Not Found\n'],
    ['/files/plain/leads-out', 404, '404 Not Found\n'],
    ['/files/../outside.txt', 404, '404 Not Found\n'],
    ['/files/..%2foutside.txt', 404, '404 Not Found\n'],
    ['/files/%2e%2e/outside.txt', 404, '404 Not Found\n'],
    ['/files/plain/%2e%2e/%2e%2e/outside.txt', 404, '404 Not Found\n'],
    ['/files/..%5coutside.txt', 404, '404 Not Found\n'],
    ['/files/a.txt%00', 404, '404 Not Found\n'],
    ['/files//etc/passwd', 404, '404 Not Found\n'],
    ['/files/%c0%ae%c0%ae/outside.txt', 400, '400 Bad Request\n'],
  ])('is found at its path: %s', async (target, status, content) => {
    const sent = await ask(files(), target);
    expect([statusOf(sent), contentOf(sent)]).toEqual([status, content]);
  });

  it.each([
    ['/files', './files/'],
    ['/files?a=b', './files/?a=b'],
    ['/files/index', './index/'],
  ])('of a folder is redirected to the slash: %s', async (target, location) => {
    const sent = await ask(files(), target);
    expect([statusOf(sent), fieldOf(sent, 'location')]).toEqual([301, location]);
  });

  it('has validators and ranges, as those of staticFiles', async () => {
    const sent = await ask(files({ cacheControl: 'no-cache' }), '/files/a.txt', 'Range: bytes=1-2');
    expect([statusOf(sent), contentOf(sent), fieldOf(sent, 'cache-control')]).toEqual([
      206,
      'el',
      'no-cache',
    ]);
    const tag = fieldOf(sent, 'etag');
    expect(statusOf(await ask(files(), '/files/a.txt', `If-None-Match: ${tag}`))).toBe(304);
  });

  it('may appear later, which is logged once', async () => {
    using capture = captureLogs();
    const path = join(folder.root, 'later');
    const root = new Branch({ files: new File(path) });
    expect(statusOf(await ask(root, '/files/a.txt'))).toBe(404);
    expect(statusOf(await ask(root, '/files/'))).toBe(404);
    expect(capture.messages).toEqual([
      `File: ${path} does not exist, so requests are answered with 404`,
    ]);
    mkdirSync(path);
    writeFileSync(join(path, 'a.txt'), 'late');
    expect(contentOf(await ask(root, '/files/a.txt'))).toBe('late');
  });

  it('is not logged while its folder exists', async () => {
    using capture = captureLogs();
    const path = join(folder.root, 'removed');
    mkdirSync(path);
    const root = new Branch({ files: new File(path) });
    expect(statusOf(await ask(root, '/files/none'))).toBe(404);
    expect(capture.messages).toEqual([]);
    rmdirSync(path);
    expect(statusOf(await ask(root, '/files/none'))).toBe(404);
    expect(capture.messages).toHaveLength(1);
  });

  it('can be a single one', async () => {
    const root = new Branch({ note: new File(join(folder.root, 'a.txt')) });
    const sent = await ask(root, '/note');
    expect([contentOf(sent), fieldOf(sent, 'content-type')]).toEqual([
      'hello',
      'text/plain; charset=utf-8',
    ]);
    expect(statusOf(await ask(root, '/note/'))).toBe(404);
    expect(statusOf(await ask(root, '/note/b'))).toBe(404);
  });

  it('is refused other methods', async () => {
    const sent = await new ServedSite(files()).ask(
      'DELETE /files/a.txt HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    expect([statusOf(sent), fieldOf(sent, 'allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('has the page of the site if there is none', async () => {
    const served = new ServedSite(files(), { notFound: { render: () => 'lost' } });
    served.transport.receive(get('/files/none'));
    let sent = '';
    const isAnswered = (): boolean => {
      sent += served.sent();
      return sent !== '';
    };
    await until(isAnswered, 'the page');
    expect([statusOf(sent), contentOf(sent)]).toEqual([404, 'lost']);
  });
});

describe('a listing', () => {
  const listing = (options: FileOptions = {}): Resource => files({ listing: true, ...options });
  const json = async (
    target: string,
    options: FileOptions = {},
  ): Promise<{ entries: { name: string }[]; isCut: boolean }> =>
    JSON.parse(contentOf(await ask(listing(options), target, 'Accept: application/json')));

  it('is JSON for clients that prefer it', async () => {
    const sent = await ask(listing(), '/files/plain/', 'Accept: text/html;q=0.5, application/json');
    expect([fieldOf(sent, 'content-type'), fieldOf(sent, 'vary')]).toEqual([
      'application/json',
      'Accept',
    ]);
    const { entries, isCut } = JSON.parse(contentOf(sent)) as {
      entries: { name: string; type: string }[];
      isCut: boolean;
    };
    expect(isCut).toBe(false);
    const names = ['<i>"&\'.txt', 'a:b', 'b.css', ...(POSIX ? ['leads-in'] : []), 'sub'];
    expect(entries.map(({ name }) => name)).toEqual(names);
    expect(entries.find(({ name }) => name === 'b.css')).toEqual({
      name: 'b.css',
      type: 'file',
      size: 4,
      modified: '2020-02-03T04:05:06.500Z',
    });
    expect(entries.at(-1)?.type).toBe('folder');
  });

  it('is HTML for others, in which names have no markup', async () => {
    for (const accept of [[], ['Accept: */*'], ['Accept: text/html, application/json']]) {
      const sent = await ask(listing(), '/files/plain/', ...accept);
      expect(fieldOf(sent, 'content-type')).toBe('text/html; charset=utf-8');
      const page = contentOf(sent);
      expect(page).toContain('<h1>/files/plain/</h1>');
      expect(page).toContain('<a href="../">..</a>');
      expect(page).toContain(
        '<a href="./%3Ci%3E%22%26&#39;.txt">&lt;i&gt;&quot;&amp;&#39;.txt</a>',
      );
      expect(page).toContain('<a href="./a%3Ab">a:b</a>');
      expect(page).toContain('<a href="./sub/">sub/</a><td><td>');
      expect(page).not.toContain('hidden');
      expect(page).not.toContain('-out');
    }
  });

  it('is not offered above the root, and links of it work', async () => {
    const page = contentOf(await ask(listing(), '/files/'));
    expect(page).not.toContain('../');
    expect(page).not.toContain('.secret');
    for (const [, href] of page.matchAll(/href="([^"]+)"/g)) {
      const target = new URL(href as string, 'http://a/files/').pathname;
      expect(statusOf(await ask(listing(), target)), target).toBe(200);
    }
  });

  it('does not replace an index file, and there is none of a file or of nothing', async () => {
    expect(contentOf(await ask(listing(), '/files/index/'))).toBe('<h1>index</h1>');
    for (const target of [
      '/files/a.txt/',
      '/files/none/',
      '/files/plain/folder-out/',
      '/files/.secret/',
    ]) {
      expect(statusOf(await ask(listing(), target)), target).toBe(404);
    }
    expect((await json('/files/empty/')).entries).toEqual([]);
  });

  it('can include dot files and links to anywhere', async () => {
    const { entries } = await json('/files/plain/', { dotFiles: true, linksAnywhere: true });
    const names = entries.map(({ name }) => name);
    expect(names).toContain('.hidden');
    if (POSIX) expect(names).toEqual(expect.arrayContaining(['leads-out', 'folder-out']));
    expect(names).not.toContain('broken');
    expect(names).not.toContain('pipe');
  });

  it('says that it was cut', async () => {
    const { entries, isCut } = await json('/files/plain/', { maxListed: 2 });
    expect([entries.length, isCut]).toEqual([2, true]);
    const page = contentOf(await ask(listing({ maxListed: 2 }), '/files/plain/'));
    expect(page).toContain('<p>There are more.');
  });

  it.each(['blocking', 'threads'] as const)(
    'leaves no descriptor open: %s calls',
    async (fileCalls) => {
      for (const target of ['/files/plain/', '/files/none/', '/files/a.txt/', '/files/empty/']) {
        await ask(listing({ fileCalls }), target);
      }
      expect(folder.openFiles()).toEqual([]);
    },
  );

  it.runIf(POSIX && process.getuid?.() !== 0)(
    'of a folder that may not be read is 404',
    async () => {
      const closed = join(folder.root, 'closed');
      mkdirSync(closed);
      chmodSync(closed, 0o000);
      expect(statusOf(await ask(listing(), '/files/closed/'))).toBe(404);
    },
  );

  it.each<[FileOptions, string]>([
    [{ maxListed: 0 }, 'maxListed must be'],
    [{ listing: 'html' as never }, 'listing must be a boolean'],
    [{ prefix: '/a' } as never, "File has no option 'prefix'"],
  ])('refuses %j', (options, message) => {
    expect(() => new File('root', options)).toThrow(message);
  });
});
