/** The server's HTTP/2 in memory: the same handlers as over HTTP/1. */
import { expect, it } from 'vitest';
import type { AccessRecord } from '../../../src/http/access-log.js';
import {
  HTTPFactory,
  type HTTPHandler,
  type HTTPRequest,
  type HTTPResponse,
  HTTPStatusError,
} from '../../../src/http/index.js';
import { flushLoggedErrors, ManualClock, MemoryTransport } from '../../../src/testing/index.js';
import { Served } from './served.js';

const DATE = 'Thu, 01 Jan 1970 00:00:00 GMT';

it('answers a request', () => {
  const served = new Served((request, response) => {
    const { version, method, host, path, query, secure } = request;
    response.sendJSON({ version, method, host, path, query, secure, own: request.field('host') });
  });
  const received = served.get('/a?b=c');
  expect(received.status).toBe(200);
  expect(received.fields).toEqual({
    'content-type': 'application/json',
    date: DATE,
    'content-length': String(received.content.length),
  });
  expect(JSON.parse(received.content)).toEqual({
    version: '2.0',
    method: 'GET',
    host: 'a',
    path: '/a',
    query: 'b=c',
    secure: false,
    own: 'a',
  });
  expect(received.end).toBe('end');
  expect(served.factory.connections).toBe(1);
});

it('recognizes the preface in any pieces', () => {
  const served = new Served((_request, response) => response.send('a'), {}, {}, undefined, 1);
  expect(served.get('/').content).toBe('a');
});

it.each(['P', 'PR', 'PRI', 'PRI * HTTP/2.0\r\n\r\nSM\r'])(
  'takes first bytes that only begin like the preface as HTTP/1: %j',
  (first) => {
    const served = new Served((request, response) => response.send(request.method));
    const transport = new MemoryTransport();
    transport.connect(served.factory.buildProtocol());
    transport.receive(first);
    transport.settle();
    expect(transport.text).toBe('');
    transport.receive('OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n');
    transport.settle();
    expect(transport.text).toMatch(first === 'PR' ? /^HTTP\/1.1 200 .*PROPFIND$/s : /^HTTP\/1.1 /);
  },
);

