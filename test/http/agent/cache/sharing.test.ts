/** Keys, credentials, threats, concurrent requests, and reading while storing. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type CacheEntry, MemoryCacheStore } from '../../../../src/http/index.js';
import { later } from '../../client/memory-servers.js';
import { answer, Cached } from './cached.js';

const FRESH = ['Cache-Control: max-age=60'];
const PUBLIC = ['Cache-Control: max-age=60, public'];

describe('Vary selects responses', () => {
  it('by the values of its fields, of which several are kept', async () => {
    const rig = new Cached();
    const german = { fields: { 'Accept-Language': 'de' } };
    const english = { fields: { 'accept-language': 'en' } };
    await rig.ask(answer([...FRESH, 'Vary: Accept-Language'], 'deutsch'), german);
    const second = await rig.ask(answer([...FRESH, 'Vary: accept-language'], 'english'), english);
    expect(`${second.response.cached}`).toBe('ropewalk; fwd=vary-miss; stored; ttl=60');
    expect((await rig.ask('', german)).text).toBe('deutsch');
    expect((await rig.ask('', english)).text).toBe('english');
    expect(await rig.hits()).toBe(false);
  });

  it.each([
    ['whitespace', 'X-List', 'a,b', ' a ,\tb ', true],
    ['case of any field', 'X-List', 'a', 'A', false],
    ['order of any field', 'X-List', 'a,b', 'b,a', false],
    ['case of languages', 'Accept-Language', 'de-CH, en;q=0.5', 'DE-ch,en; Q=0.5', true],
    ['order of codings', 'Accept-Encoding', 'gzip, br', 'br,gzip', true],
  ])('comparing %s', async (_what, name, first, second, isSame) => {
    const rig = new Cached();
    await rig.ask(answer([...FRESH, `Vary: ${name}`]), { fields: { [name]: first } });
    expect(await rig.hits({ fields: { [name]: second } })).toBe(isSame);
  });

  it('telling a field in two lines from none, and joining lines', async () => {
    const rig = new Cached();
    await rig.ask(answer([...FRESH, 'Vary: X-A']), {
      fields: [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
    });
    expect(await rig.hits({ fields: { 'X-A': '1, 2' } })).toBe(true);
    expect(await rig.hits({ fields: { 'X-A': '' } })).toBe(false);
  });
});

describe('credentials', () => {
  const ALICE = { fields: { Authorization: 'Bearer alice' } };
  const BOB = { fields: { Authorization: 'Bearer bob' } };

  it.each([
    ['Authorization', 'authorization'],
    ['Cookie', 'Cookie'],
    ['a field of credentialFields', 'X-Api-Key'],
  ])('in %s: the response is only for requests with the same', async (_what, name) => {
    const rig = new Cached({}, { credentialFields: ['x-API-key'] });
    await rig.ask(answer(FRESH, 'of alice'), { fields: { [name]: 'alice' } });
    expect(await rig.hits({ fields: { [name]: 'bob' } })).toBe(false);
    expect(await rig.hits()).toBe(false);
    expect((await rig.ask('', { fields: { [name]: 'alice' } })).text).toBe('of alice');
  });

  it('do not matter if the response is public', async () => {
    for (const shared of [false, true]) {
      const rig = new Cached({ shared });
      await rig.ask(answer(PUBLIC), ALICE);
      expect(await rig.hits(BOB)).toBe(true);
      expect(await rig.hits()).toBe(true);
    }
  });

  it('of the option auth count too, and an unsafe request of one user removes the responses of all', async () => {
    const rig = new Cached();
    const auth = { username: 'alice', password: 'a' };
    await rig.ask(answer(FRESH), { auth });
    expect(await rig.hits({ auth: { username: 'alice', password: 'b' } })).toBe(false);
    expect(await rig.hits({ auth })).toBe(true);
    await rig.ask(answer([]), { method: 'PUT', ...BOB });
    expect(await rig.hits({ auth })).toBe(false);
  });

  it('are not found in keys', async () => {
    const keys: string[] = [];
    const memory = new MemoryCacheStore();
    const store = {
      get: (key: string) => memory.get(key),
      set: (key: string, entry: CacheEntry) => {
        keys.push(key);
        memory.set(key, entry);
      },
      delete: (key: string) => memory.delete(key),
    };
    const rig = new Cached({ store });
    await rig.ask(answer(FRESH), ALICE);
    expect(keys.length).toBe(2);
    expect(keys.join()).not.toContain('alice');
  });
});

describe('threats:', () => {
  it.each([
    'Host',
    'Forwarded',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
  ])(
    'a response to a request with %s answers no other request, even if the server forgets Vary',
    async (name) => {
      const rig = new Cached({ shared: true });
      await rig.ask(answer(PUBLIC, 'poisoned'), { fields: { [name]: 'evil' } });
      expect(await rig.hits()).toBe(false);
      expect(await rig.hits({ fields: { [name]: 'evil' } })).toBe(true);
    },
  );

  it('a private page under the name of a picture is stored only if the server says so', async () => {
    const rig = new Cached({ shared: true });
    const url = 'http://a/account/x.css';
    await rig.ask(answer(['Content-Type: text/html'], 'account of alice'), {
      url,
      fields: { Cookie: 's=alice' },
    });
    expect(await rig.hits({ url })).toBe(false);
    await rig.ask(answer(FRESH, 'account of alice'), { url, fields: { Cookie: 's=alice' } });
    expect(await rig.hits({ url })).toBe(false);
    expect(await rig.hits({ url, fields: { Cookie: 's=bob' } })).toBe(false);
  });

  it('URLs differ in everything but the fragment and the spelling of the host', async () => {
    const rig = new Cached();
    await rig.ask(answer(FRESH), { url: 'http://a/p?q#one' });
    expect(await rig.hits({ url: 'http://A:80/p?q#two' })).toBe(true);
    expect(await rig.hits({ url: 'http://a/p?q#' })).toBe(true);
    for (const url of [
      'http://a/P?q',
      'http://a/p?q&r',
      'http://a/p',
      'http://a/p%3Fq',
      'http://a/p?',
    ])
      expect(await rig.hits({ url })).toBe(false);
    const other = rig.agent.get('http://b/p?q').text();
    await later();
    rig.at('http://b').last.answer(answer([], 'of b'));
    expect(await other).toBe('of b');
  });

  it('a response that is cut off is not stored', async () => {
    const rig = new Cached();
    const asked = rig.agent.get('http://a/').bytes();
    await later();
    rig.server
      .answer('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 6\r\n\r\nsto')
      .close();
    await expect(asked.toPromise()).rejects.toMatchObject({ code: 'ERR_INCOMPLETE_HTTP_MESSAGE' });
    expect(await rig.hits()).toBe(false);
  });

  it('a part is not stored, and no part is made of a stored response', async () => {
    const rig = new Cached();
    const part = { fields: { Range: 'bytes=0-1' } };
    await rig.ask(answer([...FRESH, 'Content-Range: bytes 0-1/6'], 'st', 206), part);
    expect(await rig.hits()).toBe(false);
    await rig.ask(answer([...FRESH, 'Content-Range: bytes 0-1/6'], 'st', 206));
    expect(await rig.hits()).toBe(false);
  });

  it('pieces that the reader changes stay as they were in the cache', async () => {
    const rig = new Cached();
    const asked = rig.agent.get('http://a/');
    await later();
    rig.server.answer(answer(FRESH));
    for await (const piece of await asked) piece.fill(0);
    for (let count = 0; count < 2; count++) {
      const bytes = await rig.agent.get('http://a/').bytes();
      expect(bytes.toString()).toBe('stored');
      bytes.fill(0);
      for await (const piece of await rig.agent.get('http://a/')) piece.fill(0);
    }
  });
});

describe('content is stored while it is read', () => {
  const CHUNKED =
    'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n';
  const read: Readonly<Record<string, (rig: Cached) => Promise<unknown>>> = {
    bytes: (rig) => rig.agent.get('http://a/').bytes().toPromise(),
    text: (rig) => rig.agent.get('http://a/').text().toPromise(),
    json: (rig) => rig.agent.get('http://a/').json().toPromise(),
    drain: (rig) => rig.agent.get('http://a/').drain().toPromise(),
    stream: async (rig) => new Response((await rig.agent.get('http://a/')).stream()).text(),
    iteration: async (rig) => {
      const pieces: Buffer[] = [];
      for await (const piece of await rig.agent.get('http://a/')) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    },
  };

  it.each(Object.entries(read))(
    'by %s, with equal results from the cache',
    async (_name, reads) => {
      const rig = new Cached();
      const first = reads(rig);
      await later();
      rig.server.answer(`${CHUNKED}3\r\n[1,\r\n`);
      await later();
      rig.server.answer('3\r\n 2]\r\n0\r\n\r\n');
      expect(await reads(rig)).toEqual(await first);
      expect(rig.sent.split('GET').length).toBe(2);
    },
  );

  it('and not if the reader stops, discards or aborts', async () => {
    const stops: ((rig: Cached) => Promise<unknown>)[] = [
      async (rig) => {
        for await (const _piece of await rig.agent.get('http://a/')) break;
      },
      async (rig) => (await rig.agent.get('http://a/')).discard(),
      async (rig) => (await rig.agent.get('http://a/')).abort(),
      async (rig) => {
        const response = await rig.agent.get('http://a/');
        const bytes = response.bytes();
        bytes.cancel();
        await bytes.toPromise().catch(() => {});
      },
    ];
    for (const stop of stops) {
      const rig = new Cached();
      const stopped = stop(rig);
      await later();
      rig.server.answer(`${CHUNKED}3\r\nsto\r\n`);
      await stopped;
      rig.server.answer('3\r\nred\r\n0\r\n\r\n');
      await later();
      rig.sent;
      expect(await rig.hits()).toBe(false);
    }
  });

  it('up to maxEntryBytes; longer content is passed on', async () => {
    for (const [length, isStored] of [
      [10, true],
      [11, false],
    ] as const) {
      for (const text of [
        answer(FRESH, 'x'.repeat(length)),
        `${CHUNKED}8\r\nxxxxxxxx\r\n${length - 8}\r\n${'x'.repeat(length - 8)}\r\n0\r\n\r\n`,
      ]) {
        const rig = new Cached({ maxEntryBytes: 10 });
        expect((await rig.ask(text)).text.length).toBe(length);
        expect(await rig.hits()).toBe(isStored);
      }
    }
  });

  it('within the limit of the reader, which aborts longer content', async () => {
    const rig = new Cached();
    for (const text of [
      answer(FRESH, 'x'.repeat(11)),
      `${CHUNKED}8\r\nxxxxxxxx\r\n3\r\nxxx\r\n0\r\n\r\n`,
    ]) {
      const asked = rig.agent.get('http://a/').bytes(10).toPromise();
      await later();
      rig.server.answer(text);
      await expect(asked).rejects.toMatchObject({
        code: 'ERR_HTTP_LIMIT',
        option: 'maxContentBytes',
        limit: 10,
      });
      expect(await rig.hits()).toBe(false);
    }
    await rig.ask(answer(FRESH, 'x'.repeat(11)));
    await expect(rig.agent.get('http://a/').bytes(10).toPromise()).rejects.toMatchObject({
      limit: 10,
    });
  });

  it('once: the content of a hit can be read once too', async () => {
    const rig = new Cached();
    await rig.ask(answer(FRESH));
    const response = await rig.agent.get('http://a/');
    await response.text();
    expect(() => response.text()).toThrow('can be read once');
  });

  it('as it was coded, and is decoded at each use', async () => {
    const rig = new Cached();
    const content = gzipSync('decoded').toString('latin1');
    const text = Buffer.from(
      answer([...FRESH, 'Content-Encoding: gzip', 'Vary: Accept-Encoding'], content),
      'latin1',
    );
    const gzip = { fields: { 'Accept-Encoding': 'gzip' } };
    const asked = rig.agent.get('http://a/', gzip).text();
    await later();
    rig.server.answer(text);
    expect(await asked).toBe('decoded');
    expect(await rig.agent.get('http://a/', gzip).text()).toBe('decoded');
    const raw = rig.agent.get('http://a/', { ...gzip, decode: false });
    expect((await raw.bytes()).toString('latin1')).toBe(content);
    expect(rig.cache.counts.hits).toBe(2);
  });

  it('also of redirections, each under its own URL', async () => {
    const rig = new Cached();
    const answers = [answer([...FRESH, 'Location: /b'], '', 301), answer(FRESH, 'target')];
    expect((await rig.ask(answers)).text).toBe('target');
    const { text, response, sent } = await rig.ask('');
    expect([text, sent, response.url]).toEqual(['target', '', 'http://a/b']);
    expect(response.redirects).toEqual(['http://a/']);
    expect(response.cached?.hit).toBe(true);
  });
});

describe('equal requests on their way', () => {
  it('share the response, whether its content is read or not', async () => {
    const rig = new Cached();
    const asked = [1, 2, 3].map(() => rig.agent.get('http://a/'));
    await later();
    expect(rig.sent.split('GET').length).toBe(2);
    rig.server.answer(answer(FRESH));
    // No content is read before all heads have arrived.
    const responses = await Promise.all(asked);
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual([
      'stored',
      'stored',
      'stored',
    ]);
    expect(responses.map(({ cached }) => cached?.collapsed)).toEqual([false, true, true]);
    expect(rig.sent).toBe('');
  });

  it('do not wait longer than the head if it cannot be shared, and not at all the next time', async () => {
    const rig = new Cached();
    const asked = [1, 2, 3].map(() => rig.agent.get('http://a/').text());
    await later();
    const [first] = rig.at('http://a').connections;
    first?.answer(answer(['Cache-Control: no-store'], '1'));
    await later();
    for (const connection of rig.at('http://a').connections) {
      if (connection.sent !== '' && connection !== first) connection.answer(answer([], 'own'));
    }
    first?.answer(answer([], 'own'));
    expect((await Promise.all(asked)).sort()).toEqual(['1', 'own', 'own']);
    const again = [1, 2].map(() => rig.agent.get('http://a/'));
    await later();
    expect(rig.sent.split('GET').length).toBe(3);
    for (const call of again) call.addErrback(() => undefined).cancel();
  });

  it('go on alone after a failure, a cancellation, or collapseTimeoutMs', async () => {
    const ends: ((rig: Cached, first: { cancel(): void }) => void)[] = [
      (rig) => rig.server.reset(),
      (_rig, first) => first.cancel(),
      (rig) => rig.advance(5_000),
    ];
    for (const end of ends) {
      const rig = new Cached();
      const first = rig.agent.get('http://a/');
      const second = rig.agent.get('http://a/').text();
      await later();
      first.addErrback(() => undefined);
      expect(rig.sent.split('GET').length).toBe(2);
      end(rig, first);
      await later();
      expect(rig.sent.split('GET').length).toBe(2);
      rig.server.answer(answer([], 'own'));
      expect(await second).toBe('own');
    }
  });

  it('do not wait for each other if their fields differ, if one demands it, or with 0', async () => {
    const pairs = [
      [{}, { fields: { Authorization: 'b' } }],
      [{}, { fields: { 'Cache-Control': 'no-cache' } }],
      [{}, { method: 'HEAD' }],
    ] as const;
    for (const [one, other] of pairs) {
      const rig = new Cached();
      for (const options of [one, other])
        rig.agent.request('http://a/', options).addErrback(() => undefined);
      await later();
      expect(rig.at('http://a').connections.length).toBe(2);
      rig.agent.abort();
    }
    const never = new Cached({ collapseTimeoutMs: 0 });
    for (let count = 0; count < 2; count++)
      never.agent.get('http://a/').addErrback(() => undefined);
    await later();
    expect(never.at('http://a').connections.length).toBe(2);
    never.agent.abort();
  });

  it('leave when they are cancelled, and the others get their answer', async () => {
    const rig = new Cached();
    const first = rig.agent.get('http://a/').text();
    const second = rig.agent.get('http://a/');
    second.cancel();
    await expect(second.toPromise()).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    await later();
    rig.server.answer(answer(FRESH));
    expect(await first).toBe('stored');
  });
});
