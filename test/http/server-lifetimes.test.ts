/** Requests and responses that are used too late, twice, after the end of the connection, or not at all. */
import { describe, expect, it } from 'vitest';
import {
  HTTPFactory,
  type HTTPHandler,
  type HTTPRequest,
  type HTTPResponse,
  HTTPSequenceError,
  type HTTPServerOptions,
} from '../../src/http/index.js';
import {
  type ConnectionClosed,
  ConnectionDone,
  type Deferred,
  LimitTotalConnectionsFactory,
} from '../../src/index.js';
import { ManualClock, MemoryTransport } from '../../src/testing/index.js';
import { answer, CLOSE, get, post, Served } from './served.js';

/** A server whose handler only keeps its arguments. */
class Kept extends Served {
  readonly #requests: HTTPRequest[];
  readonly #responses: HTTPResponse[];

  constructor(options: HTTPServerOptions = {}, capacity?: number) {
    const requests: HTTPRequest[] = [];
    const responses: HTTPResponse[] = [];
    super(
      (request, response) => {
        requests.push(request.keep());
        responses.push(response);
      },
      options,
      capacity,
    );
    this.#requests = requests;
    this.#responses = responses;
  }

  request(index = 0): HTTPRequest {
    return present(this.#requests[index]);
  }

  response(index = 0): HTTPResponse {
    return present(this.#responses[index]);
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing was received');
  return value;
}

async function piecesOf(request: HTTPRequest): Promise<number> {
  let pieces = 0;
  for await (const _piece of request) pieces++;
  return pieces;
}

async function outcomeOf(deferred: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await deferred;
  } catch (error) {
    return error;
  }
}

describe('a request kept after its answer', () => {
  it('cannot change the limit of the next request', () => {
    const served = new Kept();
    served.receive(get('/'));
    served.response().send();
    served.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n');
    const [first, second] = [served.request(0), served.request(1)];
    const before = second.maxContentBytes;
    first.maxContentBytes = 1;
    expect(first.maxContentBytes).toBe(0);
    expect(second.maxContentBytes).toBe(before);
    void second.bytes().addCallback((bytes) => served.response(1).send(bytes));
    expect(served.receive('hello').endsWith('hello')).toBe(true);
  });

  it.each([
    ['nothing of it has arrived', ''],
    ['part of it has been dropped', 'ab'],
    ['all of it has been dropped', 'abcd'],
  ])('has no content that was not read before: %s', (_name, content) => {
    const served = new Kept();
    served.receive(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n`);
    served.response().send();
    served.receive(content);
    expect(served.response().ended).toBe(true);
    expect(() => served.request().text()).toThrow(HTTPSequenceError);
    expect(served.transport.peerSees).toBe('open');
  });

  it('has empty content if it has none', async () => {
    const served = new Kept();
    served.receive(get('/', 'Connection: close', 'Expect: 100-continue'));
    served.response().send();
    expect(await served.request().text()).toBe('');
    served.sent();
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('reading a request without content', () => {
  it.each([
    ['bytes', async (request: HTTPRequest) => (await request.bytes()).length],
    ['an iteration', piecesOf],
  ])('by %s lets the next one follow', async (_name, read) => {
    const served = new Served(async (request, response) => {
      response.send(String(await read(request)));
    });
    served.receive(get('/') + get('/', 'Connection: close'));
    expect((await served.later()).split('\r\n\r\n0')).toHaveLength(3);
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('content that is still read when the answer is complete', () => {
  const received: string[] = [];
  const early: HTTPHandler = async (request, response) => {
    const pieces = request[Symbol.asyncIterator]();
    response.send('early');
    for await (const piece of pieces) received.push(String(piece));
    received.push('end');
  };

  it.each([[''], ['Connection: close\r\n']])('arrives: %j', async (field) => {
    received.length = 0;
    const served = new Served(early);
    served.receive(`POST / HTTP/1.1\r\nHost: a\r\n${field}Content-Length: 4\r\n\r\nab`);
    await served.later();
    served.receive('cd');
    await served.later();
    expect(received.join('')).toBe('abcdend');
    expect(served.transport.peerSees).toBe(field === '' ? 'open' : 'end');
  });

  it('fails if the client is too slow', async () => {
    let caught: unknown;
    const served = new Served(async (request, response) => {
      const text = request.text();
      response.send('early');
      caught = await outcomeOf(text);
    });
    served.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
    served.advance(32_000);
    await served.later();
    expect(caught).toMatchObject({ option: 'contentTimeoutMs' });
    expect(served.transport.peerSees).toBe('end');
  });

  it('ends the connection if an iteration is abandoned', async () => {
    const served = new Served((request, response) => {
      request[Symbol.asyncIterator]();
      response.send('early');
    });
    served.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd');
    served.advance(62_000);
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('a handler that is busy with a piece', () => {
  it('is not an offence of the client', async () => {
    let release: (() => void) | undefined;
    const served = new Served(async (request, response) => {
      let length = 0;
      for await (const piece of request) {
        length += piece.length;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      response.send(String(length));
    });
    served.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    served.receive('1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
    await served.later();
    expect(served.advance(100_000)).toBe('');
    release?.();
    await served.later();
    expect(served.advance(100_000)).toBe('');
    release?.();
    expect(await served.later()).toBe(answer('200 OK', '2'));
  });
});

describe('content that is left', () => {
  it('is received no further than maxDiscardedBytes, even before the answer', async () => {
    const served = new Kept({ maxDiscardedBytes: 10, maxPipelinedBytes: 100 });
    served.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    await served.request()[Symbol.asyncIterator]().return?.();
    for (let i = 0; i < 5; i++) served.receive('x'.repeat(100));
    expect(served.transport.paused).toBe(true);
    served.response().send();
    expect(served.sent()).toBe(answer('200 OK', '').replace('\r\n\r\n', `\r\n${CLOSE}\r\n`));
    expect(served.transport.peerSees).toBe('end');
  });

  it('is left by cancelling the Deferred of all of it', async () => {
    const served = new Kept();
    served.receive(post('abcd').slice(0, -2));
    const text = served.request().text() as Deferred<string>;
    const outcome = outcomeOf(text);
    text.cancel();
    expect(await outcome).toMatchObject({ name: 'CancelledError' });
    served.response().send('done');
    expect(served.receive('cd') + served.receive(get('/'))).toBe(answer('200 OK', 'done'));
  });
});

describe('request.signal', () => {
  it.each([
    ['before', true],
    ['after', false],
  ])('when the connection ends %s the answer is complete: aborted %s', (_when, aborts) => {
    const served = new Kept();
    served.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
    if (!aborts) served.response().send();
    served.transport.peerResets();
    served.transport.settle();
    expect(served.request().signal.aborted).toBe(aborts);
    expect(served.response().headSent).toBe(!aborts);
  });
});

describe('response.drained', () => {
  function full(): [Served, HTTPResponse] {
    const served = new Kept({}, 100);
    served.receive(get('/'));
    const response = served.response();
    expect(response.write('x'.repeat(100_000))).toBe(false);
    return [served, response];
  }

  it('fires for each caller, whatever the others make of it', async () => {
    const [served, response] = full();
    const first = response.drained().addCallback(() => {
      throw new Error('of the first');
    });
    const cancelled = response.drained();
    cancelled.cancel();
    const third = response.drained();
    served.transport.drain(200_000);
    served.transport.settle();
    expect(await outcomeOf(first)).toMatchObject({ message: 'of the first' });
    expect(await outcomeOf(cancelled)).toMatchObject({ name: 'CancelledError' });
    expect(await outcomeOf(third)).toBeUndefined();
  });

  it('fires if the response was completed meanwhile, and then the next request is answered', async () => {
    const [served, response] = full();
    const drained = response.drained();
    response.end('end');
    served.transport.drain(200_000);
    expect(served.sent()).toContain('\r\nend\r\n0\r\n\r\n');
    expect(await outcomeOf(drained)).toBeUndefined();
    served.receive(get('/'));
    expect(served.transport.peerSees).toBe('open');
  });

  it('fails with the reason when the connection has ended, so that loops over write and drained end', async () => {
    const [served, response] = full();
    const waiting = outcomeOf(response.drained());
    served.transport.peerResets();
    served.transport.settle();
    const reason = (await waiting) as ConnectionClosed;
    expect(reason.name).toBe('ConnectionLost');
    expect(response.write('more')).toBe(false);
    expect(await outcomeOf(response.drained())).toBe(reason);
  });
});

describe('text in pieces', () => {
  it('has the announced length, even if a piece ends within a character', () => {
    const served = new Served((_request, response) => {
      response.setField('Content-Length', '6');
      response.write('\ud83d');
      response.write('\ude00');
      response.end();
    });
    served.transport.receive(get('/'));
    served.transport.settle();
    const sent = served.transport.takeWritten();
    expect(sent.subarray(sent.indexOf('\r\n\r\n') + 4)).toHaveLength(6);
  });
});

describe('a drain', () => {
  it('has the deadline of the server, if it has none of its own', () => {
    const served = new Kept({ drainDeadlineMs: 5_000 });
    served.receive(get('/'));
    void served.factory.drain();
    served.advance(4_000);
    expect(served.transport.peerSees).toBe('open');
    served.advance(2_000);
    expect(served.transport.peerSees).toBe('reset');
  });

  it('is not stopped by cancelling its Deferred, and its deadline does not outlive it', async () => {
    const served = new Kept();
    served.receive(get('/'));
    const drained = served.factory.drain({ deadlineMs: 50_000 });
    const outcome = outcomeOf(drained);
    drained.cancel();
    expect(await outcome).toMatchObject({ name: 'CancelledError' });
    served.response().send();
    served.transport.peerCloses();
    served.transport.settle();
    expect(served.factory.connections).toBe(0);
    const later = served.connect();
    served.receive(get('/'));
    served.advance(60_000);
    expect(later.peerSees).toBe('open');
  });
});

describe('a response to a request whose connection has ended', () => {
  it('ignores everything', async () => {
    const served = new Kept();
    served.receive(get('/', 'Connection: upgrade', 'Upgrade: x'));
    served.transport.peerCloses();
    served.transport.abortConnection();
    served.transport.settle();
    served.response().setField('A', 'b').setTrailer('C', 'd').earlyHints('</a>');
    served.response().inform(102);
    expect(served.response().write('x')).toBe(false);
    served.response().end('x');
    served.response().send('x');
    served.response().sendJSON({});
    await served.response().sendFrom(['x']);
    expect(served.sent()).toBe('');
    expect(served.request().remoteAddress.type).toBe('TCP');
    expect(served.response().ended).toBe(true);
  });
});

describe('a limit of connections around the server', () => {
  it('counts upgraded connections until they end', () => {
    const clock = new ManualClock();
    const lost: Error[] = [];
    const factory = new HTTPFactory(clock, (request) => {
      request.upgrade({
        makeConnection: (transport) => transport.write('hi '),
        dataReceived: (data) => void lost.push(new Error(`never: ${data}`)),
        connectionLost: (reason) => void lost.push(reason),
      });
    });
    const limited = new LimitTotalConnectionsFactory(factory, { maxConnections: 1 });
    const transport = new MemoryTransport();
    const protocol = limited.buildProtocol(transport.getPeer());
    if (protocol === null) throw new Error('a protocol');
    transport.connect(protocol);
    transport.receive(get('/', 'Connection: upgrade', 'Upgrade: x'));
    transport.settle();
    expect(transport.text.endsWith('\r\n\r\nhi ')).toBe(true);
    expect(factory.connections).toBe(1);
    transport.peerCloses();
    transport.settle();
    expect(lost[0]).toBeInstanceOf(ConnectionDone);
    expect(factory.connections).toBe(0);
  });
});
