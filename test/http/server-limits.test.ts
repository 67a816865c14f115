/** Each limit of the server that docs/howto/http.md lists is crossed, and has the documented effect. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HTTPHandler, HTTPServerOptions } from '../../src/http/index.js';
import { get, post, refusal, Served } from './served.js';

interface Crossing {
  /** By default the defaults. */
  readonly options?: HTTPServerOptions;
  readonly handler?: HTTPHandler;
  readonly capacity?: number;
  readonly receive: string;
  readonly advanceMs?: number;
  /** The beginning of the answer, or all of it if the connection has ended. */
  readonly sent: string | RegExp;
  readonly peerSees: 'open' | 'end' | 'reset';
}

const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const TOO_LARGE = refusal('431 Request Header Fields Too Large');
const collect: HTTPHandler = (request, response) =>
  request.bytes().addCallback((bytes) => response.send(bytes));
const late: HTTPHandler = () => {};

const CROSSINGS: Readonly<Record<string, Crossing>> = {
  maxHeadBytes: { receive: get('/', `A: ${'x'.repeat(16_384)}`), sent: TOO_LARGE, peerSees: 'end' },
  maxFields: { receive: get('/', ...Array(100).fill('A: b')), sent: TOO_LARGE, peerSees: 'end' },
  maxTargetBytes: {
    receive: get(`/${'x'.repeat(8_192)}`),
    sent: refusal('414 URI Too Long'),
    peerSees: 'end',
  },
  maxMethodBytes: {
    receive: get('/').replace('GET', 'G'.repeat(33)),
    sent: refusal('501 Not Implemented'),
    peerSees: 'end',
  },
  maxContentBytes: {
    receive: post('x'.repeat(1_048_577)),
    sent: refusal('413 Content Too Large'),
    peerSees: 'end',
  },
  maxTrailerBytes: {
    receive: `${chunked}0\r\nA: ${'x'.repeat(8_192)}\r\n\r\n`,
    sent: TOO_LARGE,
    peerSees: 'end',
  },
  maxChunkExtensionBytes: {
    receive: `${chunked}1;${'a'.repeat(4_096)}\r\nx\r\n0\r\n\r\n`,
    sent: refusal('400 Bad Request'),
    peerSees: 'end',
  },
  headTimeoutMs: {
    receive: 'GET / HTTP',
    advanceMs: 17_000,
    sent: refusal('408 Request Timeout'),
    peerSees: 'end',
  },
  contentTimeoutMs: {
    receive: post('x'.repeat(2_000)).slice(0, -1_000),
    advanceMs: 32_000,
    sent: refusal('408 Request Timeout'),
    peerSees: 'end',
  },
  minContentBytes: {
    options: { minContentBytes: 1_001 },
    receive: post('x'.repeat(2_000)).slice(0, -1_000),
    advanceMs: 32_000,
    sent: refusal('408 Request Timeout'),
    peerSees: 'end',
  },
  idleTimeoutMs: { receive: get('/'), advanceMs: 62_000, sent: /^HTTP\/1.1 200 /, peerSees: 'end' },
  writeTimeoutMs: {
    handler: (_request, response) => response.send(Buffer.alloc(200_000)),
    capacity: 1_000,
    receive: get('/'),
    advanceMs: 64_000,
    sent: /^HTTP\/1.1 200 /,
    peerSees: 'reset',
  },
  maxRequestsPerConnection: {
    options: { maxRequestsPerConnection: 2 },
    receive: get('/').repeat(3),
    sent: /^(HTTP\/1.1 200 OK\r\nContent-Length: 0\r\n(Connection: close\r\n)?\r\n){2}$/,
    peerSees: 'end',
  },
  maxPipelinedBytes: {
    handler: late,
    receive: get('/').repeat(3_000),
    sent: '',
    peerSees: 'open',
  },
  maxDiscardedBytes: {
    handler: (_request, response) => response.send(),
    receive: `${chunked}10001\r\n${'x'.repeat(65_537)}\r\n0\r\n\r\n`,
    sent: /^HTTP\/1.1 200 /,
    peerSees: 'end',
  },
  drainDeadlineMs: {
    handler: (_request, response) => void response.write('begun'),
    receive: get('/'),
    advanceMs: 31_000,
    sent: /^HTTP\/1.1 200 /,
    peerSees: 'reset',
  },
};

describe('beyond', () => {
  it.each(Object.entries(CROSSINGS))('%s a client gets its answer', (name, crossing) => {
    const { options, handler = collect, capacity, advanceMs = 0 } = crossing;
    const served = new Served(handler, options, capacity);
    served.transport.receive(crossing.receive);
    if (name === 'drainDeadlineMs') void served.factory.drain();
    const text = served.sent() + (advanceMs > 0 ? served.advance(advanceMs) : '');
    if (typeof crossing.sent === 'string') expect(text).toBe(crossing.sent);
    else expect(text).toMatch(crossing.sent);
    expect(served.transport.peerSees).toBe(crossing.peerSees);
    expect(served.transport.paused).toBe(name === 'maxPipelinedBytes');
  });

  it('has every limit of the documentation', () => {
    const page = readFileSync(new URL('../../docs/howto/http.md', import.meta.url), 'utf8');
    const [section = ''] = page.slice(page.indexOf('\n## Limits')).split('\n## Stopping', 1);
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    const names = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)]);
    expect(names.map(([, name]) => name).sort()).toEqual(Object.keys(CROSSINGS).sort());
  });
});
