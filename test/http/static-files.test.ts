import { utimesSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { unknownOptionOf } from '../support/unknown-option.js';
import { ask, filesAt, MODIFIED, request, StaticFolder } from './static-folder.js';

const folder = new StaticFolder();
folder.write('index.html', '<p>root</p>');
folder.write('digits.txt', '0123456789');
folder.write('empty.txt', '');
folder.write('sub/index.html', '<p>sub</p>');
folder.write('no-index/a.txt', 'a');
folder.write('.env', 'secret');
folder.write('.well-known/a.txt', 'known');
folder.write('a b%.txt', 'odd');
folder.write('home.htm', 'home');
folder.write('big.bin', Buffer.alloc(200_000, 7));

afterAll(() => folder.remove());
afterEach(() => {
  expect(folder.openFiles()).toEqual([]);
});

describe.each([
  ['blocking', 0],
  ['blocking', undefined],
  ['threads', 0],
  ['threads', undefined],
] as const)('with %s calls and cacheBytes %s', (fileCalls, cacheBytes) => {
  const files = filesAt(folder.root, { fileCalls, cacheBytes });

  describe('GET', () => {
    it('answers with the file and its fields', async () => {
      const { status, fields, body } = await ask(files, '/digits.txt');
      expect({ status, body }).toEqual({ status: 200, body: '0123456789' });
      expect(fields).toEqual({
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '10',
        etag: expect.stringMatching(/^"a-[0-9a-z]+-[0-9a-z]+"$/),
        'last-modified': 'Mon, 03 Feb 2020 04:05:06 GMT',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
      });
    });

    it.each([
      ['/empty.txt', ''],
      ['/', '<p>root</p>'],
      ['/sub/', '<p>sub</p>'],
      ['/a%20b%25.txt?query', 'odd'],
      ['http://example.com/digits.txt', '0123456789'],
    ])('%s', async (target, content) => {
      const { status, body, fields } = await ask(files, target);
      expect({ status, body }).toEqual({ status: 200, body: content });
      expect(fields['content-length']).toBe(String(content.length));
    });

    it('sends a large file in chunks', async () => {
      const { body } = await ask(files, '/big.bin');
      expect(body).toBe('\x07'.repeat(200_000));
    });

    it.each([
      '/none',
      '/digits.txt/',
      '/digits.txt/a',
      '/no-index/',
      '/.env',
      '/../root/digits.txt',
      '/%2e%2e/root/digits.txt',
      `/${'a'.repeat(300)}`,
      '/DIGITS.TXT%00',
    ])('%s: 404', async (target) => {
      expect(await ask(files, target)).toEqual({ status: 404, fields: {}, body: undefined });
    });

    it('refuses malformed targets with 400', async () => {
      expect((await ask(files, '/%')).status).toBe(400);
      expect((await ask(files, '*')).status).toBe(400);
    });

    it('redirects a folder to its slash, relatively', async () => {
      expect(await ask(files, '/sub?x=1')).toEqual({
        status: 301,
        fields: { location: './sub/?x=1' },
        body: undefined,
      });
    });

    it('gives the body to its consumer, who may close it unread', async () => {
      const { body } = await files.answer(request('/digits.txt'));
      expect(body?.length).toBe(10);
      await body?.close();
      await body?.close();
      const uncached = filesAt(folder.root, { fileCalls, cacheBytes: 0 });
      const { body: other } = await uncached.answer(request('/big.bin'));
      for await (const chunk of other ?? []) {
        expect(chunk.length).toBe(65_536);
        break;
      }
    });
  });

  describe('HEAD', () => {
    it('has the fields of GET and no body', async () => {
      const get = await ask(files, '/digits.txt');
      const head = await ask(files, '/digits.txt', {}, 'HEAD');
      expect(head).toEqual({ ...get, body: undefined });
    });

    it('has no ranges', async () => {
      const { status, fields } = await ask(files, '/digits.txt', { Range: 'bytes=0-1' }, 'HEAD');
      expect(status).toBe(200);
      expect(fields['content-length']).toBe('10');
    });
  });

  describe('other methods', () => {
    it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get'])('%s: 405', async (method) => {
      const answer = await ask(files, '/digits.txt', {}, method);
      expect(answer).toEqual({ status: 405, fields: { allow: 'GET, HEAD' }, body: undefined });
    });
  });

  describe('conditional requests', () => {
    const etag = async (): Promise<string> => (await ask(files, '/digits.txt')).fields.etag ?? '';

    it('304 for the current entity tag', async () => {
      const tag = await etag();
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(files, '/digits.txt', { 'If-None-Match': `W/${tag}` }, method);
        expect(answer).toEqual({ status: 304, fields: { etag: tag }, body: undefined });
      }
      expect((await ask(files, '/digits.txt', { 'If-None-Match': '"x"' })).status).toBe(200);
    });

    it('304 for a file that was not modified', async () => {
      const since = { 'If-Modified-Since': MODIFIED.toUTCString() };
      expect((await ask(files, '/digits.txt', since)).status).toBe(304);
    });

    it('412 for another entity tag', async () => {
      const answer = await ask(files, '/digits.txt', { 'If-Match': '"x"' });
      expect(answer).toEqual({ status: 412, fields: {}, body: undefined });
    });

    it('a part only if the file has not changed', async () => {
      const range = { Range: 'bytes=0-1' };
      const whole = await ask(files, '/digits.txt', { ...range, 'If-Range': '"x"' });
      expect([whole.status, whole.body]).toEqual([200, '0123456789']);
      const part = await ask(files, '/digits.txt', { ...range, 'If-Range': await etag() });
      expect([part.status, part.body]).toEqual([206, '01']);
    });
  });

  describe('validators', () => {
    it('are weak for two seconds after a change, and then strong', async () => {
      const at = async (ms: number): Promise<Record<string, string>> => {
        const wallClock = (): number => MODIFIED.getTime() + ms;
        const then = filesAt(folder.root, { fileCalls, cacheBytes, wallClock });
        return (await ask(then, '/digits.txt')).fields;
      };
      const weak = await at(1999);
      expect(weak.etag).toMatch(/^W\/"/);
      expect(weak['last-modified']).toBeUndefined();
      const strong = await at(2000);
      expect(`W/${strong.etag}`).toBe(weak.etag);
      expect(strong['last-modified']).toBe('Mon, 03 Feb 2020 04:05:06 GMT');
      // A file from the future.
      expect((await at(-10_000)).etag).toMatch(/^W\/"/);
    });

    it('differ after a change', async () => {
      const file = folder.write('changing.txt', 'one');
      const first = await ask(files, '/changing.txt');
      folder.write('changing.txt', 'two', new Date(MODIFIED.getTime() + 1));
      const second = await ask(files, '/changing.txt');
      expect(second.fields.etag).not.toBe(first.fields.etag);
      utimesSync(file, MODIFIED, MODIFIED);
      expect((await ask(files, '/changing.txt')).fields.etag).toBe(first.fields.etag);
    });
  });

  describe('range requests', () => {
    it('206 for one range', async () => {
      const { status, fields, body } = await ask(files, '/digits.txt', { Range: 'bytes=2-4' });
      expect([status, body]).toEqual([206, '234']);
      expect(fields).toMatchObject({
        'content-range': 'bytes 2-4/10',
        'content-length': '3',
        'content-type': 'text/plain; charset=utf-8',
      });
    });

    it('206 for several ranges, with an exact length', async () => {
      const range = { Range: 'bytes=100000-100002,0-1,-1' };
      const { status, fields, body } = await ask(files, '/big.bin', range);
      expect(status).toBe(206);
      expect(fields['content-length']).toBe(String(body?.length));
      expect(fields['content-range']).toBeUndefined();
      const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(
        fields['content-type'] ?? '',
      )?.[1];
      expect(body?.split(`--${boundary}`).length).toBe(5);
      expect(body).toContain('Content-Range: bytes 199999-199999/200000\r\n\r\n\x07\r\n');
    });

    it('416 if there are no such bytes', async () => {
      const answer = await ask(files, '/digits.txt', { Range: 'bytes=10-' });
      expect(answer).toEqual({
        status: 416,
        fields: { 'content-range': 'bytes */10' },
        body: undefined,
      });
    });

    it('the whole file for malformed or too many ranges', async () => {
      const few = filesAt(folder.root, { maxRanges: 1 });
      expect((await ask(files, '/digits.txt', { Range: 'bytes=x' })).body).toBe('0123456789');
      expect((await ask(few, '/big.bin', { Range: 'bytes=0-1,1000-1001' })).status).toBe(200);
      expect((await ask(few, '/big.bin', { Range: 'bytes=0-1' })).status).toBe(206);
    });
  });
});

