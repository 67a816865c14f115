/** Resources that choose, redirect, or adapt other handlers. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { HTTPStatusError, staticFiles } from '../../src/http/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import {
  Branch,
  Data,
  deferredResource,
  fetchResource,
  handlerResource,
  localLocation,
  NameVirtualHost,
  type Resource,
  redirect,
  redirectTo,
} from '../../src/web/index.js';
import { contentOf, echo, fieldOf, hello, ServedSite, statusOf } from './site.js';

describe('NameVirtualHost', () => {
  const name = (text: string): Resource => ({ isLeaf: true, render: () => text });
  const hosts = new NameVirtualHost({
    'example.com': name('example'),
    '*.example.com': name('below'),
    'www.example.com': name('www'),
    '*.shop.example.com': name('shops'),
    'bücher.example': name('books'),
    '127.0.0.1': name('v4'),
    '[::1]': name('v6'),
  });
  const ask = (root: Resource, host: string): Promise<string> =>
    new ServedSite(root).ask(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

  it.each([
    ['example.com', 'example'],
    ['EXAMPLE.com:8080', 'example'],
    ['example.com.', 'example'],
    ['a.example.com', 'below'],
    ['a.b.example.com', 'below'],
    ['www.example.com', 'www'],
    ['x.shop.example.com', 'shops'],
    ['xn--bcher-kva.example', 'books'],
    ['127.0.0.1:80', 'v4'],
    ['[::1]:80', 'v6'],
  ])('serves %s', async (host, content) => {
    expect(contentOf(await ask(hosts, host))).toBe(content);
  });

  it.each(['example.org', 'badexample.com', 'com', '', 'constructor', 'example.com.evil.example'])(
    'answers %j with 421',
    async (host) => {
      const sent = await ask(hosts, host);
      expect([statusOf(sent), contentOf(sent)]).toEqual([421, '421 Misdirected Request\n']);
    },
  );

  it.each(['<script>alert(1)</script>', 'a"b', 'a b', 'a/b', 'a@b', 'a,b', 'a\\b'])(
    'never shows a host that is none: %s',
    async (host) => {
      const sent = await ask(hosts, host);
      expect(statusOf(sent)).toBe(400);
      expect(sent).not.toContain(host);
    },
  );

  it('takes the host of an absolute target, and has a fallback', async () => {
    const served = new ServedSite(hosts);
    const text = 'GET http://www.example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n';
    expect(contentOf(await served.ask(text))).toBe('www');
    const other = new NameVirtualHost({}, { fallback: name('other') });
    expect(contentOf(await ask(other, 'a'))).toBe('other');
    expect(contentOf(await new ServedSite(other).ask('GET / HTTP/1.0\r\n\r\n'))).toBe('other');
  });

  it('can change, and refuses names that are none', async () => {
    const changing = new NameVirtualHost().addHost('a.example', hello);
    expect(contentOf(await ask(changing, 'a.example'))).toBe('hello');
    expect([changing.removeHost('A.example'), changing.removeHost('a.example')]).toEqual([
      true,
      false,
    ]);
    for (const wrong of ['', 'a:80', 'http://a', 'a/b', '*', '*.', 'a..b', 'a b']) {
      expect(() => changing.addHost(wrong, hello), wrong).toThrow(
        'name must be the name of a host',
      );
    }
  });
});

describe('a redirect', () => {
  it.each<[string, string]>([
    ['/next', '/next'],
    ['https://example.com/?a=b&c', 'https://example.com/?a=b&c'],
    ['./é', './%C3%A9'],
    ['/"><script>alert(1)</script>', '/%22%3E%3Cscript%3Ealert(1)%3C/script%3E'],
    ["/'onclick='x", "/'onclick='x"],
    ['/\\evil.example', '/%5Cevil.example'],
    ['/a b', '/a%20b'],
    ['/a%20b', '/a%20b'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('to %j has no markup of the address', async (location, field) => {
    const sent = await new ServedSite(redirectTo(location)).get('/');
    expect([statusOf(sent), fieldOf(sent, 'location')]).toEqual([302, field]);
    const page = contentOf(sent);
    expect(page.match(/<[a-z!/]+/gi)).toEqual([
      '<!doctype',
      '<title',
      '</title',
      '<p',
      '<a',
      '</a',
    ]);
    expect(page).toContain(`href="${field.replaceAll('&', '&amp;').replaceAll("'", '&#39;')}"`);
  });

  it.each([
    '',
    'a\r\nSet-Cookie: a=b',
    '\u0000',
    'javascript:alert(1)',
    'JavaScript:x',
    'data:text/html,x',
  ])('to %j is refused', (location) => {
    expect(() => redirectTo(location)).toThrow('location must be a URL');
  });

  it('has the status that was chosen', async () => {
    const post: Resource = { render: (context) => redirect(context, '/done', 303) };
    expect(
      statusOf(
        await new ServedSite(post).ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'),
      ),
    ).toBe(303);
    expect(() => redirectTo('/', 304 as never)).toThrow(
      'status must be one of 301, 302, 303, 307, 308',
    );
  });

  it.each([
    ['/a?b=c', '/a?b=c'],
    ['/', '/'],
    ['//evil.example', '/home'],
    ['/\\evil.example', '/home'],
    ['/a\\b', '/home'],
    ['/\t/evil.example', '/home'],
    ['\\/evil.example', '/home'],
    ['https://evil.example', '/home'],
    ['javascript:alert(1)', '/home'],
    ['a', '/home'],
    ['', '/home'],
    [null, '/home'],
    [undefined, '/home'],
  ])('stays on the site: %j', (location, expected) => {
    const local = localLocation(location, '/home');
    expect(local).toBe(expected);
    expect(new URL(local, 'https://site.example').origin).toBe('https://site.example');
  });
});

describe('Data', () => {
  it('has an entity tag, and answers 304 to clients that have it', async () => {
    const served = new ServedSite(new Data('body { }', 'text/css', { cacheControl: 'max-age=60' }));
    const sent = await served.get('/');
    const tag = fieldOf(sent, 'etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    expect([
      contentOf(sent),
      fieldOf(sent, 'content-type'),
      fieldOf(sent, 'cache-control'),
    ]).toEqual(['body { }', 'text/css', 'max-age=60']);
    expect(statusOf(await served.get('/', `If-None-Match: ${tag}`))).toBe(304);
    expect(statusOf(await served.get('/', 'If-None-Match: "other"'))).toBe(200);
    const post = await served.ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    expect([statusOf(post), fieldOf(post, 'allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect(statusOf(await served.get('/below'))).toBe(404);
  });

  it('refuses content and types that are none', () => {
    expect(() => new Data(5 as never, 'text/css')).toThrow('content must be');
    expect(() => new Data('', 'text/css\r\nA: b')).toThrow('Content-Type');
  });
});

describe('an adapter', () => {
  it('serves handlers of the engine and of the Web', async () => {
    const tree = new Branch({
      engine: handlerResource((request, response) => response.send(request.target)),
      web: fetchResource((request) => new Response(new URL(request.url).pathname, { status: 201 })),
      files: handlerResource(staticFiles('docs', { prefix: '/files' })),
    });
    const served = new ServedSite(tree);
    expect(contentOf(await served.get('/engine/a?b'))).toBe('/engine/a?b');
    const web = await served.get('/web/a');
    expect([statusOf(web), contentOf(web)]).toEqual([201, '/web/a']);
    expect(statusOf(await served.get('/files/../a'))).toBe(404);
  });

  it('lets requests wait for a resource, and fail with its reason', async () => {
    const found = new Deferred<Resource>();
    const served = new ServedSite(new Branch({ later: deferredResource(found) }));
    expect(await served.get('/later/a')).toBe('');
    found.callback(echo);
    expect(contentOf(await served.later())).toBe('[["later"],["a"]]');
    const failed = deferredResource(Promise.reject(new HTTPStatusError(503)));
    expect(statusOf(await new ServedSite(failed).get('/'))).toBe(503);
    const wrong = deferredResource(Promise.resolve('text' as never));
    expect(statusOf(await new ServedSite(wrong).get('/'))).toBe(500);
    expect(flushLoggedErrors()).toHaveLength(1);
    expect(() => deferredResource(echo as never)).toThrow('resource must be a promise');
  });
});
