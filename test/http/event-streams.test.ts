/** Server-sent events: their text, heartbeats, backpressure, and the end of streams. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EventStream,
  EventStreams,
  type EventStreamsOptions,
  type HTTPHandler,
  HTTPSequenceError,
  type ServerSentEvent,
} from '../../src/http/index.js';
import { serializeEvent } from '../../src/http/server-sent-event.js';
import { ConnectionClosed, TooManyUnsentBytesError } from '../../src/index.js';
import type { MemoryTransport } from '../../src/testing/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { get, Served } from './served.js';

const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n' +
  'Transfer-Encoding: chunked\r\n\r\n';

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** A server whose only resource is a stream. */
class Source {
  readonly served: Served;
  readonly streams: EventStreams;
  stream!: EventStream;

  constructor(options: EventStreamsOptions = {}, handler?: (source: Source) => unknown) {
    const open: HTTPHandler = (request, response) => {
      this.stream = this.streams.open(request, response);
      return handler?.(this);
    };
    this.served = new Served(open);
    this.streams = new EventStreams(this.served.clock, options);
  }

  begin(...fields: string[]): string {
    return this.served.receive(get('/', ...fields));
  }

  /** A client that takes `capacity` bytes before it reads. */
  beginSlow(capacity: number): MemoryTransport {
    const transport = this.served.connect(capacity);
    this.begin();
    return transport;
  }
}

/** The parser of the HTML Living Standard, section 9.2.6, for a whole stream. */
function parseStream(text: string): (ServerSentEvent & { lastEventId: string })[] {
  const events: (ServerSentEvent & { lastEventId: string })[] = [];
  let [data, event, lastEventId] = ['', '', ''];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data !== '') events.push({ data: data.slice(0, -1), event, lastEventId });
      [data, event] = ['', ''];
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data += `${value}\n`;
    if (name === 'event') event = value;
    if (name === 'id' && !value.includes('\0')) lastEventId = value;
  }
  return events;
}

describe('an event', () => {
  it.each<[string, ServerSentEvent | string, string]>([
    ['text', 'hello', 'data: hello\n\n'],
    ['empty text', '', 'data: \n\n'],
    ['a leading space', ' x', 'data:  x\n\n'],
    [
      'all fields',
      { data: 'a', event: 'b', id: 'c', retryMs: 5 },
      'retry: 5\nid: c\nevent: b\ndata: a\n\n',
    ],
    ['lines', 'a\nb\r\nc\rd\n', 'data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n'],
    ['no data', { id: '' }, 'id: \n\n'],
  ])('%s', (_name, event, text) => {
    expect(serializeEvent(event)).toBe(text);
  });

  it.each<[object, string]>([
    [{ data: 'x', event: 'a\nid: 1' }, 'event'],
    [{ data: 'x', event: 'a\r' }, 'event'],
    [{ data: 'x', id: '1\r\ndata: y' }, 'id'],
    [{ data: 'x', id: 'a\0' }, 'id'],
    [{ data: 'x', retryMs: -1 }, 'retryMs'],
    [{ data: 'x', retryMs: 1.5 }, 'retryMs'],
    [{ data: 5 }, 'data'],
    [{}, 'event'],
    [{ data: 'x', retry: 5 }, "'retry'"],
    [{ event: 'x', data: undefined, id: 5 }, 'id'],
  ])('%j is refused', (event, what) => {
    expect(() => serializeEvent(event as ServerSentEvent)).toThrow(what);
  });

  it('arrives as it was sent, whatever its text', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', ':', '\n', '\r', 'data', 'é', '\uFEFF'),
    });
    const line = text.filter((value) => !/[\r\n]/.test(value));
    fc.assert(
      fc.property(fc.array(fc.record({ data: text, event: line, id: line })), (events) => {
        const received = parseStream(events.map((event) => serializeEvent(event)).join(''));
        expect(received).toEqual(
          events.map(({ data, event, id }) => ({
            data: data.replaceAll(/\r\n|\r/g, '\n'),
            event,
            lastEventId: id,
          })),
        );
      }),
    );
  });
});

