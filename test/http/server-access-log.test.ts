/** The option `accessLog`: one record for each response. */
import { describe, expect, it } from 'vitest';
import {
  type AccessRecord,
  combinedLogLine,
  type HTTPHandler,
  type HTTPServerOptions,
  HTTPStatusError,
  jsonLogLine,
} from '../../src/http/index.js';
import { Protocol } from '../../src/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { get, post, Served, until } from './served.js';

class Logged extends Served {
  readonly records: AccessRecord[];

  constructor(handler: HTTPHandler, options: HTTPServerOptions = {}) {
    const records: AccessRecord[] = [];
    super(handler, { accessLog: (record) => records.push(record), ...options });
    this.records = records;
  }

  /** The records since the last call, without the fields that all have in common. */
  take(): Partial<AccessRecord>[] {
    return this.records.splice(0).map(({ remoteAddress, timeMs, host, version, ...rest }) => {
      expect([typeof remoteAddress, timeMs]).toEqual(['string', 0]);
      return Object.fromEntries(
        Object.entries(rest).filter(([, value]) => value !== undefined && value !== false),
      );
    });
  }
}

const hello: HTTPHandler = (_request, response) => response.send('hello');

describe('the access log', () => {
  it('has a record of each response', () => {
    const server = new Logged(hello);
    const fields = ['Referer: http://b/', 'User-Agent: rope/1'];
    server.receive(get('/a?b', ...fields) + get('/2').replace('GET', 'HEAD'));
    const [first] = server.records;
    expect(first).toMatchObject({ host: 'a', version: '1.1' });
    expect(server.take()).toEqual([
      {
        method: 'GET',
        target: '/a?b',
        status: 200,
        bytes: 5,
        referer: 'http://b/',
        userAgent: 'rope/1',
        durationMs: 0,
      },
      { method: 'HEAD', target: '/2', status: 200, bytes: 0, durationMs: 0 },
    ]);
  });

  it('measures by the clock until the response is written, and counts content alone', async () => {
    const server = new Logged(async (request, response) => {
      response.write('abc');
      await request.bytes();
      response.end('defg');
    });
    server.receive(post('x').slice(0, -1));
    expect(server.take()).toEqual([]);
    server.advance(2_000);
    server.transport.receive('x');
    await server.later();
    expect(server.take()).toEqual([
      { method: 'POST', target: '/', status: 200, bytes: 7, durationMs: 2_000 },
    ]);
  });

  it('has the status of an error, and of 304', async () => {
    using logged = captureLoggedErrors();
    const server = new Logged(({ path }, response) => {
      if (path === '/404') throw new HTTPStatusError(404);
      if (path === '/500') throw new Error('secret');
      response.setField('ETag', '"a"').send('hello');
    });
    server.receive(get('/404') + get('/500') + get('/', 'If-None-Match: "a"'));
    expect(server.take().map(({ status, bytes }) => [status, bytes])).toEqual([
      [404, 14],
      [500, 26],
      [304, 0],
    ]);
    expect(logged.flush(Error)).toHaveLength(1);
  });

  it('has refused requests: without a target if they could not be read', async () => {
    const server = new Logged(async (request) => request.bytes(), { maxContentBytes: 4 });
    server.receive('nonsense\r\n\r\n');
    server.connect();
    server.receive(post('hello'));
    server.connect();
    server.receive('GET / HTTP/1.1\r\n');
    server.advance(16_000);
    expect(server.take()).toEqual([
      { status: 400, bytes: 16 },
      { method: 'POST', target: '/', status: 413, bytes: 22, durationMs: 0 },
      { status: 408, bytes: 20 },
    ]);
  });

  it('has responses that were cut off, once, with the status if it was sent', () => {
    const server = new Logged(({ path }, response) => {
      if (path === '/begun') response.write('abc');
    });
    server.receive(get('/begun'));
    server.transport.peerResets();
    server.connect();
    server.receive(get('/waiting'));
    server.advance(1_000);
    server.transport.peerResets();
    expect(server.take()).toEqual([
      { method: 'GET', target: '/begun', status: 200, bytes: 3, aborted: true, durationMs: 0 },
      { method: 'GET', target: '/waiting', bytes: 0, aborted: true, durationMs: 1_000 },
    ]);
  });

  it('has no record of a connection without a request', () => {
    const server = new Logged(hello);
    server.transport.peerCloses();
    server.connect();
    server.advance(16_000);
    expect(server.take()).toEqual([]);
  });

  it('has upgrades', () => {
    const server = new Logged((request) => request.upgrade(new Protocol()));
    server.receive(get('/', 'Connection: Upgrade', 'Upgrade: rope'));
    server.transport.peerResets();
    expect(server.take()).toEqual([
      { method: 'GET', target: '/', status: 101, bytes: 0, durationMs: 0 },
    ]);
  });

  it('counts compressed bytes', async () => {
    const server = new Logged(
      (_request, response) =>
        response.setField('Content-Type', 'text/plain').send('a'.repeat(10_000)),
      { compression: true },
    );
    server.receive(get('/', 'Accept-Encoding: gzip'));
    await until(() => server.records.length > 0, 'the record');
    expect(server.records[0]?.bytes).toBeLessThan(200);
    expect(server.records[0]?.bytes).toBeGreaterThan(0);
  });

  it('reports errors of the function, which change no response', () => {
    using logged = captureLoggedErrors();
    const accessLog = (): never => {
      throw new Error('the disk is full');
    };
    const server = new Logged(hello, { accessLog });
    expect(server.receive(get('/') + get('/')).match(/hello/g)).toHaveLength(2);
    expect(logged.flush(Error)).toHaveLength(2);
  });

  it('cannot be forged by requests', () => {
    const server = new Logged(hello);
    server.receive(get('/"x', 'User-Agent: a" 200\\'));
    const [record] = server.records;
    if (record === undefined) throw new Error('no record');
    expect(combinedLogLine(record)).toContain('"GET /\\"x HTTP/1.1" 200 5 "-" "a\\" 200\\\\"');
    expect(JSON.parse(jsonLogLine(record))).toMatchObject({ target: '/"x', status: 200 });
  });
});
