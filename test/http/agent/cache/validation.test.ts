/** Validation, stale responses and invalidation (RFC 9111 sections 4.3 and 4.4, RFC 5861). */
import { describe, expect, it } from 'vitest';
import { ConnectionRefusedError } from '../../../../src/index.js';
import { later } from '../../client/memory-servers.js';
import { answer, Cached, DATE, dateAt } from './cached.js';

const NOT_MODIFIED = 'HTTP/1.1 304 Not Modified\r\n\r\n';

function notModified(...fields: readonly string[]): string {
  return `HTTP/1.1 304 Not Modified\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`;
}

/** A cache with a response that has become stale a second ago. */
async function stale(
  fields: readonly string[],
  options: ConstructorParameters<typeof Cached>[0] = {},
  agentOptions: ConstructorParameters<typeof Cached>[1] = {},
): Promise<Cached> {
  const rig = new Cached(options, agentOptions);
  await rig.ask(answer(['Cache-Control: max-age=60', ...fields]));
  return rig.wait(61);
}

describe('a stale response is validated:', () => {
  it('by its entity tag and date, and is used after 304, whose fields replace the stored ones', async () => {
    const modified = dateAt(-500);
    const rig = await stale([
      'ETag: "1"',
      `Last-Modified: ${modified}`,
      'X-Old: 1',
      'X-Kept: 1',
      'Content-Type: text/a',
    ]);
    const later304 = notModified(
      'ETag: "1"',
      'X-Old: 2',
      'Cache-Control: max-age=10',
      'Content-Type: text/b',
      'Content-Length: 99',
    );
    const { text, response, sent } = await rig.ask(later304);
    expect(sent).toContain('If-None-Match: "1"\r\n');
    expect(sent).toContain(`If-Modified-Since: ${modified}\r\n`);
    expect(text).toBe('stored');
    expect(response.status).toBe(200);
    expect(
      ['x-old', 'x-kept', 'content-type', 'content-length', 'age'].map((name) =>
        response.field(name),
      ),
    ).toEqual(['2', '1', 'text/a', '6', '0']);
    expect(`${response.cached}`).toBe('ropewalk; fwd=stale; fwd-status=304; stored; ttl=10');
    expect(await rig.wait(9).hits()).toBe(true);
    expect(await rig.wait(1).hits()).toBe(false);
    expect(rig.cache.counts).toMatchObject({ hits: 1, validated: 1 });
  });

  it('and is replaced by a new response', async () => {
    const rig = await stale(['ETag: "1"']);
    expect((await rig.ask(answer(['Cache-Control: max-age=60', 'ETag: "2"'], 'newer'))).text).toBe(
      'newer',
    );
    expect((await rig.ask('')).text).toBe('newer');
  });

  it('and is removed by a response that is not stored, but not by an error', async () => {
    const rig = await stale(['ETag: "1"']);
    await rig.ask(answer([], 'broken', 500));
    expect((await rig.ask(answer(['Cache-Control: no-store'], 'secret'))).sent).toContain(
      'If-None-Match',
    );
    expect((await rig.ask(answer([], 'third'))).sent).not.toContain('If-None-Match');
  });

  it('and is requested again if 304 is about another version', async () => {
    const rig = await stale(['ETag: "1"']);
    const { text, sent } = await rig.ask([
      notModified('ETag: "2"'),
      answer(['ETag: "2"'], 'second'),
    ]);
    expect(text).toBe('second');
    expect(sent.split('If-None-Match').length).toBe(2);
  });

  it('and is removed if 304 says no-store', async () => {
    const rig = await stale(['ETag: "1"']);
    const { text, response } = await rig.ask(notModified('Cache-Control: no-store'));
    expect(text).toBe('stored');
    expect(response.cached?.stored).toBe(false);
    expect((await rig.ask(answer([]))).sent).not.toContain('If-None-Match');
  });

  it('without validators by an ordinary request', async () => {
    const rig = await stale([]);
    const { sent, text } = await rig.ask(answer([], 'new'));
    expect(sent).not.toMatch(/If-/);
    expect(text).toBe('new');
  });

  it('always with no-cache, and with no-cache of the request', async () => {
    const rig = new Cached();
    await rig.ask(answer(['Cache-Control: no-cache', 'ETag: "1"']));
    const { sent, text } = await rig.ask(NOT_MODIFIED);
    expect(sent).toContain('If-None-Match: "1"');
    expect(text).toBe('stored');
    const asked = await rig.ask(NOT_MODIFIED, { fields: { 'Cache-Control': 'no-cache' } });
    expect(asked.sent).toContain('If-None-Match: "1"');
  });
});

