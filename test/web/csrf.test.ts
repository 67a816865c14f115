/** Requests that other sites cause. */
import { describe, expect, it } from 'vitest';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  type CSRFOptions,
  csrfField,
  csrfToken,
  Form,
  field,
  html,
  MemorySessionStore,
  MissingWrapperError,
  type Resource,
  withCSRF,
  withSessions,
} from '../../src/web/index.js';
import { Browser, tokenOf } from './browser.js';
import { contentOf, fieldOf, ServedSite, statusOf } from './site.js';

const NOTE = new Form({ note: field.text(), photo: field.file({ required: false }) });

let changes = 0;

/** GET: a form. POST: changes something. */
const notes: Resource = {
  isLeaf: true,
  render: async (context) => {
    if (context.request.method === 'GET') return html`<form>${csrfField(context)}</form>`;
    changes++;
    if (context.request.has('x-raw')) return context.request.text();
    const form = await NOTE.read(context);
    return form.ok ? form.values.note : form;
  },
};

function sessionSite(root: Resource): ServedSite {
  const clock = new ManualClock();
  return new ServedSite(withSessions(root, { store: new MemorySessionStore(clock), clock }));
}

const KEY = 'k'.repeat(32);

const VARIANTS: [string, (options?: CSRFOptions) => ServedSite][] = [
  ['in the session', (options) => sessionSite(withCSRF(notes, options))],
  ['in a cookie', (options) => new ServedSite(withCSRF(notes, { keys: [KEY], ...options }))],
];

