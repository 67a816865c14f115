/** The rules of RFC 9111, section by section, as tables. */
import { describe, expect, it } from 'vitest';
import type { HTTPCacheOptions } from '../../../../src/http/index.js';
import { answer, Cached, DATE, dateAt } from './cached.js';

interface StoringCase {
  readonly fields: readonly string[];
  readonly status?: number;
  /** Fields of the request. */
  readonly request?: Readonly<Record<string, string>>;
  /** Whether a private and a shared cache answer the next request. */
  readonly reused: readonly [isPrivate: boolean, isShared: boolean];
}

const BOTH = [true, true] as const;
const NEITHER = [false, false] as const;
const PRIVATE = [true, false] as const;
const SHARED = [false, true] as const;

/** Sections 3, 3.5, 4.1, 4.2.1 and 5.2.2: what is stored and fresh at once. */
const STORING: Readonly<Record<string, StoringCase>> = {
  'max-age': { fields: ['Cache-Control: max-age=60'], reused: BOTH },
  'max-age of another case, quoted': { fields: ['Cache-Control: Max-Age="60"'], reused: BOTH },
  'max-age in a second line': {
    fields: ['Cache-Control: public', 'Cache-Control: max-age=60'],
    reused: BOTH,
  },
  'max-age of 0': { fields: ['Cache-Control: max-age=0'], reused: NEITHER },
  'a max-age beyond all numbers': {
    fields: [`Cache-Control: max-age=${'9'.repeat(40)}`],
    reused: BOTH,
  },
  'a max-age that is not a number': { fields: ['Cache-Control: max-age=6O'], reused: NEITHER },
  'a max-age that is negative': { fields: ['Cache-Control: max-age=-1'], reused: NEITHER },
  'a max-age with a fraction': { fields: ['Cache-Control: max-age=1.5'], reused: NEITHER },
  'the first max-age of two': { fields: ['Cache-Control: max-age=0, max-age=60'], reused: NEITHER },
  'max-age over Expires': { fields: ['Cache-Control: max-age=60', 'Expires: 0'], reused: BOTH },
  'max-age of 0 over Expires': {
    fields: ['Cache-Control: max-age=0', `Expires: ${dateAt(60)}`],
    reused: NEITHER,
  },
  's-maxage': { fields: ['Cache-Control: s-maxage=60'], reused: SHARED },
  's-maxage over max-age': { fields: ['Cache-Control: s-maxage=0, max-age=60'], reused: PRIVATE },
  Expires: { fields: [`Date: ${DATE}`, `Expires: ${dateAt(60)}`], reused: BOTH },
  'Expires without Date': { fields: [`Expires: ${dateAt(60)}`], reused: BOTH },
  'an Expires at Date': { fields: [`Date: ${DATE}`, `Expires: ${DATE}`], reused: NEITHER },
  'an Expires that is not a date': { fields: ['Expires: 0'], reused: NEITHER },
  'an Expires of two digits of the year': {
    fields: ['Expires: Sunday, 06-Nov-94 09:49:37 GMT'],
    reused: BOTH,
  },
  'an Expires by asctime': { fields: ['Expires: Sun Nov  6 09:49:37 1994'], reused: BOTH },
  'Last-Modified alone, by heuristic': {
    fields: [`Last-Modified: ${dateAt(-1_000)}`],
    reused: BOTH,
  },
  'Last-Modified in the future': { fields: [`Last-Modified: ${dateAt(1_000)}`], reused: NEITHER },
  'Last-Modified with 500': {
    fields: [`Last-Modified: ${dateAt(-1_000)}`],
    status: 500,
    reused: NEITHER,
  },
  'Last-Modified with 404': {
    fields: [`Last-Modified: ${dateAt(-1_000)}`],
    status: 404,
    reused: BOTH,
  },
  'Last-Modified with 410': {
    fields: [`Last-Modified: ${dateAt(-1_000)}`],
    status: 410,
    reused: BOTH,
  },
  'Last-Modified with 302': {
    fields: [`Last-Modified: ${dateAt(-1_000)}`],
    status: 302,
    reused: NEITHER,
  },
  'Last-Modified and public with 302': {
    fields: [`Last-Modified: ${dateAt(-1_000)}`, 'Cache-Control: public'],
    status: 302,
    reused: BOTH,
  },
  'max-age with 302': { fields: ['Cache-Control: max-age=60'], status: 302, reused: BOTH },
  'max-age with 500': { fields: ['Cache-Control: max-age=60'], status: 500, reused: BOTH },
  'max-age with an unknown status': {
    fields: ['Cache-Control: max-age=60'],
    status: 299,
    reused: BOTH,
  },
  nothing: { fields: [], reused: NEITHER },
  'max-age with an Age beyond it': {
    fields: ['Cache-Control: max-age=60', 'Age: 60'],
    reused: NEITHER,
  },
  'max-age with a lower Age': { fields: ['Cache-Control: max-age=60', 'Age: 59'], reused: BOTH },
  'an Age that is not a number': {
    fields: ['Cache-Control: max-age=60', 'Age: old'],
    reused: BOTH,
  },
  'an old Date': {
    fields: [`Date: ${dateAt(-120)}`, 'Cache-Control: max-age=60'],
    reused: NEITHER,
  },
  'a Date in the future': {
    fields: [`Date: ${dateAt(120)}`, 'Cache-Control: max-age=60'],
    reused: BOTH,
  },
  'no-store': { fields: ['Cache-Control: no-store, max-age=60'], reused: NEITHER },
  'no-store behind a quote that does not end': {
    fields: ['Cache-Control: max-age=60, x="y, no-store'],
    reused: NEITHER,
  },
  'no-store inside of a quoted string': {
    fields: ['Cache-Control: max-age=60, x="no-store"'],
    reused: BOTH,
  },
  'no-store and must-understand, known status': {
    fields: ['Cache-Control: no-store, must-understand, max-age=60'],
    reused: BOTH,
  },
  'no-store and must-understand, unknown status': {
    fields: ['Cache-Control: no-store, must-understand, max-age=60'],
    status: 299,
    reused: NEITHER,
  },
  'must-understand, unknown status': {
    fields: ['Cache-Control: must-understand, max-age=60'],
    status: 299,
    reused: NEITHER,
  },
  'no-cache': { fields: ['Cache-Control: no-cache, max-age=60', 'ETag: "1"'], reused: NEITHER },
  'no-cache for a field': { fields: ['Cache-Control: no-cache="X-A", max-age=60'], reused: BOTH },
  'no-cache for a field, and for all': {
    fields: ['Cache-Control: no-cache="X-A", no-cache, max-age=60'],
    reused: NEITHER,
  },
  'Pragma in a response': {
    fields: ['Pragma: no-cache', 'Cache-Control: max-age=60'],
    reused: BOTH,
  },
  private: { fields: ['Cache-Control: private, max-age=60'], reused: PRIVATE },
  'private for a field': { fields: ['Cache-Control: private="X-A", max-age=60'], reused: BOTH },
  'an unknown directive': { fields: ['Cache-Control: max-age=60, community="UCI"'], reused: BOTH },
  'Set-Cookie': { fields: ['Cache-Control: max-age=60', 'Set-Cookie: a=1'], reused: PRIVATE },
  'Set-Cookie that is private': {
    fields: ['Cache-Control: max-age=60, private="Set-Cookie"', 'Set-Cookie: a=1'],
    reused: BOTH,
  },
  'Vary: *': { fields: ['Cache-Control: max-age=60', 'Vary: *'], reused: NEITHER },
  'Vary: * among names': {
    fields: ['Cache-Control: max-age=60', 'Vary: Accept, *'],
    reused: NEITHER,
  },
  'a malformed Vary': { fields: ['Cache-Control: max-age=60', 'Vary: a b'], reused: NEITHER },
  Authorization: {
    fields: ['Cache-Control: max-age=60'],
    request: { Authorization: 'Bearer 1' },
    reused: PRIVATE,
  },
  'Authorization and public': {
    fields: ['Cache-Control: max-age=60, public'],
    request: { Authorization: 'Bearer 1' },
    reused: BOTH,
  },
  'Authorization and s-maxage': {
    fields: ['Cache-Control: max-age=60, s-maxage=60'],
    request: { Authorization: 'Bearer 1' },
    reused: BOTH,
  },
  'Authorization and must-revalidate': {
    fields: ['Cache-Control: max-age=60, must-revalidate'],
    request: { Authorization: 'Bearer 1' },
    reused: BOTH,
  },
  'no-store of the request': {
    fields: ['Cache-Control: max-age=60'],
    request: { 'Cache-Control': 'no-store' },
    reused: NEITHER,
  },
};

