/** Each flood is refused by a named limit, whose count begins again with each interval. */
import { describe, expect, it } from 'vitest';
import { flooded } from '../../../bench/micro/http2/flooded-server.js';
import { bytesOfFlood, FLOODS as FLOODS_OF_DEFAULTS } from '../../../bench/micro/http2/floods.js';
import { HTTP2_LIMITS, HTTP2LimitError } from '../../../src/protocols/http2/errors.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import { frame } from './node-peer.js';
import {
  block,
  data,
  GET,
  headers,
  number,
  openClient,
  openServer,
  type Peer,
  POST,
  settings,
  TARGET,
} from './peers.js';

const EMPTY = Buffer.alloc(0);

/** The limit that ends the connection. */
function limitOf(peer: Peer, bytes: Buffer): HTTP2LimitError | undefined {
  try {
    peer.read(bytes);
  } catch (error) {
    if (!(error instanceof HTTP2LimitError)) throw error;
    const [last = ''] = peer.frames().slice(-1);
    expect(last).toMatch(/^7 0 0 [0-9a-f]{8}0000000b/);
    return error;
  }
  return undefined;
}

interface Flood {
  readonly limit: keyof HTTP2Options;
  readonly what: string;
  /** The frames of the attack with this number. */
  readonly one: (i: number) => Buffer;
}

const id = (i: number): number => 2 * i + 1;
const FLOODS: readonly Flood[] = [
  { limit: 'maxPings', what: 'PING', one: () => frame(6, 0, 0, Buffer.alloc(8)) },
  { limit: 'maxPings', what: 'answers to PING', one: () => frame(6, 1, 0, Buffer.alloc(8)) },
  { limit: 'maxSettings', what: 'SETTINGS', one: () => settings([4, 1000]) },
  { limit: 'maxSettings', what: 'GOAWAY', one: () => frame(7, 0, 0, Buffer.alloc(8)) },
  { limit: 'maxPriorities', what: 'PRIORITY', one: () => frame(2, 0, 1, Buffer.alloc(5)) },
  { limit: 'maxPriorities', what: 'PRIORITY_UPDATE', one: (i) => number(16, 0, id(i)) },
  {
    limit: 'maxUnknownFrames',
    what: 'unknown frames',
    one: () => frame(99, 0, 0, Buffer.alloc(3)),
  },
  { limit: 'maxWindowUpdates', what: 'WINDOW_UPDATE', one: () => number(8, 0, 1) },
  {
    limit: 'maxResets',
    what: 'rapid reset',
    one: (i) => Buffer.concat([headers(id(i), GET), number(3, id(i), 8)]),
  },
  {
    limit: 'maxResets',
    what: 'MadeYouReset',
    one: (i) => Buffer.concat([headers(id(i), GET), number(8, id(i), 0)]),
  },
  { limit: 'maxResets', what: 'malformed requests', one: (i) => headers(id(i), [['A', 'b']]) },
  {
    limit: 'maxResets',
    what: 'RST_STREAM on a closed stream',
    one: (i) => (i === 0 ? Buffer.concat([headers(1, GET), number(3, 1, 8)]) : number(3, 1, 8)),
  },
];

