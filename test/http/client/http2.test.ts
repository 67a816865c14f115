/** Requests over HTTP/2 in memory. */
import { describe, expect, it } from 'vitest';
import {
  HTTPLimitError,
  HTTPResponseTimeoutError,
  HTTPSequenceError,
} from '../../../src/http/index.js';
import { CancelledError, Protocol } from '../../../src/index.js';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { data, headers } from '../../protocols/http2/peers.js';
import { Pooled } from './http2-pooled.js';
import { later } from './memory-servers.js';

const CANCEL = 8;
const LARGE = 300_000;

describe('requests over HTTP/2', () => {
  it('share one connection', async () => {
    const { pool, origin } = new Pooled();
    const answers = ['/a', '/b', '/c'].map((target) => pool.request(origin, { target }));
    const { server } = origin;
    expect(origin.connections).toHaveLength(1);
    const shown = server.requests.map(({ head: { method, scheme, authority, path } }) => [
      method,
      `${scheme}://${authority}${path}`,
    ]);
    expect(shown).toEqual([
      ['GET', 'http://a/a'],
      ['GET', 'http://a/b'],
      ['GET', 'http://a/c'],
    ]);
    expect(pool.counts).toMatchObject({ connections: 1, idle: 0, http2: 1, streams: 3 });
    server.respond(2, 'third').respond(0, 'first').respond(1, 'second');
    const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(texts).toEqual(['first', 'second', 'third']);
    const response = await answers[0];
    expect([response?.version, response?.status, response?.reason]).toEqual(['2.0', 200, '']);
    expect(pool.counts).toMatchObject({ connections: 1, idle: 1, http2: 1, streams: 0 });
  });

  it('have no fields of connections, and the authority of Host', () => {
    const { pool, origin } = new Pooled();
    const fields = {
      Host: 'b:1',
      Connection: 'close, X',
      TE: 'gzip',
      'Keep-Alive': '5',
      'HTTP2-Settings': 'AAMAAABk',
      Accept: 'a/b',
    };
    void pool.request(origin, { fields });
    const [request] = origin.server.requests;
    expect(request?.head.authority).toBe('b:1');
    expect([...(request?.head.rawFields() ?? [])]).toEqual([['accept', 'a/b']]);
  });

  it('send content whole, in pieces and with trailers', async () => {
    const { pool, origin } = new Pooled();
    void pool.request(origin, { method: 'POST', content: 'héllo' });
    async function* pieces(): AsyncGenerator<string> {
      yield 'one ';
      yield 'two';
    }
    void pool.request(origin, { method: 'PUT', content: pieces(), trailers: () => ({ Sum: '7' }) });
    void pool.request(origin, { method: 'POST' });
    void pool.request(origin, {
      method: 'PUT',
      content: ['abc'],
      contentLength: 3,
      trailers: () => ({}),
    });
    await later();
    const received = origin.server.requests.map(({ content, trailers, isComplete, head }) => {
      return [content, trailers, isComplete, head.field('content-length')];
    });
    expect(received).toEqual([
      ['héllo', undefined, true, '6'],
      ['one two', [['sum', '7']], true, undefined],
      ['', undefined, true, '0'],
      ['abc', undefined, true, '3'],
    ]);
  });

  it('send no more content than the server accepts', async () => {
    const { pool, origin } = new Pooled();
    let taken = 0;
    function* pieces(): Generator<Buffer> {
      for (; taken < 100; taken += 1) yield Buffer.alloc(10_000, 'x');
    }
    void pool.request(origin, { method: 'PUT', content: pieces() });
    origin.server.consumes = false;
    await later();
    for (let i = 0; i < 20; i++) {
      origin.server.pump();
      await later();
    }
    const first = origin.server.at(0);
    // The window of the server, and a piece.
    expect(first.content.length).toBeLessThanOrEqual(262_144);
    expect(taken).toBeLessThanOrEqual(27);
    origin.server.consumes = true;
    first.stream.consume(first.content.length);
    while (!first.isComplete) {
      origin.server.pump();
      await later();
    }
    expect([taken, first.content.length]).toEqual([100, 1_000_000]);
  });

  it('fail if the content is shorter or longer than announced', async () => {
    const { pool, origin } = new Pooled();
    for (const content of [['ab'], ['ab', 'cd']]) {
      const answer = pool.request(origin, { method: 'PUT', content, contentLength: 3 });
      await later();
      expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_HTTP_CONTENT_LENGTH' });
    }
    expect(origin.server.requests.map(({ resetCode }) => resetCode)).toEqual([CANCEL, CANCEL]);
    const other = pool.request(origin);
    origin.server.respond(2, 'x');
    expect(successResultOf(other).status).toBe(200);
  });

  it('wait for permission to send the content', async () => {
    const { pool, origin } = new Pooled();
    const ask = { method: 'PUT', content: 'secret', continueTimeoutMs: 1_000 };
    void pool.request(origin, ask);
    const refused = pool.request(origin, ask);
    await later();
    const { server } = origin;
    expect(server.requests.map(({ head, content }) => [head.expectsContinue, content])).toEqual([
      [true, ''],
      [true, ''],
    ]);
    server.at(0).stream.sendInformational(100);
    server.respond(1, '', 417);
    await later();
    expect(server.at(0)).toMatchObject({ content: 'secret', isComplete: true });
    expect(server.at(1)).toMatchObject({ content: '', isComplete: false, resetCode: CANCEL });
    expect(successResultOf(refused).status).toBe(417);
  });

  it('are cancelled by RST_STREAM', async () => {
    const { pool, origin } = new Pooled();
    const controller = new AbortController();
    const cancelled = pool.request(origin);
    const signalled = pool.request(origin, { signal: controller.signal });
    const aborted = pool.request(origin);
    const kept = pool.request(origin);
    cancelled.cancel();
    controller.abort();
    origin.server.at(2).stream.sendHead(200);
    origin.server.pump();
    const response = successResultOf(aborted);
    const text = response.text();
    response.abort();
    for (const failed of [cancelled, signalled, text]) {
      expect(failureResultOf(failed as never)).toBeInstanceOf(CancelledError);
    }
    expect(origin.server.requests.map(({ resetCode }) => resetCode)).toEqual([8, 8, 8, undefined]);
    origin.server.respond(3, 'still');
    expect(await successResultOf(kept).text()).toBe('still');
    expect(pool.counts).toMatchObject({ connections: 1, idle: 1 });
  });

  it('fail alone if the server resets one', () => {
    const { pool, origin } = new Pooled();
    const answers = [pool.request(origin), pool.request(origin), pool.request(origin)];
    origin.server.at(0).stream.reset(2);
    origin.server.at(1).stream.sendHead(200);
    origin.server.at(1).stream.reset(11);
    origin.server.respond(2);
    expect(failureResultOf(answers[0] as never)).toMatchObject({
      code: 'ERR_HTTP2_STREAM_RESET',
      errorCode: 2,
    });
    const text = successResultOf(answers[1] as never as (typeof answers)[0]).text();
    expect(failureResultOf(text)).toMatchObject({ code: 'ERR_HTTP2_STREAM_RESET', errorCode: 11 });
    expect(successResultOf(answers[2] as never as (typeof answers)[0]).status).toBe(200);
  });

  it('fail if they cannot be sent over HTTP/2', () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin, { target: 'http://b/' });
    expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_INVALID_HTTP_OUTPUT' });
    expect(origin.server.requests).toHaveLength(0);
  });
});

