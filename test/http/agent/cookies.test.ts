/** Cookies: of each hop, with their attributes, bounds and jars. */
import { CookieJar, pathMatch, permuteDomain } from 'tough-cookie';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  BoundedCookieStore,
  type CookieLimits,
} from '../../../src/http/agent/bounded-cookie-store.js';
import { loadToughCookie } from '../../../src/http/agent/tough-cookie.js';
import type { AgentOptions, AgentRequestOptions } from '../../../src/http/index.js';
import { Agented } from './memory-agent.js';

// The first use takes longer.
beforeAll(async () => {
  await loadToughCookie();
});

/** Waits until the jar has answered: it does so without I/O. */
async function soon(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

function cookieIn(sent: string): string | undefined {
  return /^cookie: (.*)\r$/im.exec(sent)?.[1];
}

class Cookied {
  readonly agented: Agented;

  constructor(options: AgentOptions = { cookies: true }) {
    this.agented = new Agented(options);
  }

  /** Sends a request, and answers it. @returns Its Cookie field. */
  async ask(
    url: string,
    answer: string | readonly string[] = [],
    options: AgentRequestOptions = {},
  ): Promise<string | undefined> {
    const { agented } = this;
    const asked = agented.agent.request(url, options);
    await soon();
    const server = agented.at(new URL(url).origin).last;
    const { sent } = server;
    const lines = typeof answer === 'string' ? [answer] : answer;
    const fields = lines.map((line) => `Set-Cookie: ${line}\r\n`).join('');
    const text = `HTTP/1.1 200 OK\r\n${fields}Content-Length: 1\r\n\r\nx`;
    server.answer(Buffer.from(text, 'latin1'));
    await (await asked).drain();
    return cookieIn(sent);
  }
}

describe('an agent with cookies', () => {
  it('sends those that a server has set, to its paths and hosts', async () => {
    const cookied = new Cookied();
    await cookied.ask('http://www.example.com/a/b', [
      'one=1',
      'two=2; Path=/',
      'three=3; Domain=example.com; Path=/',
    ]);
    expect(await cookied.ask('http://www.example.com/a/c')).toBe('one=1; two=2; three=3');
    expect(await cookied.ask('http://www.example.com/')).toBe('two=2; three=3');
    expect(await cookied.ask('http://api.example.com/')).toBe('three=3');
    expect(await cookied.ask('http://example.org/')).toBeUndefined();
  });

  it('stores those of responses with any status', async () => {
    const cookied = new Cookied();
    const asked = cookied.agented.agent.get('http://a/');
    await soon();
    cookied.agented.server.sent;
    cookied.agented.server.answer(
      'HTTP/1.1 401 No\r\nSet-Cookie: sid=7\r\nContent-Length: 0\r\n\r\n',
    );
    expect((await asked).status).toBe(401);
    expect(await cookied.ask('http://a/')).toBe('sid=7');
  });

  it('replaces, expires and deletes them', async () => {
    const cookied = new Cookied();
    await cookied.ask('http://a/', [
      'a=1',
      'b=1',
      'c=1; Max-Age=0',
      'd=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    ]);
    expect(await cookied.ask('http://a/', ['a=2', 'b=; Max-Age=-1'])).toBe('a=1; b=1');
    expect(await cookied.ask('http://a/')).toBe('a=2');
  });

  it('asks the jar for each hop of redirections', async () => {
    const cookied = new Cookied();
    const { agented } = cookied;
    await cookied.ask('http://b.test/', 'of-b=1; Path=/');
    const asked = agented.agent.get('http://a.test/', { fields: { Cookie: 'mine=0' } });
    await soon();
    const a = agented.at('http://a.test').last;
    expect(cookieIn(a.sent)).toBe('mine=0');
    a.answer(
      'HTTP/1.1 302 Go\r\nSet-Cookie: of-a=1\r\nLocation: http://b.test/\r\nContent-Length: 1\r\n\r\nx',
    );
    await soon();
    const b = agented.at('http://b.test').last;
    expect(cookieIn(b.sent)).toBe('of-b=1');
    b.answer('HTTP/1.1 302 Go\r\nLocation: http://a.test/back\r\nContent-Length: 1\r\n\r\nx');
    await soon();
    expect(cookieIn(a.sent)).toBe('of-a=1');
    a.answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await asked).redirects).toHaveLength(2);
  });

  it('lets the Cookie field of a request win, and adds the others', async () => {
    const cookied = new Cookied();
    await cookied.ask('http://a/', ['a=1', 'b=2']);
    const fields = { Cookie: 'b=own; c=own' };
    expect(await cookied.ask('http://a/', [], { fields })).toBe('b=own; c=own; a=1');
    expect(await cookied.ask('http://a/', 'd=4', { cookies: false })).toBeUndefined();
    expect(await cookied.ask('http://a/')).toBe('a=1; b=2');
  });

  it('sends SameSite cookies to redirections of the same site only', async () => {
    const cookied = new Cookied();
    const cookies = ['s=1; SameSite=Strict; Path=/', 'l=1; SameSite=Lax; Path=/', 'n=1; Path=/'];
    await cookied.ask('http://bank.example.com/', cookies);
    expect(await cookied.ask('http://bank.example.com/')).toBe('s=1; l=1; n=1');
    const redirected = async (
      from: string,
      options: AgentRequestOptions,
    ): Promise<string | undefined> => {
      const { agented } = cookied;
      const asked = agented.agent.request(from, options);
      await soon();
      agented
        .at(new URL(from).origin)
        .last.answer(
          'HTTP/1.1 307 Go\r\nLocation: http://bank.example.com/\r\nContent-Length: 1\r\n\r\nx',
        );
      await soon();
      const bank = agented.at('http://bank.example.com').last;
      const { sent } = bank;
      bank.answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      await asked;
      return cookieIn(sent);
    };
    expect(await redirected('http://www.example.com/', {})).toBe('s=1; l=1; n=1');
    expect(await redirected('http://evil.test/', {})).toBe('l=1; n=1');
    expect(await redirected('http://evil.test/', { method: 'POST', content: 'x' })).toBe('n=1');
  });

  it.each([
    ['a public suffix', 'a=1; Domain=co.uk', 'http://shop.co.uk/'],
    ['another host', 'a=1; Domain=other.test', 'http://shop.test/'],
    ['Secure over http', 'a=1; Secure', 'http://shop.test/'],
    ['a prefix without its attributes', '__Host-a=1; Path=/', 'http://shop.test/'],
    ['__Http- without HttpOnly', '__Http-a=1; Secure; Path=/', 'http://localhost/'],
    ['a space of Latin-1 before the prefix', '\u00a0__Host-a=1; Path=/', 'http://shop.test/'],
    [
      'such a space in an attribute',
      '__Host-a=1; Secure; Path=/; Domain\u00a0=localhost',
      'http://localhost/',
    ],
    ['no name', '=1', 'http://shop.test/'],
    ['nothing', '', 'http://shop.test/'],
    ['too many bytes', `a=${'1'.repeat(4_096)}`, 'http://shop.test/'],
  ])('ignores a cookie with %s', async (_what, cookie, url) => {
    const cookied = new Cookied();
    await cookied.ask(url, [cookie, 'good=1']);
    expect(await cookied.ask(url)).toBe('good=1');
  });

  it.each([
    ['replaced', 'http://shop.test/', 's=evil; Path=/'],
    ['hidden by a longer path', 'http://shop.test/a/b', 's=evil; Path=/a'],
    ['hidden by the path of the URL', 'http://shop.test/a/b', 's=evil'],
    ['deleted', 'http://shop.test/', 's=; Path=/; Max-Age=0'],
    ['replaced with a space of Latin-1', 'http://shop.test/', '\u00a0s=evil; Path=/'],
    [
      'replaced with such a space in Domain',
      'http://evil.shop.test/',
      's=evil; Path=/; Domain\u00a0=shop.test',
    ],
    ['replaced from a subdomain', 'http://evil.shop.test/', 's=evil; Path=/; Domain=shop.test'],
  ])('keeps a Secure cookie from being %s over http', async (_what, url, cookie) => {
    const jar = new CookieJar();
    await jar.setCookie('s=good; Path=/; Secure', 'https://shop.test/');
    const cookied = new Cookied({ cookies: jar });
    await cookied.ask(url, [cookie, 'other=1; Path=/']);
    expect(await jar.getCookieString('https://shop.test/a/b')).toMatch(/^s=good(?:; other=1)?$/);
    expect(await cookied.ask(url)).toBe('other=1');
  });

  it('sets other cookies over http as before', async () => {
    const jar = new CookieJar();
    await jar.setCookie('s=good; Path=/a; Secure', 'https://shop.test/');
    const cookied = new Cookied({ cookies: jar });
    await cookied.ask('http://shop.test/', ['s=1; Path=/', 'o=1; Path=/']);
    await cookied.ask('http://shop.test/', 'o=2; Path=/');
    expect(await cookied.ask('http://shop.test/')).toBe('s=1; o=2');
  });

  it('sends Secure cookies over TLS, and to this machine', async () => {
    const cookied = new Cookied();
    await cookied.ask('http://localhost/', 'a=1; Secure');
    expect(await cookied.ask('http://localhost/')).toBe('a=1');
    await cookied.ask('http://127.0.0.1/', 'b=1; Secure');
    expect(await cookied.ask('http://127.0.0.1/')).toBe('b=1');
  });
});

describe('the limits of cookies', () => {
  it('are maxCookiesPerResponse and maxCookieFieldBytes', async () => {
    const cookied = new Cookied({ cookies: { maxCookiesPerResponse: 3, maxCookieFieldBytes: 12 } });
    await cookied.ask('http://a/', ['a=1', 'b=2', 'c=3', 'd=4']);
    expect(await cookied.ask('http://a/', 'long=1234567890')).toBe('a=1; b=2');
    await cookied.ask('http://a/', 'a=1; Max-Age=0');
    expect(await cookied.ask('http://a/')).toBe('b=2; c=3');
  });

  it('are maxCookiesPerDomain and maxCookies, and the oldest are dropped', async () => {
    const cookied = new Cookied({ cookies: { maxCookiesPerDomain: 2, maxCookies: 3 } });
    await cookied.ask('http://a/', ['a=1', 'b=2', 'c=3']);
    expect(await cookied.ask('http://a/')).toBe('b=2; c=3');
    await cookied.ask('http://b/', ['d=1', 'e=1']);
    expect(await cookied.ask('http://a/')).toBe('c=3');
    expect(await cookied.ask('http://b/')).toBe('d=1; e=1');
  });

  it('hold for any number of paths and domains', () => {
    const limits: CookieLimits = { maxCookies: 100, maxCookiesPerDomain: 10 };
    const store = new BoundedCookieStore(
      { pathMatch, permuteDomain: permuteDomain as never },
      limits,
    );
    for (let at = 0; at < 5_000; at++) {
      store.putCookie({ domain: `d${at % 37}`, path: `/${at}`, key: 'k' }, () => {});
      expect(store.size).toBeLessThanOrEqual(100);
    }
    expect(store.size).toBe(100);
    for (let at = 0; at < 37; at++) {
      store.findCookies(`d${at}`, null, true, (_error, found = []) => {
        expect(found.length).toBeLessThanOrEqual(10);
        for (const { domain, path, key } of found) store.removeCookie(domain, path, key, () => {});
      });
    }
    expect(store.size).toBe(0);
  });

  it.each([
    [{ cookies: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
    [{ cookies: { jar: {} } }, 'ERR_INVALID_ARG_TYPE'],
    [{ cookies: { maxCookies: 0 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ cookies: { maxCookie: 1 } }, 'ERR_UNKNOWN_OPTION'],
    [{ cookies: { jar: new CookieJar(), maxCookies: 5 } }, 'ERR_INVALID_ARG_VALUE'],
  ])('are checked: %o', (options, code) => {
    expect(() => new Agented(options as AgentOptions)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a jar of the program', () => {
  it('is shared by agents, and can be read and written', async () => {
    const jar = new CookieJar();
    await jar.setCookie('before=1', 'http://a/');
    const one = new Cookied({ cookies: jar });
    const other = new Cookied({ cookies: { jar } });
    await one.ask('http://a/', 'by-one=1');
    expect(await other.ask('http://a/')).toBe('before=1; by-one=1');
    expect(await jar.getCookieString('http://a/')).toBe('before=1; by-one=1');
  });

  it('that fails ends the request, and its connection', async () => {
    const jar = {
      getCookieString: async () => '',
      setCookie: async () => {
        throw new Error('the disk is full');
      },
    };
    const cookied = new Cookied({ cookies: jar });
    await expect(cookied.ask('http://a/', 'a=1')).rejects.toThrow('the disk is full');
    cookied.agented.server.sent;
    expect(cookied.agented.agent.counts).toMatchObject({ connections: 0 });
  });

  it('leaves the reason of a signal as the cause', async () => {
    const cookied = new Cookied();
    const controller = new AbortController();
    const asked = cookied.agented.agent.get('http://a/', { signal: controller.signal });
    await soon();
    controller.abort(new Error('the user left'));
    await expect(asked.text()).rejects.toMatchObject({
      code: 'ERR_CANCELLED',
      cause: { message: 'the user left' },
    });
  });

  it('is not waited for after a cancellation', async () => {
    const jar = { getCookieString: () => new Promise<string>(() => {}), setCookie: async () => {} };
    const cookied = new Cookied({ cookies: jar });
    const asked = cookied.agented.agent.get('http://a/');
    asked.cancel();
    await expect(asked.toPromise()).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });
});

describe('without tough-cookie', () => {
  afterEach(() => {
    vi.doUnmock('tough-cookie');
  });

  it('requests fail with the command that installs it; a given jar works', async () => {
    vi.doMock('tough-cookie', () => {
      throw new Error('not found');
    });
    const cookied = new Cookied();
    await expect(cookied.agented.agent.get('http://a/').toPromise()).rejects.toMatchObject({
      code: 'ERR_MISSING_PACKAGE',
      packages: ['tough-cookie'],
    });
    const jar = { getCookieString: async () => 'a=1', setCookie: async () => {} };
    expect(await new Cookied({ cookies: jar }).ask('http://a/')).toBe('a=1');
  });
});
