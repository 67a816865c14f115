/** Connections of HTTP/2 in a pool: how many, how long, and what becomes of requests when one ends. */
import { describe, expect, it } from 'vitest';
import { HTTPPoolClosedError, NoHTTPResponseError } from '../../../src/http/index.js';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { data } from '../../protocols/http2/peers.js';
import { goAway, Pooled } from './http2-pooled.js';
import { HTTP2Origin } from './http2-servers.js';
import { later, response } from './memory-servers.js';

const REFUSED_STREAM = 7;
const HTTP_1_1_REQUIRED = 13;

describe('connections of HTTP/2', () => {
  it('are made one at a time', () => {
    const { pool, origin } = new Pooled({}, new HTTP2Origin({}, false));
    const answers = Array.from({ length: 50 }, () => pool.request(origin));
    expect(origin.attempts).toHaveLength(1);
    expect(pool.counts).toMatchObject({ connecting: 1, queued: 50 });
    origin.accept();
    expect(origin.server.requests).toHaveLength(50);
    expect(origin.attempts).toHaveLength(0);
    for (let at = 0; at < 50; at++) origin.server.respond(at);
    for (const answer of answers) expect(successResultOf(answer).status).toBe(200);
  });

  it('that cannot be made fail the requests that wait for them', () => {
    const { pool, origin } = new Pooled({}, new HTTP2Origin({}, false));
    const answers = [pool.request(origin), pool.request(origin)];
    origin.refuse(new Error('no'));
    for (const answer of answers) expect(failureResultOf(answer)).toMatchObject({ message: 'no' });
    expect(origin.attempts).toHaveLength(0);
    expect(pool.counts).toMatchObject({ connections: 0, connecting: 0, queued: 0 });
  });

  it('are several if the server permits few requests on one', () => {
    const origin = new HTTP2Origin({ maxConcurrentStreams: 2 });
    const { pool } = new Pooled({ maxConnectionsPerOrigin: 2 }, origin);
    // The settings have arrived with the first response.
    void pool.request(origin);
    origin.server.respond(0);
    const answers = Array.from({ length: 5 }, () => pool.request(origin));
    for (const end of origin.ends) end.pump();
    expect(origin.ends.map(({ requests }) => requests.length)).toEqual([3, 2]);
    expect(pool.counts).toMatchObject({ connections: 2, http2: 2, streams: 4, queued: 1 });
    origin.server.respond(1);
    expect(origin.server.requests).toHaveLength(3);
    origin.ends[0]?.respond(1).respond(2);
    origin.server.respond(0).respond(2);
    for (const answer of answers) expect(successResultOf(answer).status).toBe(200);
    expect(pool.counts).toMatchObject({ connections: 2, idle: 2, queued: 0 });
  });

  it('take as many requests at a time, and in all, as the options permit', () => {
    const limits = { maxStreamsPerConnection: 3 };
    const { pool, origin } = new Pooled({ http2Limits: limits, maxRequestsPerConnection: 4 });
    const answers = Array.from({ length: 4 }, () => pool.request(origin));
    expect(origin.ends.map((end) => end.pump().requests.length)).toEqual([3, 1]);
    const [first] = origin.ends;
    first?.respond(0).respond(1);
    void pool.request(origin);
    // The fourth request was the last one.
    void pool.request(origin);
    expect(origin.ends.map((end) => end.pump().requests.length)).toEqual([4, 2]);
    expect(first?.events).toContain('goaway');
    first?.respond(2).respond(3);
    expect(first?.end.transport.peerSees).toBe('end');
    expect(successResultOf(answers[0] as (typeof answers)[0]).status).toBe(200);
  });

  it('are closed when they are idle', () => {
    const pooled = new Pooled({ http2Limits: { idleTimeoutMs: 20_000 } });
    const { pool, origin } = pooled;
    void pool.request(origin);
    pooled.advance(30_000);
    expect(pool.counts).toMatchObject({ connections: 1 });
    origin.server.respond(0);
    pooled.advance(19_000);
    expect(pool.counts).toMatchObject({ connections: 1, idle: 1 });
    pooled.advance(3_000);
    origin.server.pump();
    expect(origin.server.events).toContain('goaway');
    origin.server.end.close();
    expect(pool.counts).toMatchObject({ connections: 0 });
  });

  it('make room for other origins if they are idle', () => {
    const { pool, origin } = new Pooled({ maxConnections: 1 });
    void pool.request(origin);
    origin.server.respond(0);
    const other = new HTTP2Origin();
    const answer = pool.request(other);
    expect(other.connections).toHaveLength(0);
    origin.server.end.close();
    other.server.respond(0);
    expect(successResultOf(answer).status).toBe(200);
  });

  it('that were silent are checked by a PING before they are used', async () => {
    const pooled = new Pooled();
    const { pool, origin } = pooled;
    void pool.request(origin);
    origin.server.respond(0);
    pooled.advance(13_000);
    const { transport } = origin.server.end;
    const answers = [pool.request(origin, { method: 'POST' }), pool.request(origin)];
    await later();
    transport.settle();
    // Only the PING was sent.
    expect(transport.written.length).toBe(17);
    expect(pool.counts).toMatchObject({ queued: 2, connecting: 0 });
    origin.server.respond(1).respond(2);
    for (const answer of answers) expect(successResultOf(answer).status).toBe(200);
    expect(origin.connections).toHaveLength(1);
  });

  it('that do not answer the PING are aborted, and replaced', () => {
    const pooled = new Pooled({ connectTimeoutMs: 20_000 });
    const { pool, origin } = pooled;
    void pool.request(origin);
    origin.server.respond(0);
    pooled.advance(13_000);
    const [dead] = origin.ends;
    const answer = pool.request(origin, { method: 'POST' });
    pooled.advance(8_000);
    dead?.end.transport.settle();
    expect(dead?.end.transport.peerSees).toBe('reset');
    expect(origin.connections).toHaveLength(2);
    origin.server.respond(0);
    expect(successResultOf(answer).status).toBe(200);
  });

  it('are given up if the server does not acknowledge the settings', () => {
    const pooled = new Pooled();
    const { pool, origin } = pooled;
    origin.isHTTP1 = true;
    const answer = pool.request(origin);
    pooled.advance(9_500);
    expect(answer.fired).toBe(false);
    pooled.advance(12_000);
    expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_HTTP2_SETTINGS_TIMEOUT' });
  });
});

