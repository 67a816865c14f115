// Parses typical HTTP requests, alone and 16 at once, and serializes a small response, against Node's parser.
//
//     npx tsx bench/micro/http/http.bench.ts [--rounds N] [--quick]

import { FieldBlock } from '../../../src/protocols/http/field-block.js';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import {
  type AnsweredRequest,
  ResponseSerializer,
} from '../../../src/protocols/http/response-serializer.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';
import { nodeParser } from './node-parser.js';

/** The requests of load generators, and of browsers. */
const REQUESTS: Readonly<Record<string, string>> = {
  '5 fields, 149 B':
    'GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk/4.2.0\r\nAccept: text/html,*/*;q=0.8\r\n' +
    'Accept-Language: en-US\r\nConnection: keep-alive\r\n\r\n',
  '8 fields, 386 B':
    'GET /articles/2026/11?page=2 HTTP/1.1\r\nHost: www.example.org\r\n' +
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n' +
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n' +
    'Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef01234567\r\n' +
    'Upgrade-Insecure-Requests: 1\r\n\r\n',
};
const PIPELINED = 16;
const BATCH = 1000;
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const HELLO = 'Hello, World!';

type ParseAll = (chunk: Buffer, times: number) => number;

/** Like a server: the method and target are read, no field is. */
const ropewalk: ParseAll = (chunk, times) => {
  const parser = new RequestParser();
  let read = 0;
  for (let i = 0; i < times; i++) {
    parser.receive(chunk);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'head' && parser.head.method === 'GET' && parser.head.target !== '') read += 1;
    }
  }
  return read;
};

function parsing(parseAll: ParseAll): (effort: Effort) => Promise<Figures> {
  return async (effort) => {
    const figures: Record<string, number> = {};
    for (const [name, request] of Object.entries(REQUESTS)) {
      for (const count of [1, PIPELINED]) {
        const chunk = Buffer.from(request.repeat(count));
        const times = BATCH / count;
        const requests = Math.ceil(times) * count;
        figures[count === 1 ? name : `${name}, ${count} at once`] = await nsPerOperation(
          effort,
          requests,
          () => parseAll(chunk, times),
          (read) => expectSame('requests', read, requests),
        );
      }
    }
    return figures;
  };
}

const REQUEST: AnsweredRequest = { method: 'GET', version: '1.1', keepsAlive: true };
const BLOCK = new FieldBlock({ 'Content-Type': 'text/plain' });

type Respond = (serializer: ResponseSerializer) => void;

function serializing(respond: Respond): (effort: Effort) => Promise<Figures> {
  return async (effort) => {
    let bytes = 0;
    const output = {
      write(data: string | Uint8Array): void {
        bytes += data.length;
      },
    };
    const serializer = new ResponseSerializer(output);
    const batch = (): number => {
      bytes = 0;
      for (let i = 0; i < BATCH; i++) {
        serializer.begin(REQUEST);
        respond(serializer);
      }
      return bytes / BATCH;
    };
    const length = 115;
    const check = (each: number): void => expectSame('bytes', each, length);
    return { '': await nsPerOperation(effort, BATCH, batch, check) };
  };
}

export const bench: MicroBench = {
  title: 'HTTP/1.1 without I/O',
  workload:
    'Whole requests in one chunk, their method and target read. `llhttp` is the parser of `node:http`, with its calls into ' +
    'JavaScript; it makes strings of all fields. Serializing: a response of 13 bytes with Date and Content-Type.',
  unit: 'ns per message, less is better',
  cases: [
    {
      name: 'parse',
      reference: 'llhttp',
      contenders: { llhttp: parsing(nodeParser), RequestParser: parsing(ropewalk) },
    },
    {
      name: 'serialize a hello',
      reference: 'fields as an object',
      contenders: {
        'fields as an object': serializing((serializer) => {
          serializer.respond(200, { 'Content-Type': 'text/plain' }, HELLO, DATE);
        }),
        'fields as a block': serializing((serializer) => {
          serializer.respond(200, BLOCK, HELLO, DATE);
        }),
      },
    },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);
