/** Both roles against those of `node:http2`, without a network. */
import * as http2 from 'node:http2';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { Peer } from './peers.js';

type Act = (event: HTTP2Event, peer: Peer) => void;

/** The transport of a session of Node's, whose other end is ours. */
function linkTo(
  options: HTTP2Options,
  act: Act,
): { peer: Peer; socket: Duplex; pump(): void; end(): void } {
  const peer = new Peer(options);
  const { connection } = peer;
  let isEnded = false;
  const pump = (): void => {
    const bytes = peer.take();
    if (bytes.length > 0 && !isEnded) socket.push(bytes);
  };
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      // Lent bytes: they are overwritten afterwards.
      const lent = Buffer.from(chunk);
      connection.receive(lent);
      for (let event = connection.next(); event; event = connection.next()) act(event, peer);
      lent.fill(0xdb);
      // Not within the call: the session is not re-entrant.
      setImmediate(pump);
      done();
    },
  });
  socket.on('error', () => {});
  setImmediate(pump);
  const end = (): void => {
    pump();
    isEnded = true;
    socket.push(null);
  };
  return { peer, socket, pump, end };
}

/** Sends content as far as the window permits, and the rest when the stream is writable. */
class Sender {
  private readonly rest = new Map<HTTP2Stream, Buffer>();

  send(stream: HTTP2Stream, content: Buffer): void {
    this.rest.set(stream, content);
    this.resume(stream);
  }

  resume(stream: HTTP2Stream): void {
    const content = this.rest.get(stream);
    if (content !== undefined) this.rest.set(stream, content.subarray(stream.write(content, true)));
  }
}

const LONG = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 0xff));

/** A server that answers with what it receives, `POST /echo`, or with its head. */
function echo(): Act {
  const sender = new Sender();
  const received = new Map<HTTP2Stream, Buffer[]>();
  const answer = (stream: HTTP2Stream): void => {
    stream.sendInformational(103, { Link: '</a>' });
    stream.sendHead(200, { 'Content-Type': 'application/octet-stream', 'X-Count': ['1', '2'] });
    sender.send(stream, Buffer.concat(received.get(stream) ?? []));
  };
  return (event) => {
    if (event.type === 'request') {
      received.set(event.stream, []);
      event.stream.context = event.head;
    }
    if (event.type === 'data') {
      received.get(event.stream)?.push(Buffer.from(event.data));
      event.stream.consume(event.data.length);
    }
    if (event.type === 'end') answer(event.stream);
    if (event.type === 'writable') sender.resume(event.stream);
  };
}

function connectTo(socket: Duplex, settings: http2.Settings = {}): http2.ClientHttp2Session {
  return http2.connect('http://a', { createConnection: () => socket, settings });
}

interface Answer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly content: Buffer;
  readonly early: number;
  readonly trailers: http2.IncomingHttpHeaders;
}

function ask(
  session: http2.ClientHttp2Session,
  fields: http2.OutgoingHttpHeaders,
  content?: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(fields, { endStream: content === undefined });
    const chunks: Buffer[] = [];
    let headers: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    let early = 0;
    stream.on('headers', () => {
      early += 1;
    });
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ headers, content: Buffer.concat(chunks), early, trailers }));
    if (content !== undefined) stream.end(content);
  });
}

describe('a server', () => {
  it('serves the client of Node: 50 streams with content beyond all windows', async () => {
    const { socket, peer } = linkTo(
      { role: 'server', streamWindowBytes: 65_535, connectionWindowBytes: 100_000 },
      echo(),
    );
    const session = connectTo(socket);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ask(session, { ':method': 'POST', ':path': `/${i}` }, LONG.subarray(0, i * 5000)),
      ),
    );
    answers.forEach(({ headers, content, early }, i) => {
      expect(headers[':status']).toBe(200);
      expect(headers['x-count']).toBe('1, 2');
      expect(content.equals(LONG.subarray(0, i * 5000))).toBe(true);
      expect(early).toBe(1);
    });
    expect(peer.connection.streamCount).toBe(0);
    session.destroy();
  });

  it('sends content within tiny windows and frames of the client of Node', async () => {
    const { socket } = linkTo({ role: 'server', maxTinyFrames: 100_000 }, echo());
    const session = connectTo(socket, { initialWindowSize: 1000, headerTableSize: 100 });
    const { content } = await ask(session, { ':method': 'POST' }, LONG.subarray(0, 50_000));
    expect(content.equals(LONG.subarray(0, 50_000))).toBe(true);
    session.destroy();
  });

  it('sends trailers, answers HEAD, and drains after GOAWAY', async () => {
    const seen: string[] = [];
    const { socket, peer, pump, end } = linkTo({ role: 'server' }, (event) => {
      if (event.type === 'drained' || event.type === 'goaway') seen.push(event.type);
      if (event.type === 'drained') setImmediate(end);
      if (event.type !== 'request') return;
      if (event.head.method === 'HEAD') {
        event.stream.respond(200, {}, 'not sent');
        return;
      }
      event.stream.sendHead(200, { Trailer: 'X-Sum' });
      event.stream.write(Buffer.from('a'));
      event.stream.sendTrailers({ 'X-Sum': '1' });
    });
    const session = connectTo(socket);
    const [got, head] = await Promise.all([
      ask(session, { ':path': '/' }),
      ask(session, { ':method': 'HEAD' }),
    ]);
    expect([got.content.toString(), got.trailers['x-sum']]).toEqual(['a', '1']);
    expect([head.content.length, head.headers['content-length']]).toEqual([0, '8']);
    const closed = new Promise((resolve) => session.on('close', resolve));
    peer.connection.goAway();
    pump();
    await closed;
    expect(seen).toContain('drained');
  });
});

