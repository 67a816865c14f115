import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ask, filesAt, MODIFIED, StaticFolder } from './static-folder.js';

const folder = new StaticFolder();
folder.write('a.css', 'plain');
folder.write('a.css.br', 'brotli');
folder.write('a.css.gz', 'gzipped!');
folder.write('only-gz.js', 'plain');
folder.write('only-gz.js.gz', '0123456789'.repeat(30));
folder.write('stale.txt', 'plain');
folder.write('stale.txt.br', 'stale', new Date(MODIFIED.getTime() - 1000));
folder.write('index.html', 'plain');
folder.write('index.html.gz', 'gzipped');
folder.write('sub/index.html', 'plain');
folder.write('sub/index.html.gz', 'gzipped');
const files = filesAt(folder.root, { precompressed: ['br', 'gzip'] });

afterAll(() => folder.remove());
afterEach(() => {
  expect(folder.openFiles()).toEqual([]);
});

describe('precompressed files', () => {
  it.each([
    ['/a.css', 'gzip, br', 'br', 'brotli'],
    ['/a.css', 'gzip, br;q=0.5', 'gzip', 'gzipped!'],
    ['/a.css', 'gzip', 'gzip', 'gzipped!'],
    ['/a.css', 'zstd', undefined, 'plain'],
    ['/a.css', '', undefined, 'plain'],
    ['/a.css', 'identity, br;q=0.5', undefined, 'plain'],
    ['/only-gz.js', 'br', undefined, 'plain'],
    ['/stale.txt', 'br', undefined, 'plain'],
    ['/', 'gzip', 'gzip', 'gzipped'],
    ['/sub/', 'gzip', 'gzip', 'gzipped'],
  ])('%s for %j: %s', async (target, accepted, coding, content) => {
    const { status, fields, body } = await ask(files, target, { 'Accept-Encoding': accepted });
    expect([status, body]).toEqual([200, content]);
    expect(fields['content-encoding']).toBe(coding);
    expect(fields['content-length']).toBe(String(content.length));
    expect(fields.vary).toBe('Accept-Encoding');
    expect(fields['content-type']).not.toBe('application/gzip');
  });

  it('406 if nothing is acceptable', async () => {
    const answer = await ask(files, '/only-gz.js', { 'Accept-Encoding': 'br, *;q=0' });
    expect(answer).toEqual({ status: 406, fields: { vary: 'Accept-Encoding' }, body: undefined });
  });

  it('have entity tags of their own', async () => {
    const plain = await ask(files, '/a.css');
    const compressed = await ask(files, '/a.css', { 'Accept-Encoding': 'br' });
    const { etag = '' } = compressed.fields;
    expect(etag).not.toBe(plain.fields.etag);
    const fields = { 'If-None-Match': etag };
    expect((await ask(files, '/a.css', fields)).status).toBe(200);
    const known = await ask(files, '/a.css', { ...fields, 'Accept-Encoding': 'br' });
    expect(known).toEqual({
      status: 304,
      fields: { etag, vary: 'Accept-Encoding' },
      body: undefined,
    });
  });

  it('have one range, but not several', async () => {
    const accept = { 'Accept-Encoding': 'gzip' };
    const one = await ask(files, '/only-gz.js', { ...accept, Range: 'bytes=0-3' });
    expect([one.status, one.body]).toEqual([206, '0123']);
    expect(one.fields).toMatchObject({
      'content-encoding': 'gzip',
      'content-range': 'bytes 0-3/300',
    });
    const several = await ask(files, '/only-gz.js', { ...accept, Range: 'bytes=0-3,200-201' });
    expect(several.status).toBe(200);
  });

  it('are themselves served under their own names', async () => {
    const { fields, body } = await ask(files, '/a.css.gz', { 'Accept-Encoding': 'gzip' });
    expect(body).toBe('gzipped!');
    expect(fields['content-encoding']).toBeUndefined();
    expect(fields['content-type']).toBe('application/gzip');
  });

  it('are not looked for by default', async () => {
    const plain = filesAt(folder.root);
    const { fields, body } = await ask(plain, '/a.css', { 'Accept-Encoding': 'br' });
    expect(body).toBe('plain');
    expect(fields.vary).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')('do not lead out of the root', async () => {
    folder.write('../out.br', 'out');
    folder.write('linked.txt', 'plain');
    symlinkSync('../out.br', join(folder.root, 'linked.txt.br'));
    expect((await ask(files, '/linked.txt', { 'Accept-Encoding': 'br' })).body).toBe('plain');
  });
});