it('refuses the preface if HTTP/2 is switched off', () => {
  const handler: HTTPHandler = (_request, response) => response.send('a');
  const factory = new HTTPFactory(new ManualClock(), handler, { http2: false });
  expect(factory.acceptableProtocols).toEqual(['http/1.1']);
  const transport = new MemoryTransport();
  transport.connect(factory.buildProtocol());
  transport.receive('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  transport.settle();
  expect(transport.text).toMatch(/^HTTP\/1.1 505 /);
});

it('reads content, and opens the window as it is read', async () => {
  const served = new Served(
    async (request, response) => {
      response.send(String((await request.bytes()).length));
    },
    { http2: { streamWindowBytes: 65_535 } },
  );
  const received = served.request('/', [], '');
  let sent = 0;
  const piece = Buffer.alloc(50_000);
  for (let i = 0; i < 10; i++) {
    sent += received.stream.write(piece.subarray(0, received.stream.sendableBytes));
    served.settle();
  }
  received.stream.write(Buffer.alloc(0), true);
  await served.later();
  expect(sent).toBeGreaterThan(300_000);
  expect(received.content).toBe(String(sent));
});

it('keeps content that nobody reads within the window, and delivers it later', async () => {
  let begin: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const served = new Served(
    async (request, response) => {
      await begun;
      const text = await request.text();
      response.send(text.slice(-3));
    },
    { http2: { streamWindowBytes: 65_535 } },
  );
  const received = served.request('/', [], 'x'.repeat(65_535 - 3));
  received.stream.write(Buffer.from('end'));
  served.settle();
  expect(received.stream.sendableBytes).toBe(0);
  begin?.();
  await served.later();
  expect(received.stream.sendableBytes).toBeGreaterThan(30_000);
  received.stream.write(Buffer.alloc(0), true);
  await served.later();
  expect(received.content).toBe('end');
});

it('sends content in pieces with trailers, and waits for the window of the client', async () => {
  const states: boolean[] = [];
  const served = new Served(async (_request, response) => {
    response.setTrailer('Digest', 'abc');
    for (let i = 0; i < 20; i++) {
      const keepsUp = response.write('x'.repeat(32_768));
      states.push(keepsUp);
      if (!keepsUp) await response.drained();
    }
    response.end();
  });
  served.consumes = false;
  const received = served.get('/');
  await served.later();
  expect(received.content.length).toBe(262_144);
  expect(received.end).toBeUndefined();
  expect(states).toContain(false);
  expect(states.length).toBeLessThan(12);
  served.consumes = true;
  received.stream.consume(262_144);
  await served.later();
  expect(received.content.length).toBe(655_360);
  expect(received.trailers).toEqual({ digest: 'abc' });
  expect(received.fields.trailer).toBe('digest');
  expect(received.end).toBe('end');
});

it('serves many streams at once, in the order in which they are answered', () => {
  const waiting: HTTPResponse[] = [];
  const served = new Served((_request, response) => void waiting.push(response));
  const received = Array.from({ length: 100 }, (_, i) => served.request(`/${i}`));
  served.settle();
  expect(waiting).toHaveLength(100);
  for (const response of waiting.reverse()) response.send(response.request.path);
  served.settle();
  expect(received.map(({ content }) => content)).toEqual(received.map((_, i) => `/${i}`));
  const late = served.request('/101');
  served.settle();
  waiting.at(-1)?.request.keep();
  expect(late.end).toBeUndefined();
});

it('refuses more streams than it allows', () => {
  const served = new Served(() => undefined, { http2: { maxConcurrentStreams: 2 } });
  expect(served.peer.connection.availableStreams).toBe(2);
});

it('answers HEAD, 204, 304 and errors without content', () => {
  const served = new Served((request, response) => {
    if (request.path === '/204') response.status = 204;
    if (request.path === '/etag') response.setField('ETag', '"a"');
    if (request.path === '/205') response.status = 205;
    if (request.path === '/throw') throw new HTTPStatusError(418);
    response.send(request.path === '/204' ? '' : 'content');
  });
  const head = served.request('/', [], undefined, { method: 'HEAD' });
  served.settle();
  expect([head.status, head.content, head.end]).toEqual([200, '', 'end']);
  expect(head.fields['content-length']).toBe('7');
  const none = served.get('/204');
  expect([none.status, none.content, none.end]).toEqual([204, '', 'end']);
  expect(none.fields).toEqual({ date: DATE });
  const reset = served.get('/205');
  expect([reset.status, reset.content, reset.fields['content-length']]).toEqual([205, '', '0']);
  const known = served.get('/etag', [['if-none-match', '"a"']]);
  expect([known.status, known.content, known.fields]).toEqual([
    304,
    '',
    { etag: '"a"', date: DATE },
  ]);
  expect(served.get('/throw').status).toBe(418);
});

it('joins cookies of several fields, and keeps the order of others', () => {
  const served = new Served((request, response) => {
    response.sendJSON([request.field('cookie'), request.fields('x'), [...request.rawFields()]]);
  });
  const { content } = served.get('/', [
    ['cookie', 'a=1'],
    ['x', '1'],
    ['cookie', 'b=2'],
    ['x', '2'],
  ]);
  const fields = [
    ['host', 'a'],
    ['cookie', 'a=1'],
    ['x', '1'],
    ['cookie', 'b=2'],
    ['x', '2'],
  ];
  expect(JSON.parse(content)).toEqual(['a=1; b=2', ['1', '2'], fields]);
});

it('passes cookies on in one line, as other protocols require', () => {
  const filter = { mayDrop: () => true, drops: (name: string) => name === 'x' };
  const served = new Served((request, response) => {
    response.send(request.head.linesWithout(filter));
  });
  const cookies = ['a=1', 'b=2', 'c=3'].map((value) => ['cookie', value] as const);
  const { content } = served.get('/', [...cookies, ['x', '1'], ['y', '2']]);
  expect(content).toBe('host: a\r\ncookie: a=1; b=2; c=3\r\ny: 2\r\n');
});

it('sends informational responses, and permission for content', async () => {
  const served = new Served(async (request, response) => {
    response.earlyHints('</a.css>; rel=preload');
    response.send(await request.text());
  });
  const received = served.request('/', [['expect', '100-continue']], '');
  served.settle();
  expect(received.informational).toEqual([103, 100]);
  received.stream.write(Buffer.from('a'), true);
  await served.later();
  expect(received.content).toBe('a');
});

it('limits content, targets and methods', async () => {
  const served = new Served(async (request, response) => response.send(await request.bytes()), {
    maxContentBytes: 10,
    maxTargetBytes: 20,
    maxMethodBytes: 10,
  });
  const received = served.post('/', 'x'.repeat(11), [['content-length', '11']]);
  expect([received.status, received.content]).toEqual([413, '413 Content Too Large\n']);
  const unknown = served.post('/', 'x'.repeat(11));
  await served.later();
  expect(unknown.status).toBe(413);
  expect(served.get(`/${'x'.repeat(20)}`).status).toBe(414);
  const method = served.request('/', [], undefined, { method: 'ABCDEFGHIJKL' });
  served.settle();
  expect(method.status).toBe(501);
  expect(served.post('/', 'x'.repeat(10)).end).toBeUndefined();
  await served.later();
  expect(served.transport.peerSees).toBe('open');
});

it('limits fields', () => {
  const served = new Served((_request, response) => response.send('a'), { maxFields: 5 });
  const fields = Array.from({ length: 6 }, (_, i): [string, string] => [`x-${i}`, 'a']);
  expect(served.get('/', fields).status).toBe(431);
  expect(served.get('/').status).toBe(200);
});

it('drops content that was not read, up to a limit, and then tells the client to stop', () => {
  const served = new Served((_request, response) => response.send('a'), {
    maxDiscardedBytes: 100,
  });
  const short = served.post('/', 'x'.repeat(100));
  expect([short.content, short.end]).toEqual(['a', 'end']);
  const long = served.request('/', [['content-length', '101']], 'x');
  served.settle();
  expect([long.content, long.end, long.stream.isClosed]).toEqual(['a', 0, true]);
  expect(served.get('/').content).toBe('a');
});

it('aborts the signal of a request that the client resets, without a report', () => {
  const requests: HTTPRequest[] = [];
  const served = new Served((request) => void requests.push(request));
  const received = served.request('/');
  served.settle();
  const [request] = requests as [HTTPRequest];
  expect(request.signal.aborted).toBe(false);
  received.stream.reset();
  served.settle();
  expect(request.signal.aborted).toBe(true);
  expect(request.signal.reason).toMatchObject({ code: 'ERR_HTTP2_STREAM_RESET', errorCode: 8 });
  expect(served.reports).toEqual([]);
  expect(served.transport.peerSees).toBe('open');
});

it('resets only the stream of a handler that fails in mid content', () => {
  const served = new Served((request, response) => {
    if (request.path === '/ok') response.send('ok');
    else {
      response.write('a');
      throw new Error('broken');
    }
  });
  const received = served.get('/');
  expect([received.content, received.end]).toEqual(['a', 2]);
  expect(flushLoggedErrors(Error)).toMatchObject([{ error: { message: 'broken' } }]);
  expect(served.get('/ok').content).toBe('ok');
});

it('answers slow content with 408', () => {
  const served = new Served(async (request, response) => response.send(await request.text()));
  const received = served.request('/', [], 'a');
  served.settle();
  served.advance(31_000);
  expect([received.status, received.end]).toEqual([408, 0]);
  expect(served.transport.peerSees).toBe('open');
});

it('closes connections that are idle, or do not complete a frame', () => {
  const served = new Served((_request, response) => response.send('a'));
  served.get('/');
  served.advance(59_000);
  expect(served.transport.peerSees).toBe('open');
  served.advance(3_000);
  expect(served.transport.peerSees).toBe('end');
  expect(served.clock.nextTime).toBeUndefined();
  const slow = new Served((_request, response) => response.send('a'));
  slow.get('/');
  slow.transport.receive(Buffer.from('0000', 'hex'));
  slow.advance(17_000);
  expect(slow.events).toContain('goaway');
  expect(slow.transport.peerSees).toBe('end');
});

it('drains: refuses new requests, answers those in progress, and closes', () => {
  const waiting: HTTPResponse[] = [];
  const served = new Served((_request, response) => void waiting.push(response));
  const received = served.request('/');
  served.settle();
  let isDrained = false;
  served.factory.drain().addCallback(() => {
    isDrained = true;
  });
  served.settle();
  expect(served.events.filter((type) => type === 'goaway')).toHaveLength(2);
  expect(served.peer.connection.availableStreams).toBe(0);
  waiting[0]?.send('late');
  served.settle();
  expect(received.content).toBe('late');
  expect(served.transport.peerSees).toBe('end');
  expect(isDrained).toBe(true);
});

it('closes after maxRequestsPerConnection requests, and after Connection: close', () => {
  const served = new Served((_request, response) => response.send('a'), {
    maxRequestsPerConnection: 2,
  });
  served.get('/');
  expect(served.get('/').content).toBe('a');
  expect(served.transport.peerSees).toBe('end');
  const other = new Served((_request, response) =>
    response.setField('Connection', 'close').send('a'),
  );
  expect(other.get('/').content).toBe('a');
  expect(other.transport.peerSees).toBe('end');
});

it('writes the access log', () => {
  const records: AccessRecord[] = [];
  const served = new Served((_request, response) => response.send('abc'), {
    accessLog: (record) => void records.push(record),
  });
  served.get('/a');
  expect(records).toMatchObject([
    {
      method: 'GET',
      target: '/a',
      version: '2.0',
      status: 200,
      bytes: 3,
      host: 'a',
      aborted: false,
    },
  ]);
});

it('ends with the connection', () => {
  const requests: HTTPRequest[] = [];
  const served = new Served((request) => void requests.push(request));
  served.get('/');
  served.transport.peerResets();
  served.transport.settle();
  expect(requests[0]?.signal.reason).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  expect(served.factory.connections).toBe(0);
  expect(served.clock.nextTime).toBeUndefined();
});

it('answers a client that has finished sending', async () => {
  const responses: HTTPResponse[] = [];
  const served = new Served((_request, response) => void responses.push(response));
  const received = served.get('/');
  served.transport.peerCloses();
  responses[0]?.send('a');
  served.settle();
  expect(received.content).toBe('a');
  expect(served.transport.peerSees).toBe('end');
});

it('offers the priority of a request', () => {
  const served = new Served((request, response) => response.sendJSON(request.priority));
  const { content } = served.get('/', [['priority', 'u=1, i']]);
  expect(JSON.parse(content)).toEqual({ urgency: 1, isIncremental: true });
});