function serve(
  handler: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
) {
  const server = http2.createServer({ settings: { enableConnectProtocol: true } });
  server.on('stream', handler);
  return (options: Omit<HTTP2Options, 'role'>, act: Act): ReturnType<typeof linkTo> => {
    const link = linkTo({ role: 'client', ...options }, act);
    server.emit('connection', link.socket);
    return link;
  };
}

const TARGET = { method: 'POST', scheme: 'http', authority: 'a', path: '/p', protocol: undefined };

/** Resolves when all streams have ended; their content, by id. */
function collect(count: number): { act: Act; done: Promise<Map<number, Buffer>> } {
  const content = new Map<number, Buffer>();
  let act: Act = () => {};
  const done = new Promise<Map<number, Buffer>>((resolve, reject) => {
    act = (event) => {
      if (event.type === 'data') {
        const { stream, data } = event;
        content.set(stream.id, Buffer.concat([content.get(stream.id) ?? Buffer.alloc(0), data]));
        stream.consume(data.length);
      }
      if (event.type === 'reset') reject(event.error ?? new Error(`reset ${event.errorCode}`));
      if (event.type === 'end' && --count === 0) resolve(content);
    };
  });
  return { act: (event, peer) => act(event, peer), done };
}

describe('a client', () => {
  it('asks the server of Node: 30 streams with content beyond all windows', async () => {
    const connect = serve((stream, headers) => {
      stream.additionalHeaders({ ':status': 103 });
      stream.respond({ ':status': 200, 'x-path': headers[':path'] as string });
      stream.pipe(stream);
    });
    const sender = new Sender();
    const { act, done } = collect(30);
    const { peer, pump } = connect({}, (event, own) => {
      if (event.type === 'writable') sender.resume(event.stream);
      else act(event, own);
    });
    for (let i = 0; i < 30; i++) {
      const stream = peer.connection.request({ ...TARGET, path: `/${i}` }, { A: 'b' }, false);
      sender.send(stream, LONG.subarray(0, i * 9000));
    }
    pump();
    const content = await done;
    for (let i = 1; i < 30; i++) {
      expect(content.get(2 * i + 1)?.equals(LONG.subarray(0, i * 9000))).toBe(true);
    }
    expect(peer.connection.streamCount).toBe(0);
  });

  it('reads trailers, opens a tunnel by extended CONNECT, and is told of a reset', async () => {
    const connect = serve((stream, headers) => {
      stream.on('error', () => {});
      if (headers[':protocol'] !== undefined) {
        stream.respond({ ':status': 200 });
        stream.pipe(stream);
      } else if (headers[':path'] === '/reset') {
        stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      } else {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }));
        stream.end('a');
      }
    });
    const seen: string[] = [];
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { peer, pump } = connect({}, (event) => {
      if (event.type === 'settings' && peer.connection.peerSettings.enablesConnectProtocol) {
        const chat = { ...TARGET, method: 'CONNECT', path: '/chat', protocol: 'websocket' };
        peer.connection.request(chat, {}, false).write(Buffer.from('hello'), true);
        peer.connection.request({ ...TARGET, path: '/reset' });
        peer.connection.request({ ...TARGET, method: 'GET' });
      }
      if (!('stream' in event) || event.stream === undefined) return;
      const { id } = event.stream;
      if (event.type === 'data') seen.push(`${id} ${event.data.toString()}`);
      if (event.type === 'trailers') seen.push(`${id} ${event.fields.field('X-Sum')}`);
      if (event.type === 'reset') seen.push(`${id} reset ${event.errorCode}`);
      if (event.type === 'end') seen.push(`${id} end`);
      if (peer.connection.streamCount === 0) finish();
    });
    pump();
    await finished;
    expect(seen.sort()).toEqual(['1 end', '1 hello', '3 reset 2', '5 1', '5 a', '5 end']);
  });
});