describe('a response is stored and reused by private and shared caches (sections 3, 4 and 5.2.2):', () => {
  it.each(Object.entries(STORING))('%s', async (_name, { fields, status, request, reused }) => {
    const results: boolean[] = [];
    for (const shared of [false, true]) {
      const rig = new Cached({ shared }, { redirect: 'manual' });
      const options = request === undefined ? {} : { fields: request };
      const first = await rig.ask(answer(fields, 'stored', status), options);
      expect(first.sent).not.toBe('');
      expect(first.text).toBe('stored');
      results.push(await rig.hits(options));
    }
    expect(results).toEqual(reused);
  });
});

interface UseCase {
  readonly control: string;
  /** Seconds after which it is used. */
  readonly after: number;
  readonly request?: Readonly<Record<string, string>>;
  /** 200 from the cache or the server, or 504. */
  readonly result: 'hit' | 'asked' | 504;
  readonly options?: HTTPCacheOptions;
}

/** Sections 4.2 and 5.2.1. */
const USES: Readonly<Record<string, UseCase>> = {
  'one second before the end': { control: 'max-age=60', after: 59, result: 'hit' },
  'at the end': { control: 'max-age=60', after: 60, result: 'asked' },
  'after the clock was set back': { control: 'max-age=60', after: -1, result: 'asked' },
  'no-cache': {
    control: 'max-age=60',
    after: 1,
    request: { 'Cache-Control': 'no-cache' },
    result: 'asked',
  },
  'Pragma: no-cache': {
    control: 'max-age=60',
    after: 1,
    request: { Pragma: 'no-cache' },
    result: 'asked',
  },
  'Pragma beside Cache-Control': {
    control: 'max-age=60',
    after: 1,
    request: { Pragma: 'no-cache', 'Cache-Control': 'max-stale' },
    result: 'hit',
  },
  'no-store': {
    control: 'max-age=60',
    after: 1,
    request: { 'Cache-Control': 'no-store' },
    result: 'asked',
  },
  'max-age not exceeded': {
    control: 'max-age=60',
    after: 10,
    request: { 'Cache-Control': 'max-age=10' },
    result: 'hit',
  },
  'max-age exceeded': {
    control: 'max-age=60',
    after: 11,
    request: { 'Cache-Control': 'max-age=10' },
    result: 'asked',
  },
  'min-fresh met': {
    control: 'max-age=60',
    after: 50,
    request: { 'Cache-Control': 'min-fresh=10' },
    result: 'hit',
  },
  'min-fresh not met': {
    control: 'max-age=60',
    after: 51,
    request: { 'Cache-Control': 'min-fresh=10' },
    result: 'asked',
  },
  'max-stale met': {
    control: 'max-age=60',
    after: 70,
    request: { 'Cache-Control': 'max-stale=10' },
    result: 'hit',
  },
  'max-stale not met': {
    control: 'max-age=60',
    after: 71,
    request: { 'Cache-Control': 'max-stale=10' },
    result: 'asked',
  },
  'max-stale without a number': {
    control: 'max-age=60',
    after: 9_999,
    request: { 'Cache-Control': 'max-stale' },
    result: 'hit',
  },
  'max-stale against must-revalidate': {
    control: 'max-age=60, must-revalidate',
    after: 61,
    request: { 'Cache-Control': 'max-stale' },
    result: 'asked',
  },
  'max-stale against proxy-revalidate, private': {
    control: 'max-age=60, proxy-revalidate',
    after: 61,
    request: { 'Cache-Control': 'max-stale' },
    result: 'hit',
  },
  'max-stale against proxy-revalidate, shared': {
    control: 'max-age=60, proxy-revalidate',
    after: 61,
    request: { 'Cache-Control': 'max-stale' },
    result: 'asked',
    options: { shared: true },
  },
  'max-stale against s-maxage, shared': {
    control: 's-maxage=60',
    after: 61,
    request: { 'Cache-Control': 'max-stale' },
    result: 'asked',
    options: { shared: true },
  },
  'only-if-cached with a fresh response': {
    control: 'max-age=60',
    after: 1,
    request: { 'Cache-Control': 'only-if-cached' },
    result: 'hit',
  },
  'only-if-cached with a stale response': {
    control: 'max-age=60',
    after: 61,
    request: { 'Cache-Control': 'only-if-cached' },
    result: 504,
  },
  Range: { control: 'max-age=60', after: 1, request: { Range: 'bytes=0-1' }, result: 'asked' },
  'If-Match': { control: 'max-age=60', after: 1, request: { 'If-Match': '"1"' }, result: 'asked' },
};