describe('the end of a connection of HTTP/2', () => {
  it('by GOAWAY sends requests again that were not processed, whatever their method', async () => {
    const { pool, origin } = new Pooled();
    const served = pool.request(origin);
    const again = pool.request(origin, { method: 'POST', content: 'twice' });
    const [old] = origin.ends;
    old?.pump().send(goAway(1));
    expect(origin.connections).toHaveLength(2);
    expect(origin.server.at(0)).toMatchObject({ content: 'twice', isComplete: true });
    origin.server.respond(0, 'new');
    old?.respond(0, 'old');
    expect(await successResultOf(served).text()).toBe('old');
    expect(await successResultOf(again).text()).toBe('new');
    old?.end.transport.settle();
    expect(old?.end.transport.peerSees).toBe('end');
  });

  it('does not send a request again whose response has begun', async () => {
    const { pool, origin } = new Pooled();
    const begun = pool.request(origin, { method: 'POST', content: 'once' });
    const [old] = origin.ends;
    old?.at(0).stream.sendHead(200);
    old?.pump();
    const response = successResultOf(begun);
    old?.send(goAway(0));
    expect(origin.connections).toHaveLength(1);
    await expect(response.text()).rejects.toMatchObject({ code: 'ERR_HTTP2_UNPROCESSED' });
  });

  it('keeps a complete response to a request whose content was not needed', async () => {
    const { pool, origin } = new Pooled();
    async function* endless(): AsyncGenerator<string, void, void> {
      yield 'a';
      await new Promise(() => {});
    }
    const answer = pool.request(origin, { method: 'POST', content: endless() });
    await later();
    const [old] = origin.ends;
    old?.pump().respond(0, 'early');
    const response = successResultOf(answer);
    old?.send(goAway(0));
    expect(await response.text()).toBe('early');
    expect(origin.connections).toHaveLength(1);
  });

  it('does not send pieces again that were begun', async () => {
    const { pool, origin } = new Pooled();
    const begun = pool.request(origin, { method: 'POST', content: ['a', 'b'] });
    const waiting = pool.request(origin, {
      method: 'POST',
      content: ['c'],
      continueTimeoutMs: 5_000,
    });
    await later();
    origin.server.send(goAway(0));
    expect(failureResultOf(begun)).toMatchObject({ code: 'ERR_HTTP2_UNPROCESSED', errorCode: 0 });
    origin.server.at(0).stream.sendInformational(100);
    origin.server.pump();
    await later();
    origin.server.respond(0);
    expect(origin.server.at(0).content).toBe('c');
    expect(successResultOf(waiting).status).toBe(200);
  });

  it('is not needed for a request that the server refuses, which is sent again', () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin, { method: 'POST', content: 'x' });
    origin.server.at(0).stream.reset(REFUSED_STREAM);
    origin.server.pump();
    origin.server.respond(1);
    expect(successResultOf(answer).status).toBe(200);
    expect(origin.connections).toHaveLength(1);
  });

  it.each([0, 2, 5])('a request is sent again at most maxResends times: %s', (maxResends) => {
    const { pool, origin } = new Pooled({ http2Limits: { maxResends } });
    const answer = pool.request(origin);
    for (let at = 0; at <= maxResends; at++) {
      origin.server.at(at).stream.reset(REFUSED_STREAM);
      origin.server.pump();
    }
    expect(failureResultOf(answer)).toMatchObject({
      code: 'ERR_HTTP2_UNPROCESSED',
      errorCode: REFUSED_STREAM,
    });
    expect(origin.server.requests).toHaveLength(maxResends + 1);
  });

  it('without a response repeats a request only if that is safe', () => {
    const { pool, origin } = new Pooled();
    void pool.request(origin);
    origin.server.respond(0);
    const safe = pool.request(origin);
    const unsafe = pool.request(origin, { method: 'POST' });
    const begun = pool.request(origin);
    origin.server.at(3).stream.sendHead(200);
    origin.server.pump();
    const text = successResultOf(begun).text();
    origin.server.end.reset();
    expect(failureResultOf(unsafe)).toBeInstanceOf(NoHTTPResponseError);
    expect(failureResultOf(text)).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    expect(origin.connections).toHaveLength(2);
    // Once.
    origin.server.end.reset();
    expect(failureResultOf(safe)).toBeInstanceOf(NoHTTPResponseError);
    expect(origin.connections).toHaveLength(2);
  });

  it('leaves content that has arrived', async () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    origin.server.respond(0, 'whole');
    origin.server.end.reset();
    expect(await successResultOf(answer).text()).toBe('whole');
  });

  it('by a fault of the server is the failure of its requests', () => {
    const { pool, origin } = new Pooled();
    const answers = [pool.request(origin), pool.request(origin)];
    origin.server.at(0).stream.sendHead(200);
    origin.server.pump();
    const text = successResultOf(answers[0] as (typeof answers)[0]).text();
    // Of a stream that nobody has opened.
    origin.server.send(data(7, 'x'));
    for (const failed of [text, answers[1]]) {
      expect(failureResultOf(failed as never)).toMatchObject({
        code: 'ERR_HTTP2_PROTOCOL',
        rule: 'idle-stream',
      });
    }
    expect(origin.server.events).toContain('goaway');
    expect(origin.server.end.transport.peerSees).toBe('end');
  });

  it('by a server of HTTP/1.1 is told', () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    origin.last.answer('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_HTTP2_PROTOCOL' });
  });

  it('waits for the requests on it if the pool is closed', async () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    const closed = pool.close();
    expect(failureResultOf(pool.request(origin))).toBeInstanceOf(HTTPPoolClosedError);
    origin.server.respond(0, 'last');
    expect(await successResultOf(answer).text()).toBe('last');
    origin.server.end.close();
    expect(closed.fired).toBe(true);
  });

  it('cuts requests off if the pool is aborted', () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    const closed = pool.abort();
    origin.server.end.transport.settle();
    expect(failureResultOf(answer)).toBeInstanceOf(NoHTTPResponseError);
    expect(closed.fired).toBe(true);
  });
});

