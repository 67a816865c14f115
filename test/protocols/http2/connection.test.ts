import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldBlock } from '../../../src/protocols/http/field-block.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { frame } from './node-peer.js';
import {
  block,
  data,
  exchange,
  GET,
  headers,
  logOf,
  number,
  openClient,
  openServer,
  Peer,
  POST,
  requestOf,
  settings,
  TARGET,
} from './peers.js';

const UPLOAD = { ...TARGET, method: 'POST' };
const EMPTY = Buffer.alloc(0);

describe('HTTP2Connection', () => {
  it('announces its settings and windows', () => {
    const server = new Peer({ role: 'server', enableConnectProtocol: true, maxFrameBytes: 20_000 });
    expect(server.frames()).toEqual([
      // Only the first 12 bytes of the payload: 100 streams, and a window of 262,144 bytes.
      '4 0 0 000300000064000400040000',
      '8 0 0 000f0001',
    ]);
    const client = new Peer({ role: 'client', headerTableBytes: 0, connectionWindowBytes: 65_535 });
    expect(client.frames()).toEqual(['4 0 0 000100000000000200000000']);
    expect(client.connection.isAcknowledged).toBe(false);
    expect(client.types(Buffer.concat([settings(), frame(4, 1, 0, EMPTY)]))).toEqual([
      'settings',
      'settings-acknowledged',
    ]);
    expect(client.connection.isAcknowledged).toBe(true);
    expect(client.frames()).toEqual(['4 1 0']);
  });

  it('demands the table update that its lowered setting needs, from the acknowledgement on', () => {
    const server = openServer({ headerTableBytes: 100 });
    expect(() => server.read(headers(1, GET))).toThrow('no update of the table size');
    const patient = openServer({ headerTableBytes: 100 });
    const update = Buffer.concat([Buffer.from('3f45', 'hex'), block(GET)]);
    expect(patient.types(frame(1, 5, 1, update))).toEqual(['request', 'end']);
  });

  it('reads the head of a request', () => {
    const { head } = requestOf(
      openServer(),
      headers(1, [
        ...POST,
        ['host', 'A'],
        ['cookie', 'a=1'],
        ['cookie', 'b=2'],
        ['accept', 'x'],
        ['accept', 'y'],
        ['te', 'trailers'],
        ['expect', '100-continue'],
        ['content-length', '0'],
        ['priority', 'u=1'],
        ['priority', 'i'],
        ['authorization', 'secret'],
      ]),
    );
    expect(head).toMatchObject({ method: 'POST', scheme: 'https', authority: 'a', path: '/' });
    expect(head).toMatchObject({ contentLength: 0, expectsContinue: true, protocol: undefined });
    expect(head.priority).toEqual({ urgency: 1, isIncremental: true });
    expect([head.field('Cookie'), head.field('accept')]).toEqual(['a=1; b=2', 'x, y']);
    expect([head.fields('ACCEPT'), head.has('x'), head.fieldCount]).toEqual([
      ['x', 'y'],
      false,
      11,
    ]);
    expect([head.isSensitive('Authorization'), head.isSensitive('accept')]).toEqual([true, false]);
    expect([...head.rawFields()][0]).toEqual(['host', 'A']);
    const named = requestOf(
      openServer(),
      headers(1, [...GET.filter(([n]) => n !== ':authority'), ['host', 'b:1']]),
    );
    expect(named.head.authority).toBe('b:1');
    const tunnel = requestOf(
      openServer(),
      headers(
        1,
        [
          [':method', 'CONNECT'],
          [':authority', 'a:1'],
        ],
        false,
      ),
    );
    expect(tunnel.head).toMatchObject({
      method: 'CONNECT',
      authority: 'a:1',
      scheme: '',
      path: '',
    });
    const all = requestOf(
      openServer(),
      headers(1, [[':method', 'OPTIONS'], ...GET.slice(1, 3), [':path', '*']]),
    );
    expect(all.head.path).toBe('*');
  });

  it('accepts extended CONNECT if that is enabled, and offers it only to a server that does', () => {
    const server = openServer({ enableConnectProtocol: true });
    const chat = { ...TARGET, method: 'CONNECT', protocol: 'websocket' };
    const client = openClient();
    expect(() => client.connection.request(chat)).toThrow('extended CONNECT');
    client.read(settings([8, 1]));
    client.take();
    client.connection.request(chat, {}, false);
    expect(requestOf(server, client.take()).head).toMatchObject(chat);
  });

  it('opens no more than 100 streams before the settings of the server arrive', () => {
    const client = new Peer({ role: 'client' });
    const server = new Peer({ role: 'server' });
    for (let i = 0; i < 301 && client.connection.availableStreams > 0; i++) {
      client.connection.request(TARGET);
    }
    expect(client.connection.streamCount).toBe(100);
    const requests = server.read(client.take()).filter(({ type }) => type === 'request');
    expect(requests).toHaveLength(100);
    client.read(settings());
    expect(client.connection.availableStreams).toBe(2 ** 32 - 101);
    client.read(settings([3, 150]));
    client.read(settings());
    expect(client.connection.availableStreams).toBe(50);
  });

  it('sends a short response in one write, and adds Content-Length', () => {
    const server = openServer();
    const { stream } = requestOf(server, headers(1, GET));
    expect(stream.respond(200, { 'Content-Type': 'text/plain' }, 'hällo')).toBe(6);
    expect(server.writes).toBe(1);
    expect(stream.isClosed).toBe(true);
    const client = openClient();
    client.connection.request(TARGET);
    const again = openServer();
    requestOf(again, client.take()).stream.respond(204, {}, '');
    const events = client.read(again.take());
    expect(events).toMatchObject([{ type: 'response', head: { status: 204 } }, { type: 'end' }]);
  });

  it('sends what the windows permit, and tells the most urgent stream first when they open', () => {
    const server = openServer();
    const urgent: [string, string][] = [
      ...GET.map(([a, b]): [string, string] => [a, b]),
      ['priority', 'u=0'],
    ];
    server.read(Buffer.concat([settings([4, 10]), headers(1, GET), headers(3, urgent)]));
    const [first, second] = [...server.connection.streams];
    if (first === undefined || second === undefined) throw new Error('no streams');
    server.take();
    expect(first.respond(200, {}, 'x'.repeat(30))).toBe(10);
    expect(second.respond(200, {}, 'y'.repeat(30))).toBe(10);
    expect([first.sendableBytes, server.events()]).toEqual([0, []]);
    const opened = server.read(settings([4, 20]));
    expect(opened.map((event) => event.type === 'writable' && event.stream.id)).toEqual([
      false,
      3,
      1,
    ]);
    expect(second.write(Buffer.from('y'.repeat(20)), true)).toBe(10);
    expect(server.types(number(8, 3, 100))).toEqual(['writable']);
    expect(second.write(Buffer.from('y'.repeat(10)), true)).toBe(10);
    expect(second.isClosed).toBe(true);
  });

  it('sends fields of the HTTP/1 core in the form of HTTP/2', () => {
    const server = openServer();
    const client = openClient();
    const fields = new FieldBlock({ 'X-Name': ' padded ', 'Set-Cookie': ['a=1', 'b=2'] });
    for (let i = 0; i < 2; i++) {
      client.connection.request(TARGET);
      requestOf(server, client.take()).stream.respond(200, fields, 'x');
      const [response] = client.read(server.take());
      if (response?.type !== 'response') throw new Error('no response');
      expect([...response.head.rawFields()]).toEqual([
        ['x-name', 'padded'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['content-length', '1'],
      ]);
      expect(response.head.isSensitive('Set-Cookie')).toBe(true);
    }
  });

  it('permits two window updates for each request, also if its response has no content', () => {
    const server = openServer({ maxWindowUpdates: 3 });
    for (let id = 1; id < 100; id += 2) {
      server.read(Buffer.concat([headers(id, GET), number(8, id, 1), number(8, 0, 1)]));
      for (const stream of [...server.connection.streams]) stream.respond(304, {}, '');
    }
    expect(server.connection.phase).toBe('open');
  });

  it('lets windows become negative when the peer lowers its setting', () => {
    const server = openServer();
    server.read(headers(1, GET));
    const [stream] = server.connection.streams;
    stream?.sendHead(200);
    stream?.write(Buffer.alloc(1000));
    server.read(settings([4, 100]));
    expect(stream?.sendableBytes).toBe(0);
    server.read(number(8, 1, 900));
    expect(stream?.sendableBytes).toBe(0);
    server.read(number(8, 1, 5));
    expect(stream?.sendableBytes).toBe(5);
  });

  it('opens its windows when the application consumes, and not before', () => {
    const server = openServer({ streamWindowBytes: 65_535, connectionWindowBytes: 100_000 });
    const { stream } = requestOf(server, headers(1, POST, false));
    for (let i = 0; i < 3; i++) server.read(data(1, Buffer.alloc(16_000)));
    expect(server.frames()).toEqual([]);
    stream.consume(32_000);
    expect(server.frames()).toEqual([]);
    stream.consume(1000);
    expect(server.frames()).toEqual(['8 0 1 000080e8']);
    expect(() => stream.consume(15_001)).toThrow('at most 15000');
    stream.consume(15_000);
    server.read(data(1, Buffer.alloc(10_000), true));
    stream.consume(10_000);
    // The stream has ended; the connection has not.
    expect(server.frames()).toEqual(['8 0 0 0000e290']);
  });

  it('gives back the content of streams that end early, and padding', () => {
    const server = openServer({ connectionWindowBytes: 65_535 });
    const { stream } = requestOf(server, headers(1, POST, false));
    for (let i = 0; i < 2; i++) server.read(data(1, Buffer.alloc(16_000)));
    stream.reset();
    server.read(data(1, Buffer.alloc(1000)));
    expect(server.frames()).toEqual(['3 0 1 00000008', '8 0 0 000080e8']);
    stream.consume(5);
    server.read(headers(3, POST, false));
    const padded = frame(0, 8, 3, Buffer.concat([Buffer.of(255), Buffer.alloc(256)]));
    for (let i = 0; i < 128; i++) server.read(padded);
    expect(server.frames().join()).toMatch(/^8 0 0 000080/);
  });

  it('ignores late frames of a stream that it has reset, but keeps the table', () => {
    const client = openClient();
    const stream = client.connection.request(TARGET);
    stream.reset();
    const indexed = Buffer.concat([Buffer.of(0x88), Buffer.from('40017801790', 'hex')]);
    expect(client.types(Buffer.concat([frame(1, 4, 1, indexed), data(1, 'x', true)]))).toEqual([]);
    const next = client.connection.request(TARGET);
    const [event] = client.read(frame(1, 5, next.id, Buffer.of(0x88, 0xbe)));
    expect(event?.type === 'response' && event.head.field('x')).toBe('y');
  });

  it('tells nothing more of a stream that the application resets, also if it was received before', () => {
    const server = openServer();
    server.connection.receive(Buffer.concat([headers(1, GET), headers(3, GET)]));
    const request = server.connection.next();
    if (request?.type === 'request') request.stream.reset();
    expect(server.events()).toMatchObject([
      { type: 'request', stream: { id: 3 } },
      { type: 'end', stream: { id: 3 } },
    ]);
  });

  it('accepts on a stream that it has reset only what the peer may have sent before it knew', () => {
    const closed = 'a frame on a closed stream';
    const resetStream = (endStream = false): Peer => {
      const server = openServer();
      requestOf(server, headers(1, POST, endStream)).stream.reset();
      return server;
    };
    const trailers = headers(1, [['a', 'b']]);
    const behindTrailers = resetStream();
    expect(behindTrailers.types(trailers)).toEqual([]);
    expect(() => behindTrailers.read(trailers)).toThrow(closed);
    const behindContent = resetStream();
    expect(behindContent.types(Buffer.concat([data(1, 'x'), data(1, 'y', true)]))).toEqual([]);
    expect(() => behindContent.read(data(1, 'z'))).toThrow(closed);
    expect(() => resetStream().read(headers(1, [['a', 'b']], false))).toThrow(closed);
    expect(() => resetStream(true).read(data(1, 'x'))).toThrow(closed);
    const client = openClient({ maxInformational: 2 });
    client.connection.request(TARGET).reset();
    const head = headers(1, [[':status', '103']], false);
    expect(client.types(Buffer.concat([head, head, head]))).toEqual([]);
    expect(() => client.read(head)).toThrow(closed);
  });

  it('accepts no frames behind the end of a request that it has refused', () => {
    for (const fields of [[...GET, ['A', 'b']], GET] as [string, string][][]) {
      const server = openServer({ maxConcurrentStreams: 1 });
      server.read(headers(1, POST, false));
      server.read(headers(3, fields));
      expect(server.frames()).toHaveLength(1);
      expect(() => server.read(data(3, 'x'))).toThrow('a frame on a closed stream');
      const open = openServer({ maxConcurrentStreams: 1 });
      open.read(Buffer.concat([headers(1, POST, false), headers(3, fields, false)]));
      expect(open.types(data(3, 'x', true))).toEqual([]);
    }
  });

  it('sends nothing for a response to HEAD but its head', () => {
    const server = openServer();
    const head: [string, string][] = [
      [':method', 'HEAD'],
      ...GET.slice(1).map(([a, b]): [string, string] => [a, b]),
    ];
    const { stream } = requestOf(server, headers(1, head));
    stream.sendHead(200, { 'content-length': '5' });
    expect(server.connection.streamCount).toBe(0);
    expect(stream.write(Buffer.from('hello'), true)).toBe(5);
    expect(server.frames().map((line) => line.slice(0, 6))).toEqual(['1 5 1 ']);
    expect(() => stream.write(Buffer.from('x'))).toThrow('behind the end');
  });

  it('sends the length of the content of GET with 304, and in answer to HEAD', () => {
    const server = openServer();
    const HEAD: [string, string][] = [
      [':method', 'HEAD'],
      ...GET.slice(1).map(([a, b]): [string, string] => [a, b]),
    ];
    const conditional = requestOf(server, headers(1, GET)).stream;
    const head = requestOf(server, headers(3, HEAD)).stream;
    expect(conditional.respond(304, { 'Content-Length': '5' }, '')).toBe(0);
    expect(head.respond(200, { 'Content-Length': '5' }, '')).toBe(0);
    expect(server.connection.streamCount).toBe(0);
    expect(server.frames().map((line) => line.slice(0, 6))).toEqual(['1 5 1 ', '1 5 3 ']);
  });

  it('passes content without a length, and no trailers, through the tunnel of CONNECT', () => {
    const connect = { ...TARGET, method: 'CONNECT', authority: 'a:1' };
    const client = openClient();
    const own = client.connection.request(connect, {}, false);
    const server = openServer();
    const { stream } = requestOf(server, client.take());
    expect(() => stream.sendHead(200, { 'Content-Length': '1' })).toThrow('no Content-Length');
    expect(() => stream.respond(200, {}, 'x')).toThrow('no Content-Length');
    stream.sendHead(200);
    stream.write(Buffer.from('abc'));
    expect(() => stream.sendTrailers({ a: 'b' })).toThrow('has no trailer section');
    expect(client.types(server.take())).toEqual(['response', 'data']);
    own.write(Buffer.from('abc'));
    server.read(client.take());
    expect(server.read(headers(1, [['a', 'b']]))).toMatchObject([
      { type: 'reset', error: { rule: 'tunnel' } },
    ]);
    const other = openClient();
    other.connection.request(connect, {}, false);
    const OK: [string, string][] = [
      [':status', '200'],
      ['content-length', '1'],
    ];
    const bytes = Buffer.concat([headers(1, OK, false), data(1, 'abc'), headers(1, [['a', 'b']])]);
    expect(other.read(bytes)).toMatchObject([
      { type: 'response' },
      { type: 'data' },
      { type: 'reset', error: { rule: 'tunnel' } },
    ]);
  });

  it('splits long heads by the frame size, and content by that of the peer', () => {
    const server = openServer();
    server.read(Buffer.concat([settings([5, 20_000], [4, 100_000]), headers(1, GET)]));
    server.take();
    const [stream] = server.connection.streams;
    stream?.sendHead(200, { 'x-long': '~'.repeat(30_000) });
    stream?.write(Buffer.alloc(40_000), true);
    const kinds = server.frames().map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(kinds).toEqual(['1 0', '9 4', '0 0', '0 1']);
  });
});

describe('priorities', () => {
  it('are read from the field and from PRIORITY_UPDATE, also before the request', () => {
    const server = openServer();
    const client = openClient();
    const stream = client.connection.request(TARGET, { Priority: 'u=5, i=?0, other="a,b";x' });
    client.connection.prioritize(stream, { urgency: 0, isIncremental: true });
    const early = frame(16, 0, 0, Buffer.from('\0\0\0\x07u=9, i'));
    const events = server.read(Buffer.concat([client.take(), early]));
    expect(events).toMatchObject([
      { type: 'request', head: { priority: { urgency: 5, isIncremental: false } } },
      { type: 'end' },
      { type: 'priority', streamId: 1, priority: { urgency: 0, isIncremental: true } },
      {
        type: 'priority',
        streamId: 7,
        stream: undefined,
        priority: { urgency: 3, isIncremental: true },
      },
    ]);
    expect([...server.connection.streams][0]?.priority.urgency).toBe(0);
  });
});

/** A server's input with most kinds of frames. */
const INPUT = Buffer.concat([
  settings([1, 100], [4, 70_000]),
  frame(1, 0, 1, block(POST).subarray(0, 2)),
  frame(9, 4, 1, block(POST).subarray(2)),
  data(1, 'hello'),
  frame(0, 8, 1, Buffer.of(2, 65, 66, 0, 0)),
  frame(6, 0, 0, Buffer.from('pingpong')),
  headers(3, [['bad', 'head']]),
  headers(5, [...POST, ['content-length', '1']], false),
  data(5, 'too much'),
  data(5, 'ignored', true),
  headers(7, [...POST, ['content-length', '1']], false),
  data(7, 'too much', true),
  headers(9, GET),
  data(9, 'behind the end'),
  headers(1, [['trailer-field', 'x']]),
  number(8, 1, 100),
  frame(16, 0, 0, Buffer.from('\0\0\0\x09u=1')),
  frame(7, 0, 0, Buffer.alloc(8)),
  number(8, 0, 0),
]);

it('tells the same events at every split', () => {
  const whole = logOf(openServer(), [Buffer.from(INPUT)]);
  expect(whole.at(-2)).toBe('fault: the HTTP/2 peer sent WINDOW_UPDATE by 0');
  expect(whole).toContain('data 1 68656c6c6f4142');
  for (let at = 0; at <= INPUT.length; at++) {
    const chunks = [Buffer.from(INPUT.subarray(0, at)), Buffer.from(INPUT.subarray(at))];
    expect(logOf(openServer(), chunks)).toEqual(whole);
  }
  const single = Array.from(INPUT, (octet) => Buffer.of(octet));
  expect(logOf(openServer(), single)).toEqual(whole);
});

it('passes any content both ways through any windows', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 8 });
  const windows = fc.integer({ min: 65_535, max: 300_000 });
  fc.assert(
    fc.property(sizes, windows, windows, (uploads, streamWindowBytes, connectionWindowBytes) => {
      const limits = { streamWindowBytes, connectionWindowBytes };
      const client = new Peer({ role: 'client', ...limits });
      const server = new Peer({ role: 'server', ...limits });
      const rest = new Map<HTTP2Stream, Buffer>();
      const received = new Map<string, number>();
      const send = (stream: HTTP2Stream): void => {
        const content = rest.get(stream);
        if (content !== undefined) rest.set(stream, content.subarray(stream.write(content, true)));
      };
      const act = (event: HTTP2Event, peer: Peer): void => {
        if (event.type === 'request') event.stream.sendHead(200);
        if (event.type === 'writable') send(event.stream);
        if (event.type === 'data') {
          const key = `${peer === client} ${event.stream.id}`;
          received.set(key, (received.get(key) ?? 0) + event.data.length);
          event.stream.consume(event.data.length);
        }
        if (event.type !== 'end' || peer === client) return;
        rest.set(event.stream, Buffer.alloc(received.get(`false ${event.stream.id}`) ?? 0));
        send(event.stream);
      };
      exchange(client, server, act);
      for (const size of uploads) {
        const stream = client.connection.request(UPLOAD, {}, false);
        rest.set(stream, Buffer.alloc(size));
        send(stream);
      }
      exchange(client, server, act);
      uploads.forEach((size, i) => {
        expect(received.get(`true ${2 * i + 1}`) ?? 0).toBe(size);
      });
      expect([client.connection.streamCount, server.connection.streamCount]).toEqual([0, 0]);
    }),
    { numRuns: 30 },
  );
});