describe('a caller with a version of its own', () => {
  it('gets 304 from a fresh response, without the fields of content', async () => {
    const rig = new Cached();
    await rig.ask(
      answer(['Cache-Control: max-age=60', 'ETag: "1"', `Last-Modified: ${dateAt(-9)}`]),
    );
    for (const fields of [{ 'If-None-Match': 'W/"0", "1"' }, { 'If-Modified-Since': DATE }]) {
      const { status, text, response, sent } = await rig.ask('', { fields });
      expect([status, text, sent]).toEqual([304, '', '']);
      expect([response.field('etag'), response.field('content-length')]).toEqual([
        '"1"',
        undefined,
      ]);
    }
    const { status, text } = await rig.ask('', { fields: { 'If-None-Match': '"0"' } });
    expect([status, text]).toEqual([200, 'stored']);
  });

  it('asks the server itself if the response is stale', async () => {
    const rig = await stale(['ETag: "1"']);
    const { status, sent } = await rig.ask(NOT_MODIFIED, { fields: { 'If-None-Match': '"0"' } });
    expect(status).toBe(304);
    expect(sent).toContain('If-None-Match: "0"');
    expect((await rig.ask(NOT_MODIFIED)).sent).toContain('If-None-Match: "1"');
  });
});

describe('HEAD', () => {
  it('is answered by the response to GET', async () => {
    const rig = new Cached();
    await rig.ask(answer(['Cache-Control: max-age=60']));
    const { status, text, response, sent } = await rig.ask('', { method: 'HEAD' });
    expect([status, text, sent, response.contentLength]).toEqual([200, '', '', 6]);
  });

  it('is not stored, but freshens or removes the response to GET', async () => {
    const head = (...fields: string[]): string =>
      `HTTP/1.1 200 OK\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`;
    const fresh = await stale(['ETag: "1"']);
    const control = { 'Cache-Control': 'no-cache' };
    await fresh.ask(head('ETag: "1"', 'Content-Length: 6', 'Cache-Control: max-age=90'), {
      method: 'HEAD',
      fields: control,
    });
    expect((await fresh.wait(80).ask('')).text).toBe('stored');
    const changed = await stale(['ETag: "1"']);
    await changed.ask(head('ETag: "1"', 'Content-Length: 7'), { method: 'HEAD', fields: control });
    expect((await changed.ask(answer([]))).sent).not.toContain('If-None-Match');
    const alone = new Cached();
    await alone.ask(head('Cache-Control: max-age=60', 'Content-Length: 6'), { method: 'HEAD' });
    expect(await alone.hits()).toBe(false);
  });
});

