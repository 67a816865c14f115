/** Attacks on a client of HTTP/2. */
import { describe, expect, it } from 'vitest';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { frame } from '../../protocols/http2/node-peer.js';
import { data, headers, number, settings } from '../../protocols/http2/peers.js';
import { Pooled } from './http2-pooled.js';

describe('attacks on a client of HTTP/2', () => {
  it.each([
    [
      'pings',
      'maxPings',
      () => Buffer.concat(Array.from({ length: 101 }, () => frame(6, 0, 0, Buffer.alloc(8)))),
    ],
    ['settings', 'maxSettings', () => Buffer.concat(Array.from({ length: 51 }, () => settings()))],
    [
      'unknown frames',
      'maxUnknownFrames',
      () => Buffer.concat(Array.from({ length: 101 }, () => frame(99, 0, 0, Buffer.alloc(0)))),
    ],
    [
      'window updates',
      'maxWindowUpdates',
      () => Buffer.concat(Array.from({ length: 1_100 }, () => number(8, 0, 1))),
    ],
    [
      'empty content',
      'maxEmptyData',
      () =>
        Buffer.concat([
          headers(1, [[':status', '200']], false),
          ...Array.from({ length: 101 }, () => data(1, '')),
        ]),
    ],
    [
      'continuations',
      'maxContinuations',
      () =>
        Buffer.concat([
          frame(1, 0, 1, Buffer.from([0x88])),
          ...Array.from({ length: 9 }, () => frame(9, 0, 1, Buffer.alloc(0))),
        ]),
    ],
  ])('floods of %s end the connection', (_name, option, flood) => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    const answered = answer.addCallback((got) => got.text());
    origin.server.pump();
    origin.last.answer(flood());
    expect(failureResultOf(answered)).toMatchObject({ code: 'ERR_HTTP2_LIMIT', option });
    expect(origin.last.transport.peerSees).toBe('end');
  });

  it('heads that never end, and too many informational responses, end only their request', () => {
    const { pool, origin } = new Pooled({ http2Limits: { maxHeaderListBytes: 1_000 } });
    const answers = [pool.request(origin), pool.request(origin), pool.request(origin)];
    origin.server.send(
      headers(1, [
        [':status', '200'],
        ['a', 'x'.repeat(1_000)],
      ]),
    );
    origin.server.send(
      Buffer.concat(Array.from({ length: 17 }, () => headers(3, [[':status', '103']], false))),
    );
    origin.server.respond(2);
    const [long, many, other] = answers as [
      (typeof answers)[0],
      (typeof answers)[0],
      (typeof answers)[0],
    ];
    expect(failureResultOf(long)).toMatchObject({ option: 'maxHeaderListBytes' });
    expect(failureResultOf(many)).toMatchObject({ option: 'maxInformational' });
    expect(successResultOf(other).status).toBe(200);
  });

  it('a window of 0 ends the request by a time limit', () => {
    const pooled = new Pooled();
    const { pool, origin } = pooled;
    void pool.request(origin);
    origin.server.respond(0);
    origin.last.answer(settings([4, 0]));
    origin.last.transport.takeWritten();
    const answer = pool.request(origin, { method: 'PUT', content: 'stuck' });
    pooled.advance(28_000);
    expect(answer.fired).toBe(false);
    pooled.advance(5_000);
    expect(failureResultOf(answer)).toMatchObject({ option: 'writeTimeoutMs' });
  });

  it.each([
    ['content in front of a head', data(1, 'x'), 'data-before-head'],
    ['a push', frame(5, 4, 1, Buffer.from([0, 0, 0, 2, 0x82])), 'push'],
    ['a status of another protocol', headers(1, [[':status', '101']]), 'status'],
    [
      'more content than the window',
      Buffer.concat([
        headers(1, [[':status', '200']], false),
        ...Array.from({ length: 20 }, () => data(1, Buffer.alloc(16_384))),
      ]),
      'window-exceeded',
    ],
  ])('%s is a fault of the server', (_name, bytes, rule) => {
    const { pool, origin } = new Pooled();
    const answer = pool.request(origin);
    let got: { text(): unknown } | undefined;
    answer.addCallbacks(
      (made) => {
        got = made;
      },
      (failure) => {
        expect(failure.value).toMatchObject({ code: 'ERR_HTTP2_PROTOCOL', rule });
      },
    );
    origin.server.send(bytes);
    if (got !== undefined) {
      expect(failureResultOf(got.text() as never)).toMatchObject({ rule });
    }
    expect.assertions(1);
  });
});