describe('a flood', () => {
  it.each(FLOODS)('of $what exceeds $limit', ({ limit, one }) => {
    const max = 20;
    const frames = Array.from({ length: max + 1 }, (_, i) => one(i));
    const within = openServer({ [limit]: max });
    if (limit === 'maxSettings') within.connection.passInterval();
    expect(limitOf(within, Buffer.concat(frames.slice(0, max)))).toBeUndefined();
    within.connection.passInterval();
    expect(limitOf(within, frames[max] as Buffer)).toBeUndefined();
    const peer = openServer({ [limit]: max });
    if (limit === 'maxSettings') peer.connection.passInterval();
    expect(limitOf(peer, Buffer.concat(frames))).toMatchObject({
      option: limit,
      limit: max,
      streamId: 0,
    });
  });

  it('of empty DATA exceeds maxEmptyData, but an empty frame that ends a stream does not count', () => {
    const peer = openServer({ maxEmptyData: 3 });
    const padded = frame(0, 8, 1, Buffer.of(3, 0, 0, 0));
    peer.read(Buffer.concat([headers(1, POST, false), data(1, ''), padded, data(1, '')]));
    peer.read(Buffer.concat([data(1, '', true), headers(3, POST, false)]));
    expect(limitOf(peer, data(3, ''))).toMatchObject({ option: 'maxEmptyData', limit: 3 });
  });

  it('of streams beyond maxConcurrentStreams is refused, and counts as resets', () => {
    const peer = openServer({ maxConcurrentStreams: 5, maxResets: 10 });
    const opened = Array.from({ length: 16 }, (_, i) => headers(id(i), POST, false));
    const types = peer.types(Buffer.concat(opened.slice(0, 15)));
    expect(types).toEqual(new Array(5).fill('request'));
    expect(peer.frames()).toEqual(
      Array.from({ length: 10 }, (_, i) => `3 0 ${id(i + 5)} 00000007`),
    );
    expect(limitOf(peer, opened[15] as Buffer)).toMatchObject({ option: 'maxResets' });
  });

  it('of CONTINUATION exceeds maxContinuations, however small the frames are', () => {
    const peer = openServer({ maxContinuations: 3 });
    const more = (flags: number, stream = 1): Buffer => frame(9, flags, stream, EMPTY);
    peer.read(Buffer.concat([frame(1, 1, 1, block(GET)), more(0), more(0), more(4)]));
    expect(peer.connection.streamCount).toBe(1);
    const begun = frame(1, 1, 3, block(GET));
    expect(limitOf(peer, Buffer.concat([begun, ...new Array(4).fill(more(0, 3))]))).toMatchObject({
      option: 'maxContinuations',
      limit: 3,
    });
  });

  it('of CONTINUATION exceeds maxHeaderBlockBytes, and holds no more than that', () => {
    const peer = openServer({ maxHeaderBlockBytes: 20_000, maxContinuations: 100 });
    const part = Buffer.alloc(10_000, 0x82);
    peer.read(Buffer.concat([frame(1, 1, 1, part), frame(9, 0, 1, part)]));
    expect(peer.connection.bufferedBytes).toBe(20_000);
    expect(limitOf(peer, frame(9, 0, 1, Buffer.of(0x82)))).toMatchObject({
      option: 'maxHeaderBlockBytes',
    });
  });

  it('of fields is answered with 431, and the connection continues with the same table', () => {
    const peer = openServer({ maxHeaderListBytes: 1000 });
    const value = Buffer.alloc(500, 'x');
    const entry = Buffer.concat([Buffer.from('4001617ff502', 'hex'), value]);
    const bomb = Buffer.concat([block(GET), entry, Buffer.alloc(5000, 0xbe)]);
    const events = peer.read(frame(1, 4, 1, bomb));
    expect(events).toMatchObject([
      {
        type: 'refused',
        streamId: 1,
        error: { option: 'maxHeaderListBytes', limit: 1000, streamId: 1 },
      },
    ]);
    expect(peer.frames().map((line) => line.slice(0, 6))).toEqual(['1 5 1 ', '3 0 1 ']);
    const again = frame(1, 5, 3, Buffer.concat([block(GET), Buffer.of(0xbe)]));
    const [request] = peer.read(again);
    expect(request?.type === 'request' && request.head.field('a')?.length).toBe(500);
  });

  it('of field lines exceeds maxFields', () => {
    const peer = openServer({ maxFields: 10 });
    const fields = Array.from({ length: 10 }, (): [string, string] => ['a', 'b']);
    expect(peer.read(headers(1, [...GET, ...fields]))).toMatchObject([
      { type: 'refused', error: { option: 'maxFields', limit: 10 } },
    ]);
  });

  it('of informational responses resets the stream', () => {
    const peer = openClient({ maxInformational: 2 });
    peer.connection.request(TARGET);
    const early = headers(1, [[':status', '103']], false);
    const types = peer.types(Buffer.concat([early, early]));
    expect(types).toEqual(['informational', 'informational']);
    expect(peer.read(early)).toMatchObject([
      { type: 'reset', error: { option: 'maxInformational' } },
    ]);
  });

  it('of tiny windows exceeds maxTinyFrames, and the call of the application does not throw', () => {
    const peer = openServer({ maxTinyFrames: 5 });
    peer.read(Buffer.concat([settings([4, 0]), headers(1, GET)]));
    const [stream] = peer.connection.streams;
    stream?.sendHead(200);
    let rest: Buffer = Buffer.alloc(100, 'x');
    const send = (): void => {
      rest = rest.subarray(stream?.write(rest, true));
    };
    send();
    for (let i = 0; i < 5; i++) {
      expect(peer.types(number(8, 1, 1))).toEqual(['writable']);
      send();
    }
    expect(rest).toHaveLength(95);
    expect(peer.types(number(8, 1, 1))).toEqual(['writable']);
    send();
    expect(limitOf(peer, EMPTY)).toMatchObject({ option: 'maxTinyFrames', limit: 5 });
  });

  it('of zero windows ends each stalled stream after maxStalledIntervals', () => {
    const peer = openServer({ maxStalledIntervals: 2 });
    peer.read(Buffer.concat([settings([4, 0]), headers(1, GET), headers(3, GET)]));
    const [stream, other] = peer.connection.streams;
    stream?.sendHead(200);
    expect(stream?.write(Buffer.from('x'), true)).toBe(0);
    peer.take();
    for (let i = 0; i < 2; i++) {
      peer.connection.passInterval();
      expect(peer.events()).toEqual([]);
    }
    peer.connection.passInterval();
    expect(peer.events()).toMatchObject([
      { type: 'reset', stream, error: { option: 'maxStalledIntervals', streamId: 1 } },
    ]);
    expect(peer.frames()).toEqual(['3 0 1 0000000b']);
    expect([...peer.connection.streams]).toEqual([other]);
  });

  it('of windows that open by less than minIntervalBytes is one of zero windows', () => {
    for (const [bytes, isReset] of [
      [1, true],
      [99, true],
      [100, false],
    ] as const) {
      const peer = openServer({ maxStalledIntervals: 2, minIntervalBytes: 100 });
      peer.read(Buffer.concat([settings([4, 0]), headers(1, GET), headers(3, GET)]));
      const [stream, other] = peer.connection.streams;
      let rest: Buffer = Buffer.alloc(100_000);
      const send = (): void => {
        rest = rest.subarray(stream?.write(rest, true));
      };
      stream?.sendHead(200);
      send();
      const log: string[] = [];
      for (let i = 0; i < 10 && !log.includes('reset'); i++) {
        peer.connection.passInterval();
        // In two parts, which count together.
        const half = Math.floor(bytes / 2);
        for (const part of [half, bytes - half].filter((size) => size > 0)) {
          const types = peer.types(stream?.isClosed ? EMPTY : number(8, 1, part));
          log.push(...types);
          if (types.includes('writable')) send();
        }
      }
      expect(log.filter((type) => type !== 'writable')).toEqual(isReset ? ['reset'] : []);
      expect(peer.connection.streamCount).toBe(isReset ? 1 : 2);
      expect(other?.isClosed).toBe(false);
    }
  });

  it('of trickles to one stream is no reason for the others to wait', () => {
    const peer = openServer({ maxStalledIntervals: 2 });
    peer.read(Buffer.concat([headers(1, GET), headers(3, GET), headers(5, GET)]));
    const streams = [...peer.connection.streams];
    for (const stream of streams) stream.sendHead(200);
    // All of the window of the connection, but none of those of the others.
    expect(streams[0]?.write(Buffer.alloc(65_535))).toBe(65_535);
    for (const stream of streams) expect(stream.write(Buffer.alloc(1000))).toBe(0);
    peer.connection.passInterval();
    const resets: number[] = [];
    for (let i = 0; i < 3; i++) {
      peer.connection.passInterval();
      for (const event of peer.read(number(8, 0, 1))) {
        if (event.type === 'reset') resets.push(event.stream.id);
        else if (event.type === 'writable') event.stream.write(Buffer.alloc(1000));
      }
    }
    expect(resets).toEqual([1, 3, 5]);
  });

  it('of zero windows that exceeds maxResets is thrown by next, not by passInterval', () => {
    const peer = openServer({ maxStalledIntervals: 1, maxResets: 1 });
    const opened = [1, 3, 5].map((stream) => headers(stream, GET));
    peer.read(Buffer.concat([settings([4, 0]), ...opened]));
    const [first, ...others] = peer.connection.streams;
    for (const stream of peer.connection.streams) stream.respond(200, {}, 'x');
    for (let i = 0; i < 2; i++) peer.connection.passInterval();
    expect(peer.connection.next()).toMatchObject({ type: 'reset', stream: first });
    expect(limitOf(peer, EMPTY)).toMatchObject({ option: 'maxResets', limit: 1 });
    expect([...peer.connection.streams]).toEqual(others);
    expect(others.every(({ isClosed }) => isClosed)).toBe(true);
    peer.connection.passInterval();
    expect(peer.frames()).toEqual([]);
  });

  it('of faults keeps the stream that exceeds maxResets among those that were cut off', () => {
    const peer = openServer({ maxResets: 1 });
    peer.read(Buffer.concat([headers(1, POST, false), headers(3, POST, false), number(8, 1, 0)]));
    const [stream] = peer.connection.streams;
    expect(limitOf(peer, number(8, 3, 0))).toMatchObject({ option: 'maxResets' });
    expect([...peer.connection.streams]).toEqual([stream]);
  });

  it('of zero windows does not end a stream that has sent all', () => {
    const peer = openServer({ maxStalledIntervals: 1 });
    peer.read(Buffer.concat([settings([4, 0]), headers(1, POST, false), headers(3, POST, false)]));
    const [whole, ended] = peer.connection.streams;
    for (const stream of [whole, ended]) {
      stream?.sendHead(200);
      expect(stream?.write(Buffer.from('x'))).toBe(0);
      peer.connection.receive(number(8, stream?.id ?? 0, 1));
    }
    // The application writes before it reads the events.
    const read = (): string[] => peer.events().map(({ type }) => type);
    peer.connection.next();
    expect(whole?.write(Buffer.from('x'))).toBe(1);
    expect(ended?.write(Buffer.from('x'), true)).toBe(1);
    expect(read()).toEqual([]);
    for (let i = 0; i < 5; i++) peer.connection.passInterval();
    expect(read()).toEqual([]);
    expect(peer.connection.streamCount).toBe(2);
  });

  it('of window updates does not end a connection whose content they permit', () => {
    const peer = openServer({ maxWindowUpdates: 3 });
    peer.read(headers(1, GET));
    const [stream] = peer.connection.streams;
    stream?.sendHead(200);
    for (let i = 0; i < 100; i++) {
      expect(stream?.write(Buffer.alloc(1000))).toBe(1000);
      peer.read(Buffer.concat([number(8, 0, 1000), number(8, 1, 1000)]));
    }
  });

  it('of window updates does not end a connection that answers much content at once', () => {
    const peer = openServer();
    peer.read(headers(1, GET));
    const [stream] = peer.connection.streams;
    stream?.sendHead(200);
    for (let i = 0; i < 3000; i++) expect(stream?.write(Buffer.alloc(10))).toBe(10);
    peer.connection.passInterval();
    const updates = Buffer.concat([number(8, 0, 10), number(8, 1, 10)]);
    peer.read(Buffer.concat(new Array(3000).fill(updates)));
    // Two more for the stream, and those that the limit permits.
    peer.read(Buffer.concat(new Array(1002).fill(number(8, 0, 1))));
    expect(limitOf(peer, number(8, 0, 1))).toMatchObject({ option: 'maxWindowUpdates' });
  });
});