describe('a stream', () => {
  it('begins at once, and sends events', () => {
    const source = new Source();
    expect(source.begin()).toBe(HEAD);
    expect(source.stream.send({ event: 'tick', data: 'ü' })).toBe(true);
    expect(source.served.sent()).toBe('16\r\nevent: tick\ndata: \u00c3\u00bc\n\n\r\n');
    source.stream.close();
    expect(source.served.sent()).toBe('0\r\n\r\n');
    expect([source.stream.open, source.stream.reason, source.streams.size]).toEqual([
      false,
      undefined,
      0,
    ]);
    expect(source.begin()).toBe(HEAD); // the connection can be used again
  });

  it('begins with retryMs, and has the fields that were set', () => {
    const served = new Served((request, response) => {
      response.setField('Cache-Control', 'private');
      new EventStreams(served.clock, { retryMs: 500 }).open(request, response);
    });
    const sent = served.receive(get('/'));
    expect(sent).toContain('Cache-Control: private\r\n');
    expect(sent).not.toContain('no-store');
    expect(sent).toContain(chunk('retry: 500\n\n'));
  });

  it.each([
    [[], undefined],
    [['Last-Event-ID: 42'], '42'],
    [['Last-Event-ID:'], ''],
    [['Last-Event-ID: \u00c3\u00bc'], 'ü'],
  ])('has lastEventId of %j', (fields, expected) => {
    const source = new Source();
    source.served.receive(Buffer.from(get('/', ...fields), 'latin1'));
    expect(source.stream.lastEventId).toBe(expected);
  });

  it('is closed in answer to HEAD, which has no content', () => {
    const source = new Source({ retryMs: 5 });
    expect(source.served.receive('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(HEAD);
    expect([source.stream.open, source.streams.size]).toEqual([false, 0]);
    expect(source.stream.send('x')).toBe(true);
    expect(source.begin()).toContain(HEAD);
  });

  it('to a client of HTTP/1.0 ends with the connection', () => {
    const source = new Source();
    source.served.receive('GET / HTTP/1.0\r\n\r\n');
    source.stream.send('x');
    source.stream.close();
    expect(source.served.sent()).toBe('data: x\n\n');
    expect(source.served.transport.peerSees).toBe('end');
  });

  it('ends when the client goes', () => {
    const source = new Source();
    source.begin();
    source.served.transport.peerResets();
    source.served.transport.settle();
    expect([source.stream.open, source.streams.size]).toEqual([false, 0]);
    expect(source.stream.reason).toBeInstanceOf(ConnectionClosed);
    expect(source.stream.send('x')).toBe(true);
    source.stream.close();
    expect(source.served.clock.getDelayedCalls()).toEqual([]);
  });

  it('cannot be opened once the head was sent', () => {
    const served = new Served((request, response) => {
      response.write('x');
      const streams = new EventStreams(served.clock);
      expect(() => streams.open(request, response)).toThrow(HTTPSequenceError);
      expect(streams.size).toBe(0);
      response.end();
    });
    served.receive(get('/'));
  });

  it('ends when the server drains, so that a shutdown does not wait for it', () => {
    const source = new Source();
    source.begin();
    let drained = false;
    source.served.factory.drain().addCallback(() => {
      drained = true;
    });
    source.served.transport.settle();
    expect([source.stream.open, drained]).toEqual([false, true]);
    expect(source.served.sent()).toBe('0\r\n\r\n');
  });

  it('ends at once on a server that drains already', () => {
    const source = new Source();
    source.begin();
    const streaming = source.served.transport;
    const late = source.served.connect();
    source.served.transport.receive('GET / HTTP/1.1\r\nHos');
    source.served.factory.drain();
    late.receive('t: a\r\n\r\n');
    late.settle();
    expect(late.takeWritten().toString()).toMatch(/\r\n\r\n0\r\n\r\n$/);
    streaming.settle();
    expect(source.streams.size).toBe(0);
  });
});

describe('publish', () => {
  it('reaches every open stream', () => {
    const source = new Source();
    const transports = [1, 2, 3].map(() => {
      const transport = source.served.connect();
      source.begin();
      return transport;
    });
    transports[1]?.peerResets();
    transports[1]?.settle();
    expect(source.streams.size).toBe(2);
    source.streams.publish({ data: 'x', id: '1' });
    const received = transports.map((transport) => {
      transport.settle();
      return transport.takeWritten().toString();
    });
    expect(received).toEqual([chunk('id: 1\ndata: x\n\n'), '', chunk('id: 1\ndata: x\n\n')]);
    source.streams.close();
    expect(source.streams.size).toBe(0);
  });
});

describe('heartbeatMs', () => {
  const BEAT = chunk(':\n\n');

  it('sends a comment on streams that were quiet, with one delayed call for all', () => {
    const source = new Source({ heartbeatMs: 10_000 });
    source.begin();
    const quiet = source.served.transport;
    source.served.connect();
    source.begin();
    expect(source.served.clock.getDelayedCalls().length).toBe(3); // with Date, and the timeouts of the server
    source.served.advance(9_000);
    source.stream.send('x');
    source.served.sent();
    expect(source.served.advance(1_000)).toBe('');
    quiet.settle();
    expect(quiet.takeWritten().toString()).toBe(BEAT);
    expect(source.served.advance(10_000)).toBe(BEAT);
  });

  it('stops with the last stream, and begins again', () => {
    const source = new Source();
    source.begin();
    source.stream.close();
    expect(source.served.advance(60_000)).not.toContain(BEAT);
    source.served.connect();
    source.begin();
    expect(source.served.advance(15_000)).toBe(BEAT);
  });

  it('0 sends none', () => {
    const source = new Source({ heartbeatMs: 0 });
    source.begin();
    expect(source.served.advance(600_000)).toBe('');
    expect(source.stream.open).toBe(true);
  });
});

describe('a client that does not read', () => {
  const EVENT = 'x'.repeat(10_000);

  it('is reported by send, and drained fires when it has read', async () => {
    const source = new Source();
    const transport = source.beginSlow(1_000);
    let sent = 0;
    do sent += 1;
    while (source.stream.send(EVENT) && sent < 100);
    expect(sent).toBeLessThan(100);
    let drained = false;
    source.stream.drained().addCallback(() => {
      drained = true;
    });
    expect(drained).toBe(false);
    for (let turn = 0; turn < sent + 2; turn++) {
      transport.drain();
      transport.settle();
    }
    expect(drained).toBe(true);
    expect(source.stream.send('more')).toBe(true);
  });

  it('maxUnsentBytes: is disconnected when more is unsent', () => {
    const source = new Source({ maxUnsentBytes: 200_000 });
    const transport = source.beginSlow(1_000);
    for (let i = 0; i < 19; i++) source.streams.publish(EVENT);
    transport.settle();
    source.served.clock.advance(0);
    expect([source.stream.open, transport.peerSees]).toEqual([true, 'open']);
    for (let i = 0; i < 3; i++) source.streams.publish(EVENT);
    transport.settle();
    expect(source.stream.open).toBe(true);
    source.served.clock.advance(0);
    expect([source.stream.open, transport.peerSees]).toEqual([false, 'reset']);
    expect(source.stream.reason).toBeInstanceOf(TooManyUnsentBytesError);
    expect(source.stream.reason).toMatchObject({ limit: 200_000, option: 'maxUnsentBytes' });
    expect(source.streams.size).toBe(0);
  });

  it('does not hold back others', () => {
    const source = new Source({ maxUnsentBytes: 100_000 });
    source.beginSlow(1_000);
    const fast = source.served.connect();
    source.begin();
    for (let i = 0; i < 20; i++) source.streams.publish(EVENT);
    fast.settle();
    source.served.clock.advance(0);
    expect(fast.takeWritten().length).toBe(20 * chunk(`data: ${EVENT}\n\n`).length);
    expect(source.streams.size).toBe(1);
  });
});

describe('sendFrom', () => {
  it('sends the events of an iterable, then closes', async () => {
    const source = new Source({}, ({ stream }) => stream.sendFrom(['a', { data: 'b' }]));
    source.begin();
    expect(await source.served.later()).toBe(
      `${chunk('data: a\n\n')}${chunk('data: b\n\n')}0\r\n\r\n`,
    );
  });

  it('takes no event before the client has read those before', async () => {
    let taken = 0;
    async function* events(): AsyncGenerator<string> {
      for (; taken < 1_000; taken++) yield 'x'.repeat(10_000);
    }
    const source = new Source({}, ({ stream }) => stream.sendFrom(events()));
    const transport = source.beginSlow(1_000);
    await source.served.later();
    const before = taken;
    expect(before).toBeLessThan(20);
    for (let turn = 0; turn < 10; turn++) {
      transport.drain();
      await source.served.later();
    }
    expect(taken).toBeGreaterThan(before);
    transport.peerResets();
    await source.served.later();
    const after = taken;
    await source.served.later();
    expect(taken).toBe(after);
  });

  it('leaves the iteration when the client goes, also while an event is awaited', async () => {
    let left = false;
    const events: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          left = true;
          return { done: true, value: undefined };
        },
      }),
    };
    let finished = false;
    const source = new Source({}, async ({ stream }) => {
      await stream.sendFrom(events);
      finished = true;
    });
    source.begin();
    await source.served.later();
    expect(left).toBe(false);
    source.served.transport.peerResets();
    await source.served.later();
    expect([left, finished]).toEqual([true, true]);
  });

  it('leaves each of several iterations when the client goes', async () => {
    const left: string[] = [];
    const waiting = (name: string): AsyncIterable<string> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          left.push(name);
          return { done: true, value: undefined };
        },
      }),
    });
    const source = new Source({}, async ({ stream }) => {
      await Promise.all(['a', 'b'].map((name) => stream.sendFrom(waiting(name))));
    });
    source.begin();
    await source.served.later();
    source.served.transport.peerResets();
    await source.served.later();
    expect(left).toEqual(['a', 'b']);
  });

  it('an error of the iterable resets the connection and is reported', async () => {
    using logged = captureLoggedErrors();
    const source = new Source({}, ({ stream }) => {
      async function* events(): AsyncGenerator<string> {
        yield 'a';
        throw new Error('no more');
      }
      return stream.sendFrom(events());
    });
    source.begin();
    expect(await source.served.later()).toContain('data: a');
    expect(source.served.transport.peerSees).toBe('reset');
    expect(logged.flush(Error)).toMatchObject([{ error: { message: 'no more' } }]);
    expect(source.streams.size).toBe(0);
  });
});