describe('a response over HTTP/2', () => {
  it('has informational ones before it, content, and trailers', async () => {
    const { pool, origin } = new Pooled();
    const hints: unknown[] = [];
    const answer = pool.request(origin, {
      onInformational: (head) => hints.push(head.status, head.field('link')),
    });
    const { stream } = origin.server.at(0);
    stream.sendInformational(103, { Link: '</a>' });
    stream.sendHead(200, [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    stream.write(Buffer.from('some '));
    stream.write(Buffer.from('text'));
    stream.sendTrailers({ Sum: '9' });
    origin.server.pump();
    const response = successResultOf(answer);
    expect(hints).toEqual([103, '</a>']);
    expect(response.fields('Set-Cookie')).toEqual(['a=1', 'b=2']);
    expect([response.contentLength, response.trailers]).toEqual([undefined, undefined]);
    expect(await response.text()).toBe('some text');
    expect(response.trailers?.field('sum')).toBe('9');
  });

  it('has no content in answer to HEAD, and with 204', async () => {
    const { pool, origin } = new Pooled();
    const head = pool.request(origin, { method: 'HEAD' });
    const empty = pool.request(origin);
    origin.server.at(0).stream.sendHead(200, { 'Content-Length': '5' }, true);
    origin.server.respond(1, '', 204);
    const response = successResultOf(head);
    expect([response.contentLength, await response.text()]).toEqual([5, '']);
    expect(await successResultOf(empty).text()).toBe('');
  });

  it('that nobody reads does not stop the others', async () => {
    const { pool, origin } = new Pooled();
    const answers = Array.from({ length: 20 }, () => pool.request(origin));
    const { server } = origin;
    // As much as the windows permit: those of the streams.
    const sent = answers.map((_, at) => {
      const { stream } = server.at(at);
      stream.sendHead(200);
      return stream.write(Buffer.alloc(2 * LARGE, 'z'));
    });
    expect(new Set(sent)).toEqual(new Set([262_144]));
    server.pump();
    const other = pool.request(origin);
    server.respond(20, 'y'.repeat(LARGE));
    const text = successResultOf(other).text();
    const rest = 'y'.repeat(LARGE - 262_144);
    await later();
    server.pump();
    server.at(20).stream.write(Buffer.from(rest), true);
    server.pump();
    expect((await text).length).toBe(LARGE);
    // The unread ones continue when they are read.
    const first = successResultOf(answers[0] as (typeof answers)[0]).text();
    await later();
    server.pump();
    server.at(0).stream.write(Buffer.alloc(2 * LARGE - 262_144, 'z').subarray(0, 262_144), false);
    server.pump();
    server.at(0).stream.write(Buffer.alloc(2 * LARGE - 2 * 262_144, 'z'), true);
    server.pump();
    expect((await first).length).toBe(2 * LARGE);
  });

  it('is read piece by piece, and costs no more memory if its frames are tiny', async () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    const { stream } = origin.server.at(0);
    stream.sendHead(200);
    for (let i = 0; i < 500; i++) stream.write(Buffer.from(String(i % 10)));
    stream.write(Buffer.alloc(0), true);
    origin.server.pump();
    let [text, pieces] = ['', 0];
    for await (const piece of successResultOf(answer)) {
      text += piece.toString();
      pieces += 1;
    }
    expect(text).toBe('0123456789'.repeat(50));
    expect(pieces).toBeLessThan(5);
  });

  it('is refused if it is longer than the limit', async () => {
    const { pool, origin } = new Pooled();
    const answers = [pool.request(origin), pool.request(origin), pool.request(origin)];
    for (const [at, length] of [1_001, 2_000, 1_000].entries()) {
      const { stream } = origin.server.at(at);
      if (at === 1) stream.sendHead(200);
      else stream.sendHead(200, { 'Content-Length': String(length) });
      stream.write(Buffer.alloc(length), true);
    }
    origin.server.pump();
    const [announced, unknown, short] = answers.map((answer) =>
      successResultOf(answer).bytes(1_000),
    );
    for (const failed of [announced, unknown]) {
      const failure = failureResultOf(failed as never);
      expect(failure).toMatchObject({ option: 'maxContentBytes', limit: 1_000 });
      expect(failure).toBeInstanceOf(HTTPLimitError);
    }
    expect((await short)?.length).toBe(1_000);
    const less = pool.request(origin);
    origin.server.respond(3, 'four');
    expect(failureResultOf(successResultOf(less).text(3))).toMatchObject({ limit: 3 });
  });

  it('fails if its length is another than announced', () => {
    const { pool, origin } = new Pooled();
    const answers = [pool.request(origin), pool.request(origin)];
    const { server } = origin;
    // Our own connection would not send these.
    server.send(
      headers(
        1,
        [
          [':status', '200'],
          ['content-length', '3'],
        ],
        false,
      ),
    );
    server.send(data(1, 'ab', true));
    server.send(
      headers(
        3,
        [
          [':status', '200'],
          ['content-length', '3'],
        ],
        false,
      ),
    );
    server.send(data(3, 'abcd', true));
    for (const answer of answers) {
      const failure = failureResultOf(successResultOf(answer).text());
      expect(failure).toMatchObject({
        code: 'ERR_HTTP2_PROTOCOL',
        rule: 'content-length-mismatch',
      });
    }
    expect(server.requests.map(({ resetCode }) => resetCode)).toEqual([1, 1]);
  });

  it('is dropped up to a limit', () => {
    const { pool, origin } = new Pooled();
    const little = pool.request(origin);
    const much = pool.request(origin);
    origin.server.at(0).stream.sendHead(200);
    origin.server.at(1).stream.sendHead(200);
    origin.server.pump();
    successResultOf(little).discard();
    successResultOf(much).discard();
    origin.server.at(0).stream.write(Buffer.alloc(60_000), true);
    origin.server.at(1).stream.write(Buffer.alloc(70_000));
    origin.server.pump();
    expect(origin.server.requests.map(({ resetCode }) => resetCode)).toEqual([undefined, CANCEL]);
    expect(pool.counts).toMatchObject({ connections: 1, idle: 1 });
  });

  it('is complete even if the server wants no more of the request', async () => {
    const { pool, origin } = new Pooled();
    const endless = new ReadableStream<Uint8Array>({
      pull: (to) => to.enqueue(Buffer.alloc(1_000)),
    });
    const answer = pool.request(origin, { method: 'PUT', content: endless });
    await later();
    const { stream } = origin.server.at(0);
    stream.respond(413, [], 'enough');
    stream.reset(0);
    origin.server.pump();
    expect(await successResultOf(answer).text()).toBe('enough');
    expect(pool.counts).toMatchObject({ idle: 1 });
  });

  it('switches no protocols', () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    origin.server.respond(0);
    const protocol = new Protocol();
    expect(() => successResultOf(answer).switchTo(protocol)).toThrow(HTTPSequenceError);
  });
});