/** What GOAWAY and the last answers take. */
const FAREWELL_BYTES = 250;

/** A frame, and a header block. */
const MAX_BUFFERED = 16_384 + 32_768;

describe('with the default limits', () => {
  it.each(FLOODS_OF_DEFAULTS)('a flood of $name is answered with few bytes, and ends', (flood) => {
    const bytes = bytesOfFlood(flood);
    const server = flooded(flood, bytes);
    expect(server.connection.phase).not.toBe('closed');
    expect(server.connection.bufferedBytes).toBeLessThanOrEqual(MAX_BUFFERED);
    expect(server.connection.streamCount).toBeLessThanOrEqual(100);
    const prepared = flood.prepare === undefined ? 0 : FAREWELL_BYTES;
    const answered = flood.permitted * flood.answerBytes + prepared;
    expect(server.sentBytes).toBeLessThanOrEqual(answered);
    expect(server.limitOf(bytes.beyond)).toBe(flood.limit);
    expect(server.connection.phase).toBe('closed');
    expect(server.sentBytes).toBeLessThanOrEqual(answered + FAREWELL_BYTES);
  });

  it('no flood gets more bytes back than it sends, apart from the last frames', () => {
    for (const flood of FLOODS_OF_DEFAULTS.filter(({ isApart }) => isApart !== true)) {
      const bytes = bytesOfFlood(flood);
      const server = flooded(flood, bytes);
      server.limitOf(bytes.beyond);
      expect(server.sentBytes - FAREWELL_BYTES).toBeLessThan(bytes.length);
    }
  });

  it('windows of zero end streams in seven intervals, at 13 bytes for each', () => {
    const peer = openServer();
    const opened = Array.from({ length: 100 }, (_, i) => headers(id(i), GET));
    peer.read(Buffer.concat([settings([4, 0]), ...opened]));
    for (const stream of peer.connection.streams) stream.respond(200, {}, Buffer.alloc(100_000));
    peer.take();
    for (let i = 0; i < 7; i++) {
      expect(peer.connection.streamCount).toBe(100);
      peer.connection.passInterval();
      peer.events();
    }
    expect(peer.connection.streamCount).toBe(0);
    expect(peer.take()).toHaveLength(100 * 13);
  });
});

it('has a flood for every limit', () => {
  const elsewhere = ['maxContinuations', 'maxEmptyData', 'maxFields', 'maxHeaderBlockBytes'];
  elsewhere.push('maxHeaderListBytes', 'maxInformational', 'maxStalledIntervals', 'maxTinyFrames');
  const tested = new Set<string>([...FLOODS.map(({ limit }) => limit), ...elsewhere]);
  expect([...tested].sort()).toEqual([...HTTP2_LIMITS].sort());
});