describe.each(VARIANTS)('protection by a token with its secret %s', (where, make) => {
  const visited = async (options?: CSRFOptions): Promise<[Browser, string]> => {
    const browser = new Browser(make(options));
    return [browser, tokenOf(await browser.get('/'))];
  };

  it('accepts a form of this site', async () => {
    const [browser, token] = await visited();
    const answer = await browser.post('/', { _csrf: token, note: 'x' });
    expect(contentOf(answer)).toBe('x');
    expect(contentOf(await browser.post('/', { note: 'y', _csrf: token }))).toBe('y');
  });

  it('gives a different token each time, all of which are valid', async () => {
    const [browser, token] = await visited();
    const other = tokenOf(await browser.get('/'));
    expect(other).not.toBe(token);
    for (const one of [token, other]) {
      expect(statusOf(await browser.post('/', { _csrf: one, note: 'x' }))).toBe(200);
    }
    expect(browser.cookies.size).toBe(1);
  });

  it.each<[string, (token: string) => Record<string, string>]>([
    ['none', () => ({})],
    ['empty', () => ({ _csrf: '' })],
    ['short', (token) => ({ _csrf: token.slice(1) })],
    ['long', (token) => ({ _csrf: `${token}A` })],
    [
      'changed at its beginning',
      (token) => ({ _csrf: (token[0] === 'A' ? 'B' : 'A') + token.slice(1) }),
    ],
    ['only zeros', () => ({ _csrf: 'A'.repeat(86) })],
    ['in the query', () => ({})],
  ])('refuses a token that is %s, before the resource is called', async (what, fields) => {
    const [browser, token] = await visited();
    const before = changes;
    const target = what === 'in the query' ? `/?_csrf=${token}` : '/';
    expect(statusOf(await browser.post(target, { ...fields(token), note: 'x' }))).toBe(403);
    expect(changes).toBe(before);
  });

  it('refuses a token of another browser, and a browser without cookie', async () => {
    const site = make();
    const [one, other] = [new Browser(site), new Browser(site)];
    const token = tokenOf(await one.get('/'));
    expect(statusOf(await other.post('/', { _csrf: token, note: 'x' }))).toBe(403);
    await other.get('/');
    expect(statusOf(await other.post('/', { _csrf: token, note: 'x' }))).toBe(403);
    expect(statusOf(await one.post('/', { _csrf: token, note: 'x' }))).toBe(200);
  });

  it('refuses two tokens', async () => {
    const [browser, token] = await visited();
    const type = 'Content-Type: application/x-www-form-urlencoded';
    expect(statusOf(await browser.send('/', `_csrf=${token}&_csrf=x&note=y`, type))).toBe(403);
  });

  it('accepts a token in the head, and leaves the content to the resource', async () => {
    const [browser, token] = await visited();
    const answer = await browser.send('/', '{"a":1}', `X-CSRF-Token: ${token}`, 'X-Raw: 1');
    expect(contentOf(answer)).toBe('{"a":1}');
    const refused = await browser.send('/', '{"a":1}', 'X-CSRF-Token: x', 'X-Raw: 1');
    expect(statusOf(refused)).toBe(403);
    expect(statusOf(await browser.send('/', '{"a":1}', 'X-Raw: 1'))).toBe(403);
  });

  it('accepts a form in parts whose first part is the token, and leaves the rest to the resource', async () => {
    const [browser, token] = await visited();
    const part = (head: string, content: string): string =>
      `--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
    const type = 'Content-Type: multipart/form-data; boundary=XX';
    const first = part('name=_csrf', token);
    const file = part('name=photo; filename=a', 'abc');
    const send = (...parts: string[]): Promise<string> =>
      browser.send('/', `${parts.join('')}--XX--\r\n`, type);
    expect(contentOf(await send(first, part('name=note', 'x'), file))).toBe('x');
    expect(statusOf(await send(part('name=note', 'x'), first))).toBe(403);
    expect(
      statusOf(await send(part('name=_csrf; filename=a', token), part('name=note', 'x'))),
    ).toBe(403);
    expect(statusOf(await send())).toBe(403);
  });

  it('lets other contents not be read behind its back', async () => {
    const [browser, token] = await visited();
    const answer = await browser.post('/', { _csrf: token, note: 'x' }, 'X-Raw: 1');
    expect(statusOf(answer)).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toContain('can be read once');
    void where;
  });
});

describe('the origin of a request', () => {
  const VERDICTS: [string | undefined, string | undefined, number][] = [
    // Sec-Fetch-Site, Origin, status with a valid token.
    ['same-origin', 'http://a', 200],
    ['same-origin', undefined, 200],
    ['none', undefined, 200],
    ['same-site', 'http://b.a', 403],
    ['cross-site', 'http://evil.example', 403],
    ['cross-site', undefined, 403],
    ['unheard-of', undefined, 403],
    ['cross-site', 'https://trusted.example', 200],
    [undefined, 'http://a', 200],
    [undefined, 'http://A', 200],
    [undefined, 'https://a', 200],
    [undefined, 'http://a:8080', 403],
    [undefined, 'http://a.evil.example', 403],
    [undefined, 'http://evil.example/a', 403],
    [undefined, 'null', 403],
    [undefined, '', 403],
    [undefined, 'ftp://a', 403],
    [undefined, 'https://trusted.example', 200],
    [undefined, 'https://trusted.example.evil.example', 403],
    [undefined, undefined, 200],
  ];
  it.each(VERDICTS)('Sec-Fetch-Site %s and Origin %s', async (site, origin, status) => {
    const options = { trustedOrigins: ['https://trusted.example'] };
    const browser = new Browser(sessionSite(withCSRF(notes, options)));
    const token = tokenOf(await browser.get('/'));
    browser.origin = origin;
    const fields = site === undefined ? [] : [`Sec-Fetch-Site: ${site}`];
    expect(statusOf(await browser.post('/', { _csrf: token, note: 'x' }, ...fields))).toBe(status);
  });

  it('suffices with the option fallback, and tokens are for clients that do not say it', async () => {
    const browser = new Browser(sessionSite(withCSRF(notes, { tokens: 'fallback' })));
    const token = tokenOf(await browser.get('/'));
    expect(statusOf(await browser.post('/', { note: 'x' }))).toBe(200);
    browser.origin = undefined;
    expect(statusOf(await browser.post('/', { note: 'x' }))).toBe(403);
    expect(statusOf(await browser.post('/', { _csrf: token, note: 'x' }))).toBe(200);
    browser.origin = 'http://evil.example';
    expect(statusOf(await browser.post('/', { _csrf: token, note: 'x' }))).toBe(403);
  });

  it.each(['https://a.example/', 'a.example', 'https://A.example', 'null', 1])(
    'refuses to trust %j',
    (origin) => {
      const trustedOrigins = [origin as string];
      expect(() => withCSRF({ render: () => '' }, { trustedOrigins })).toThrow('trustedOrigins');
    },
  );
});

describe('withCSRF', () => {
  it('has exceptions, other names and another page', async () => {
    const root = withCSRF(notes, {
      exempt: ({ request }) => request.field('authorization')?.startsWith('Bearer ') === true,
      formField: 'token',
      headField: 'X-Token',
      refused: { render: () => html`<p>again` },
    });
    const browser = new Browser(sessionSite(root));
    const page = await browser.get('/');
    expect(page).toContain('name="token"');
    const refused = await browser.post('/', { note: 'x' });
    expect([statusOf(refused), contentOf(refused)]).toEqual([403, '<p>again']);
    expect(statusOf(await browser.post('/', { note: 'x', token: tokenOf(page) }))).toBe(200);
    expect(statusOf(await browser.post('/', { note: 'x' }, `X-Token: ${tokenOf(page)}`))).toBe(200);
    expect(statusOf(await browser.post('/', { note: 'x' }, 'Authorization: Bearer t'))).toBe(200);
  });

  it('accepts tokens of an old key, and of no other', async () => {
    const old = new Browser(new ServedSite(withCSRF(notes, { keys: [KEY] })));
    const token = tokenOf(await old.get('/'));
    const post = async (...keys: string[]): Promise<number> => {
      const browser = new Browser(new ServedSite(withCSRF(notes, { keys })));
      for (const [name, value] of old.cookies) browser.cookies.set(name, value);
      return statusOf(await browser.post('/', { _csrf: token, note: 'x' }));
    };
    expect(await post('n'.repeat(32), KEY)).toBe(200);
    expect(await post('n'.repeat(32))).toBe(403);
  });

  it('sets a cookie that is safe', async () => {
    const plain = new Browser(new ServedSite(withCSRF(notes, { keys: [KEY] })));
    expect(fieldOf(await plain.get('/'), 'Set-Cookie')).toMatch(
      /^csrf=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const secure = new Browser(new ServedSite(withCSRF(notes, { keys: [KEY], secure: true })));
    expect(fieldOf(await secure.get('/'), 'Set-Cookie')).toMatch(
      /^__Host-csrf=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    const two: Resource = {
      render: async (context) => `${await csrfToken(context)} ${await csrfToken(context)}`,
    };
    const answer = await new ServedSite(withCSRF(two, { keys: [KEY] })).get('/');
    expect(answer.match(/Set-Cookie/g)?.length).toBe(1);
  });

  it('does not read the content if there is no secret', async () => {
    const site = sessionSite(withCSRF(notes));
    const head =
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n';
    expect(statusOf(await site.ask(head))).toBe(403);
  });

  it('needs sessions or keys, and its functions need it', async () => {
    const site = new ServedSite(withCSRF(notes));
    expect(statusOf(await site.get('/'))).toBe(500);
    expect(flushLoggedErrors()[0]?.error).toBeInstanceOf(MissingWrapperError);
    const bare = new ServedSite(notes);
    expect(statusOf(await bare.get('/'))).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toContain('csrfField needs the wrapper withCSRF');
  });

  it.each<[CSRFOptions, string]>([
    [{ keys: ['short'] }, 'each key must be 32 bytes'],
    [{ keys: [] }, 'keys'],
    [{ keys: [1 as never] }, 'each key'],
    [{ tokens: 'never' as never }, 'tokens'],
    [{ headField: 'a b' }, 'headField'],
    [{ exempt: 1 as never }, 'exempt'],
    [{ maxFormBytes: -1 }, 'maxFormBytes'],
    [{ refused: 1 as never }, 'refused'],
    [{ secure: 1 as never }, 'secure'],
    [{ randomBytes: 1 as never }, 'randomBytes'],
  ])('refuses %j', (options, message) => {
    expect(() => withCSRF(notes, options)).toThrow(message);
  });

  it('raises the limit of content while it looks for the token', async () => {
    const browser = new Browser(sessionSite(withCSRF(notes, { maxFormBytes: 4_000_000 })));
    const token = tokenOf(await browser.get('/'));
    const content = `--XX\r\nContent-Disposition: form-data; name=_csrf\r\n\r\n${token}\r\n--XX\r\nContent-Disposition: form-data; name=note\r\n\r\nx\r\n--XX\r\nContent-Disposition: form-data; name=junk; filename=a\r\n\r\n${'y'.repeat(2_000_000)}\r\n--XX--\r\n`;
    const type = 'Content-Type: multipart/form-data; boundary=XX';
    browser.site.receive('');
    expect(contentOf(await browser.send('/', content, type))).toBe('x');
  });
});