describe('time limits over HTTP/2', () => {
  const TIMES = {
    headTimeoutMs: 2_000,
    bodyIdleTimeoutMs: 3_000,
    unreadTimeoutMs: 5_000,
    writeTimeoutMs: 4_000,
  };

  function expectTimeout(failure: unknown, option: string): void {
    expect(failure).toBeInstanceOf(HTTPResponseTimeoutError);
    expect(failure).toMatchObject({ option });
  }

  it('bound the time until the head, and begin again with informational responses', () => {
    const pooled = new Pooled(TIMES);
    const { pool, origin } = pooled;
    const late = pool.request(origin);
    const informed = pool.request(origin);
    pooled.advance(1_500);
    origin.server.at(1).stream.sendInformational(102);
    origin.server.pump();
    pooled.advance(1_000);
    expectTimeout(failureResultOf(late), 'headTimeoutMs');
    origin.server.respond(1);
    expect(successResultOf(informed).status).toBe(200);
    expect(origin.server.at(0).resetCode).toBe(CANCEL);
  });

  it('bound the time between pieces, and that of unread content', () => {
    const pooled = new Pooled(TIMES);
    const { pool, origin } = pooled;
    const read = pool.request(origin);
    const unread = pool.request(origin);
    for (const at of [0, 1]) {
      origin.server.at(at).stream.sendHead(200);
      origin.server.at(at).stream.write(Buffer.from('x'));
    }
    origin.server.pump();
    const text = successResultOf(read).text();
    pooled.advance(2_500);
    origin.server.at(0).stream.write(Buffer.from('y'));
    origin.server.pump();
    pooled.advance(2_500);
    expect(text.fired).toBe(false);
    pooled.advance(1_500);
    expectTimeout(failureResultOf(text), 'bodyIdleTimeoutMs');
    const late = successResultOf(unread).text();
    expectTimeout(failureResultOf(late), 'unreadTimeoutMs');
  });

  it('bound the time in which the server accepts nothing', async () => {
    const pooled = new Pooled(TIMES);
    const { pool, origin } = pooled;
    const stuck = pool.request(origin, { method: 'PUT', content: Buffer.alloc(LARGE) });
    origin.server.consumes = false;
    origin.server.pump();
    pooled.advance(3_000);
    origin.server.at(0).stream.consume(200_000);
    origin.server.pump();
    // All of it is sent: now the head is awaited.
    expect(origin.server.at(0).isComplete).toBe(true);
    const other = pool.request(origin, { method: 'PUT', content: Buffer.alloc(LARGE) });
    origin.server.pump();
    pooled.advance(2_500);
    expectTimeout(failureResultOf(stuck), 'headTimeoutMs');
    pooled.advance(2_500);
    expectTimeout(failureResultOf(other), 'writeTimeoutMs');
  });

  it('bound the whole request', () => {
    const pooled = new Pooled();
    const { pool, origin } = pooled;
    const answer = pool.request(origin, { totalTimeoutMs: 3_000 });
    origin.server.at(0).stream.sendHead(200);
    origin.server.pump();
    const text = successResultOf(answer).text();
    for (let i = 0; i < 5; i++) {
      origin.server.at(0).stream.write(Buffer.from('.'));
      origin.server.pump();
      pooled.advance(1_000);
      if (text.fired) break;
    }
    expectTimeout(failureResultOf(text), 'totalTimeoutMs');
    expect(origin.server.at(0).resetCode).toBe(CANCEL);
  });
});