describe('another connection', () => {
  it('of HTTP/1.1 is used if the server asks for it', async () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin, { method: 'POST', content: 'x' });
    const { server } = origin;
    origin.isHTTP1 = true;
    server.at(0).stream.reset(HTTP_1_1_REQUIRED);
    server.pump();
    expect(origin.connections).toHaveLength(2);
    expect(origin.last.sent).toMatch(/^POST \/ HTTP\/1\.1\r\nHost: a\r\n/);
    origin.last.answer(response('old'));
    const got = successResultOf(answer);
    expect([got.version, await got.text()]).toEqual(['1.1', 'old']);
  });

  it('of HTTP/1.1 is used to switch protocols', () => {
    const { pool, origin } = new Pooled();
    void pool.request(origin);
    origin.isHTTP1 = true;
    const answer = pool.request(origin, { upgrade: 'shout' });
    expect(origin.last.sent).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: a\r\nConnection: Upgrade/);
    origin.last.answer('HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n');
    expect(successResultOf(answer).status).toBe(101);
  });

  it('is tried if the server says that the request belongs there', () => {
    const { pool, origin } = new Pooled();
    const kept = pool.request(origin);
    const answer = pool.request(origin, { method: 'POST', content: 'x' });
    const [wrong] = origin.ends;
    wrong?.respond(1, '', 421);
    expect(origin.connections).toHaveLength(2);
    wrong?.respond(0);
    origin.server.respond(0);
    expect(successResultOf(answer).status).toBe(200);
    expect(successResultOf(kept).status).toBe(200);
  });

  it('is not tried for content that was sent in pieces', async () => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin, { method: 'POST', content: ['x'] });
    await later();
    origin.server.respond(0, '', 421);
    expect(successResultOf(answer).status).toBe(421);
  });

  it('is not tried for ever', () => {
    const { pool, origin } = new Pooled({ http2Limits: { maxResends: 1 } });
    const answer = pool.request(origin);
    origin.server.respond(0, '', 421);
    origin.server.respond(0, '', 421);
    expect(successResultOf(answer).status).toBe(421);
  });
});