describe('a stored response is used for a request (sections 4.2 and 5.2.1):', () => {
  it.each(Object.entries(USES))(
    '%s',
    async (_name, { control, after, request, result, options }) => {
      const rig = new Cached(options);
      await rig.ask(answer([`Cache-Control: ${control}`], 'stored'));
      rig.wait(after);
      const details = request === undefined ? {} : { fields: request };
      const { status, text, sent } = await rig.ask(answer([], 'new'), details);
      if (result === 504) expect([status, text, sent]).toEqual([504, '', '']);
      else
        expect([text, sent === '']).toEqual(result === 'hit' ? ['stored', true] : ['new', false]);
    },
  );

  it('with its age, and without the fields of the connection', async () => {
    const rig = new Cached();
    const fields = [
      'Connection: X-Hop',
      'X-Hop: 1',
      'X-Own: 2',
      'Age: 7',
      'Set-Cookie: a=1',
      'Cache-Control: max-age=60, no-cache="X-Part"',
      'X-Part: 3',
    ];
    const first = await rig.ask(answer(fields));
    expect(first.response.field('set-cookie')).toBe('a=1');
    rig.wait(10.5);
    const { response } = await rig.ask('');
    expect([...response.rawFields()]).toEqual([
      ['X-Own', '2'],
      ['Cache-Control', 'max-age=60, no-cache="X-Part"'],
      ['Content-Length', '6'],
      ['Date', DATE],
      ['Age', '17'],
    ]);
    expect(response.contentLength).toBe(6);
  });

  it('counts the time that the response took', async () => {
    const rig = new Cached();
    const asked = rig.agent.get('http://a/').text();
    await Promise.resolve();
    rig.wait(5);
    rig.server.answer(answer(['Cache-Control: max-age=60', 'Age: 2']));
    await asked;
    expect((await rig.ask('')).response.field('age')).toBe('7');
  });

  it('heuristically for a tenth of its age, and not longer than the limit', async () => {
    for (const [seconds, lifetime] of [
      [1_000, 100],
      [10_000_000, 86_400],
    ] as const) {
      const rig = new Cached();
      await rig.ask(answer([`Last-Modified: ${dateAt(-seconds)}`]));
      expect(await rig.wait(lifetime - 1).hits()).toBe(true);
      expect(await rig.wait(1).hits()).toBe(false);
    }
    const none = new Cached({ heuristicFraction: 0 });
    await none.ask(answer([`Last-Modified: ${dateAt(-1_000)}`]));
    expect(await none.hits()).toBe(false);
    const short = new Cached({ maxHeuristicMs: 5_000 });
    await short.ask(answer([`Last-Modified: ${dateAt(-1_000)}`]));
    expect(await short.wait(4).hits()).toBe(true);
    expect(await short.wait(1).hits()).toBe(false);
  });
});

it.each([
  ['max-age=60', 'force-cache'],
  ['max-age=60, must-revalidate', 'force-cache'],
  ['max-age=60', 'only-if-cached'],
] as const)(
  'a stale response with %s is used for a request with the mode %s',
  async (control, cache) => {
    const cached = new Cached();
    await cached.ask(answer([`Cache-Control: ${control}`]));
    cached.wait(1_000);
    const { text, sent } = await cached.ask('', { cache });
    expect([text, sent]).toEqual(['stored', '']);
  },
);