describe('StaticFiles', () => {
  it('has options', async () => {
    const own = filesAt(folder.root, {
      indexFiles: ['none.html', 'home.htm'],
      dotFiles: ['.well-known'],
      cacheControl: 'max-age=60',
      mediaTypes: (extension) => (extension === 'htm' ? 'text/x-home' : undefined),
    });
    const home = await ask(own, '/');
    expect(home.body).toBe('home');
    expect(home.fields['content-type']).toBe('text/x-home; charset=utf-8');
    expect(home.fields['cache-control']).toBe('max-age=60');
    const known = await ask(own, '/', { 'If-None-Match': home.fields.etag ?? '' });
    expect(known.fields['cache-control']).toBe('max-age=60');
    expect((await ask(own, '/sub/')).status).toBe(404);
    expect((await ask(own, '/.well-known/a.txt')).body).toBe('known');
    expect((await ask(own, '/.env')).status).toBe(404);
    const all = filesAt(folder.root, { dotFiles: true });
    expect((await ask(all, '/.env')).body).toBe('secret');
  });

  it('has a prefix', async () => {
    const assets = filesAt(folder.root, { prefix: '/static/a/' });
    expect((await ask(assets, '/static/a/digits.txt')).body).toBe('0123456789');
    expect((await ask(assets, '/st%61tic/a/')).body).toBe('<p>root</p>');
    expect((await ask(assets, '/static/a/sub')).fields.location).toBe('./sub/');
    expect((await ask(assets, '/static/a')).fields.location).toBe('./a/');
    for (const target of ['/digits.txt', '/static/', '/static', '/', '/static/ab/digits.txt']) {
      expect((await ask(assets, target)).status, target).toBe(404);
    }
    const compressed = filesAt(folder.root, { prefix: '/p', precompressed: ['gzip'] });
    folder.write('coded.txt', 'plain');
    folder.write('coded.txt.gz', 'gzipped');
    const accept = { 'Accept-Encoding': 'gzip' };
    expect((await ask(compressed, '/p/coded.txt', accept)).body).toBe('gzipped');
  });

  it('serves a root that is made later', async () => {
    const later = filesAt(`${folder.outer}/later`);
    expect((await ask(later, '/')).status).toBe(404);
  });

  it.each([
    ['root', () => filesAt('')],
    ['indexFiles', () => filesAt('.', { indexFiles: ['a/b'] })],
    ['indexFiles', () => filesAt('.', { indexFiles: [''] })],
    ['dotFiles', () => filesAt('.', { dotFiles: ['../a'] })],
    ['precompressed', () => filesAt('.', { precompressed: ['lzma' as never] })],
    ['cacheControl', () => filesAt('.', { cacheControl: 'a\r\nb' })],
    ['maxRanges', () => filesAt('.', { maxRanges: 0 })],
    ['fileCalls', () => filesAt('.', { fileCalls: 'sync' as never })],
    ['cacheBytes', () => filesAt('.', { cacheBytes: -1 })],
    ['prefix', () => filesAt('.', { prefix: 'assets' })],
    ['prefix', () => filesAt('.', { prefix: '/a/../b' })],
    ['prefix', () => filesAt('.', { prefix: '//' })],
  ])('refuses a wrong %s', (name, make) => {
    expect(make).toThrow(InvalidArgumentValueError);
    expect(make).toThrow(name);
  });

  it.each([
    { indexFiles: 'index.html' },
    { dotFiles: 1 },
    { linksAnywhere: 1 },
    { precompressed: 'br' },
    { cacheControl: 1 },
    { mediaTypes: {} },
    { maxRanges: '1' },
    { fileCalls: 1 },
    { cacheBytes: '1' },
    { prefix: 1 },
    { wallClock: 1 },
  ])('refuses the type of %j', (options) => {
    expect(() => filesAt('.', options as never)).toThrow(InvalidArgumentTypeError);
  });

  it('refuses unknown options', async () => {
    const error = await unknownOptionOf(() => filesAt('.', { nonsense: 1 } as never));
    expect(error.known).toHaveLength(11);
  });
});