describe('stale responses are used', () => {
  it('while they are validated, once at a time, with stale-while-revalidate', async () => {
    const rig = new Cached();
    await rig.ask(answer(['Cache-Control: max-age=60, stale-while-revalidate=30', 'ETag: "1"']));
    rig.wait(89);
    const first = await rig.agent.get('http://a/');
    expect([await first.text(), `${first.cached}`]).toEqual(['stored', 'ropewalk; hit; ttl=-29']);
    expect(await rig.agent.get('http://a/').text()).toBe('stored');
    await later();
    expect(rig.sent.split('GET /').length).toBe(2);
    rig.server.answer(answer(['Cache-Control: max-age=60'], 'newer'));
    await later();
    expect((await rig.ask('')).text).toBe('newer');
    const late = await stale(['Cache-Control: stale-while-revalidate=1']);
    expect((await late.ask(answer([], 'new'))).text).toBe('new');
  });

  it('and stay if the validation fails', async () => {
    const rig = new Cached();
    await rig.ask(answer(['Cache-Control: max-age=60, stale-while-revalidate=30']));
    rig.wait(70);
    const { connections } = rig.at('http://a');
    // The pool repeats a request that a used connection has lost.
    for (const count of [2, 3]) {
      expect(await rig.agent.get('http://a/').text()).toBe('stored');
      while (connections.length < count) {
        await later();
        rig.server.reset();
      }
      rig.server.reset();
      await later();
    }
    expect(await rig.agent.get('http://a/').text()).toBe('stored');
    expect(connections.length).toBe(4);
  });

  it('in place of errors with stale-if-error, of the response, the request or the cache', async () => {
    const kinds = [
      [await stale(['Cache-Control: stale-if-error=30']), {}],
      [await stale([]), { 'Cache-Control': 'stale-if-error=30' }],
      [await stale([], { staleIfErrorMs: 30_000 }), {}],
    ] as const;
    for (const [rig, fields] of kinds) {
      const { text, response } = await rig.ask(answer([], 'broken', 503), { fields });
      expect([text, response.status]).toEqual(['stored', 200]);
      expect(`${response.cached}`).toBe('ropewalk; fwd=stale; fwd-status=503; ttl=-1');
      expect((await rig.wait(29).ask(answer([], 'broken', 503), { fields })).status).toBe(503);
      expect(rig.cache.counts.staleOnError).toBe(1);
    }
  });

  it('in place of failed connections, but not of errors of another kind, nor with must-revalidate', async () => {
    const rig = await stale(['Cache-Control: stale-if-error=30']);
    rig.at('http://a').isAutomatic = false;
    rig.server.close();
    const asked = rig.agent.get('http://a/').text();
    rig.at('http://a').refuse(new ConnectionRefusedError('no', { host: 'a', port: 80 }));
    expect(await asked).toBe('stored');
    const failing = rig.agent.get('http://a/');
    rig.at('http://a').refuse(new RangeError('no'));
    await expect(failing.toPromise()).rejects.toThrow(RangeError);
    const strict = await stale(['Cache-Control: stale-if-error=30, must-revalidate']);
    expect((await strict.ask(answer([], 'broken', 503))).status).toBe(503);
    const other = await stale(['Cache-Control: stale-if-error=30']);
    expect((await other.ask(answer([], 'gone', 404))).status).toBe(404);
  });
});

describe('an unsafe request', () => {
  const FRESH = answer(['Cache-Control: max-age=60']);

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'UNKNOWN'])(
    '%s removes the responses of its URL',
    async (method) => {
      const rig = new Cached();
      await rig.ask(FRESH);
      await rig.ask(FRESH, { url: 'http://a/other' });
      await rig.ask(answer([]), { method });
      expect(await rig.hits()).toBe(false);
      expect(await rig.hits({ url: 'http://a/other' })).toBe(true);
    },
  );

  it.each(['OPTIONS', 'TRACE'])('%s is none', async (method) => {
    const rig = new Cached();
    await rig.ask(FRESH);
    await rig.ask(answer([]), { method });
    expect(await rig.hits()).toBe(true);
  });

  it('that fails removes nothing', async () => {
    const rig = new Cached();
    await rig.ask(FRESH);
    await rig.ask(answer([], 'no', 403), { method: 'PUT' });
    expect(await rig.hits()).toBe(true);
  });

  it('removes the responses of Location and Content-Location of the same origin, and of no other', async () => {
    const rig = new Cached();
    for (const url of ['http://a/l', 'http://a/c', 'http://b/l']) {
      const asked = rig.agent.get(url);
      await later();
      rig.at(new URL(url).origin).last.answer(FRESH);
      await asked.bytes();
    }
    await rig.ask(
      answer(
        ['Location: /l', 'Content-Location: http://a/c', 'Content-Location: http://b/l'],
        '',
        201,
      ),
      { method: 'POST' },
    );
    expect(await rig.hits({ url: 'http://a/l' })).toBe(false);
    expect(await rig.hits({ url: 'http://a/c' })).toBe(false);
    expect(await rig.agent.get('http://b/l').text()).toBe('stored');
  });

  it('and delete() also keep responses that are on their way from being stored', async () => {
    for (const remove of ['PUT', 'delete'] as const) {
      const rig = new Cached();
      const asked = rig.agent.get('http://a/').text();
      await later();
      const reading = rig.server;
      if (remove === 'delete') await rig.cache.delete(rig.reactor, 'http://a/#part');
      else {
        const put = rig.agent.put('http://a/').drain();
        await later();
        rig.server.answer(answer([]));
        await put;
      }
      reading.answer(answer(['Cache-Control: max-age=60'], 'old'));
      expect(await asked).toBe('old');
      expect(rig.sent).toContain('GET');
      expect(await rig.hits()).toBe(false);
    }
  });
});
