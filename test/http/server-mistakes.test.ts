/** Mistakes in handlers and arguments: each is reported with its request, and neither the client nor the process has to wait. */
import { describe, expect, it } from 'vitest';
import {
  type HTTPResponse,
  HTTPSequenceError,
  serveFetch,
  serveHttp,
} from '../../src/http/index.js';
import { TCPServerEndpoint } from '../../src/index.js';
import { flushLoggedErrors, ManualClock, MemoryReactor } from '../../src/testing/index.js';
import { answer, get, post, Served } from './served.js';

const FAILED = answer(
  '500 Internal Server Error',
  '500 Internal Server Error\n',
  'Content-Type: text/plain; charset=utf-8',
);

function reported(): string[] {
  return flushLoggedErrors().map(({ error, where, about }) => {
    return `${where}, ${about}: ${(error as Error).message}`;
  });
}

describe('a handler that does not answer', () => {
  it('is answered with 500 when its promise is fulfilled, and later calls do nothing', async () => {
    let later: (() => void) | undefined;
    const served = new Served(async (_request, response) => {
      later = () => {
        response.status = 201;
        response.setField('A', 'b').send('late');
        response.write('later');
        response.end();
      };
    });
    served.receive(get('/forgotten?secret'));
    expect(await served.later()).toBe(FAILED);
    expect(reported()).toEqual([
      'HTTP handler, GET /forgotten: the promise of the handler was fulfilled, but the response has not begun: await the call that answers, or answer before',
    ]);
    later?.();
    expect(served.sent()).toBe('');
    served.receive(get('/next'));
    expect(await served.later()).toBe(FAILED);
    expect(flushLoggedErrors(HTTPSequenceError)).toHaveLength(1);
  });

  it.each([
    ['hello', '"hello": answer with response.send'],
    [new Response(''), 'an object (Response): serveFetch serves handlers that return a Response'],
  ])('may have returned the answer: %s', async (result, shown) => {
    for (const handler of [() => result, async () => result]) {
      const served = new Served(handler);
      served.transport.receive(get('/'));
      expect(await served.later()).toBe(FAILED);
      expect(reported()).toEqual([
        `HTTP handler, GET /: the result of the handler must be undefined, not ${shown}`,
      ]);
    }
  });

  it('may answer later if it returns no promise', async () => {
    const waiting: (() => void)[] = [];
    const served = new Served((_request, response) => waiting.push(() => response.send('late')));
    served.receive(get('/'));
    expect(await served.later()).toBe('');
    waiting[0]?.();
    expect(served.sent()).toBe(answer('200 OK', 'late'));
  });

  it('may have begun an answer that goes on', async () => {
    let end = (): void => {};
    const served = new Served(async (_request, response) => {
      response.setField('Content-Length', 2).write('a');
      end = () => response.end('b');
    });
    served.receive(get('/'));
    await served.later();
    end();
    expect(served.sent()).toBe('b');
  });
});

describe('a handler that has thrown', () => {
  it('may go on elsewhere, and cannot answer any more', async () => {
    const results: unknown[] = [];
    const served = new Served((request, response) => {
      void (async () => {
        await Promise.resolve();
        results.push(response.ended, response.write('a'));
        results.push(
          await response.drained().addErrback(String),
          await request.text().addErrback(String),
        );
        await response.sendFrom(['a']);
      })();
      throw new Error('of the handler');
    });
    served.transport.receive(post('abc'));
    expect(await served.later()).toBe(FAILED);
    expect(results).toEqual([
      true,
      false,
      'Failure: Error: of the handler',
      'Failure: Error: of the handler',
    ]);
    expect(reported()).toEqual(['HTTP handler, POST /: of the handler']);
  });
});

describe('calls out of order', () => {
  it.each([
    [
      'send twice',
      'the head of the response was sent: set its status and fields before, and answer each request once',
    ],
    [
      'write after end',
      'the response is complete: write before it ends, and answer each request once',
    ],
  ])('%s', (mistake, message) => {
    const served = new Served((_request, response) => {
      response.end('a');
      if (mistake === 'send twice') response.send('b');
      else response.write('b');
    });
    expect(served.receive(get('/'))).toBe(answer('200 OK', 'a'));
    expect(reported()).toEqual([`HTTP handler, GET /: ${message}`]);
  });
});

it('reports a long path in part', () => {
  const served = new Served(() => {
    throw new Error('x');
  });
  served.receive(get(`/${'p'.repeat(5_000)}`));
  expect(reported()).toEqual([`HTTP handler, GET /${'p'.repeat(199)}...: x`]);
});

describe('arguments of serveHttp', () => {
  const reactor = new MemoryReactor();
  const endpoint = new TCPServerEndpoint(reactor, 0);
  const handler = (): void => {};

  it.each([
    [
      () => serveHttp(reactor, 8080 as never, handler),
      "endpoint must be a server endpoint (such as serverFromString(reactor, 'tcp:8080')), not 8080",
    ],
    [
      () => serveHttp(reactor, 'tcp:8080' as never, handler),
      'endpoint must be a server endpoint (serverFromString makes one of a string), not "tcp:8080"',
    ],
    [
      () => serveFetch(reactor, undefined as never, () => new Response()),
      'endpoint must be a server endpoint, not undefined',
    ],
    [
      () => serveHttp(endpoint as never, handler as never, {} as never),
      'reactor must be a reactor, not an object (TCPServerEndpoint)',
    ],
    [
      () => serveHttp(new ManualClock() as never, endpoint, handler),
      'reactor must be a reactor, not an object (ManualClock)',
    ],
    [
      () => serveHttp(reactor, endpoint, handler, { keepAliveTimeout: 5 } as never),
      "the HTTP server has no option 'keepAliveTimeout'. HTTP servers and clients have the option idleTimeoutMs. Its options: ",
    ],
  ])('%s', (mistake, message) => {
    expect(mistake).toThrow(message);
  });
});

it.each<[string, string, (response: HTTPResponse) => unknown]>([
  [
    'an array of hints',
    'each link must be a string such as "</style.css>; rel=preload", as an argument of its own, not an array',
    (response) => response.earlyHints(['</a>'] as never),
  ],
  [
    'the hints of node:http',
    'each link must be a string such as "</style.css>; rel=preload", as an argument of its own, not an object (Object)',
    (response) => response.earlyHints({ link: '</a>' } as never),
  ],
  [
    'an array in an array of values',
    'each value must be a string, not an array',
    (response) => response.setField('A', [['b']] as never),
  ],
  [
    'the field Trailer',
    'the field trailer of an HTTP message is set by the server: call setTrailer before write',
    (response) => response.setField('Trailer', 'Sum'),
  ],
])('%s is reported', async (_name, message, respond) => {
  const served = new Served((_request, response) => void respond(response));
  served.receive(get('/'));
  expect(reported()).toEqual([`HTTP handler, GET /: ${message}`]);
});
