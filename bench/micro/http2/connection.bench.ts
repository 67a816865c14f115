// HTTP/2 connections without I/O in both roles: time for each request, and memory.
//
//     npx tsx bench/micro/http2/connection.bench.ts [--rounds N] [--quick]

import { FieldBlock } from '../../../src/protocols/http/field-block.js';
import { HTTP2Connection } from '../../../src/protocols/http2/connection.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { bytesOf, expectSame, nsPerOperation } from '../../harness/micro/timing.js';
import { type Fields, MessageBatch, OPENING } from './frames.js';

const REQUEST: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'www.example.org'],
  [':path', '/'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['accept-encoding', 'gzip, deflate, br'],
];
const POST: Fields = [[':method', 'POST'], ...REQUEST.slice(1), ['content-length', '1024']];
const RESPONSE: Fields = [
  [':status', '200'],
  ['content-type', 'text/plain'],
  ['date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ['content-length', '13'],
];
const HELLO = 'Hello, World!';
const BLOCK = new FieldBlock({
  'Content-Type': 'text/plain',
  Date: 'Sun, 06 Nov 1994 08:49:37 GMT',
});
const CONTENT = Buffer.alloc(1024, 'x');
const TARGET = {
  method: 'GET',
  scheme: 'https',
  authority: 'www.example.org',
  path: '/',
  protocol: undefined,
} as const;
const STREAMS = 100;
/** Connections and streams that are open at a time, for their memory. */
const MANY = 10_000;

const SERVER = Object.freeze({ role: 'server' });
const CLIENT = Object.freeze({ role: 'client' });

type Gathering = 'each' | 'gathered';

/** A connection behind its opening, and the number of bytes that it writes. */
function opened(
  options: typeof SERVER | typeof CLIENT,
  gathering: Gathering,
): { connection: HTTP2Connection; output: { bytes: number } } {
  const output = {
    bytes: 0,
    write(data: string | Uint8Array): void {
      output.bytes += data.length;
    },
    ...(gathering === 'gathered' && { framesGathered() {} }),
  };
  const connection = new HTTP2Connection(options, output);
  connection.start();
  connection.receive(Buffer.from(OPENING[options.role]));
  while (connection.next() !== undefined);
  connection.flush();
  output.bytes = 0;
  return { connection, output };
}

/** The server's answer to an event. @returns Whether a request was answered. */
function serve(event: HTTP2Event): boolean {
  if (event.type === 'data') event.stream.consume(event.data.length);
  if (event.type !== 'end') return false;
  event.stream.respond(200, BLOCK, HELLO);
  return true;
}

/** Serves `count` requests in one chunk. */
function serving(gathering: Gathering, batch: MessageBatch): (effort: Effort) => Promise<number> {
  const { connection } = opened(SERVER, gathering);
  const read = (chunk: Buffer): number => {
    let served = 0;
    connection.receive(chunk);
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      if (serve(event)) served += 1;
    }
    connection.flush();
    return served;
  };
  read(batch.first());
  const run = (): number => read(batch.take());
  const { count } = batch;
  return (effort) =>
    nsPerOperation(effort, count, run, (served) => expectSame('requests', served, count));
}

function requesting(
  gathering: Gathering,
  batch: MessageBatch,
): (effort: Effort) => Promise<number> {
  const { connection } = opened(CLIENT, gathering);
  const { count } = batch;
  const exchange = (requests: number, chunk: Buffer): number => {
    let bytes = 0;
    for (let i = 0; i < requests; i++) connection.request(TARGET, { accept: '*/*' });
    connection.flush();
    connection.receive(chunk);
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      if (event.type !== 'data') continue;
      bytes += event.data.length;
      event.stream.consume(event.data.length);
    }
    return bytes;
  };
  exchange(1, batch.first());
  const run = (): number => exchange(count, batch.take());
  const check = (bytes: number): void => expectSame('bytes', bytes, count * HELLO.length);
  return (effort) => nsPerOperation(effort, count, run, check);
}

function servingAll(gathering: Gathering): (effort: Effort) => Promise<Figures> {
  return async (effort) => ({
    'one request': await serving(gathering, new MessageBatch(1, REQUEST))(effort),
    [`${STREAMS} requests at once`]: await serving(
      gathering,
      new MessageBatch(STREAMS, REQUEST),
    )(effort),
    'POST of 1 KiB': await serving(gathering, new MessageBatch(1, POST, CONTENT))(effort),
  });
}

function requestingAll(gathering: Gathering): (effort: Effort) => Promise<Figures> {
  const hello = Buffer.from(HELLO);
  return async (effort) => ({
    'one request': await requesting(gathering, new MessageBatch(1, RESPONSE, hello))(effort),
    [`${STREAMS} requests at once`]: await requesting(
      gathering,
      new MessageBatch(STREAMS, RESPONSE, hello),
    )(effort),
  });
}

/** Memory of connections that have carried one request, and of requests that are not answered. */
function holding(options: typeof SERVER | typeof CLIENT): (effort: Effort) => Figures {
  const isServer = options.role === 'server';
  return (effort) => {
    const count = effort.count(MANY);
    const kept: unknown[] = [];
    const fields = isServer ? REQUEST : RESPONSE;
    const message = new MessageBatch(1, fields, isServer ? undefined : Buffer.from(HELLO)).first();
    const make = (): void => {
      for (let i = 0; i < count; i++) {
        const { connection } = opened(options, 'gathered');
        if (!isServer) connection.request(TARGET, { accept: '*/*' });
        connection.receive(message);
        for (let event = connection.next(); event !== undefined; event = connection.next()) {
          if (isServer) serve(event);
        }
        connection.flush();
        expectSame('streams', connection.streamCount, 0);
        kept.push(connection);
      }
    };
    const { connection } = opened(options, 'gathered');
    const batch = new MessageBatch(STREAMS - 1, POST, undefined, false);
    const open = (): void => {
      if (!isServer) {
        for (let i = 0; i < STREAMS; i++) kept.push(connection.request(TARGET, {}, false));
        return;
      }
      for (const chunk of [batch.first(), batch.take()]) {
        connection.receive(chunk);
        for (let event = connection.next(); event !== undefined; event = connection.next()) {
          if (event.type === 'request') kept.push(event);
        }
      }
      expectSame('streams', connection.streamCount, STREAMS);
    };
    return {
      'idle connection, bytes': bytesOf(count, make),
      'open stream, bytes': bytesOf(STREAMS, open),
    };
  };
}

export const bench: MicroBench = {
  title: 'HTTP/2 without I/O',
  workload:
    'A server reads requests of seven fields and answers each with 13 bytes, Date and Content-Type; a client sends requests and reads such answers. ' +
    'All blocks but the first consist of indexes, as those of browsers and load generators do. Frames are passed on one by one, or gathered for each ' +
    'batch. Memory: connections after one request, and streams whose content has not arrived.',
  unit: 'ns per request, less is better',
  cases: [
    {
      name: 'serve',
      reference: 'each frame written',
      contenders: {
        'each frame written': servingAll('each'),
        'frames gathered': servingAll('gathered'),
      },
    },
    {
      name: 'request',
      reference: 'each frame written',
      contenders: {
        'each frame written': requestingAll('each'),
        'frames gathered': requestingAll('gathered'),
      },
    },
    {
      name: 'memory',
      reference: 'server',
      contenders: { server: holding(SERVER), client: holding(CLIENT) },
    },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);
