/** Requests of clients that have closed their side of the connection: most have gone, some wait for the answer. */
import { describe, expect, it } from 'vitest';
import { EventStreams, type HTTPRequest, type HTTPResponse } from '../../src/http/index.js';
import { ConnectionDone } from '../../src/index.js';
import { answer, get, post, Served } from './served.js';

describe('a request of a half-closed connection', () => {
  it('has its signal aborted, and still receives an answer', () => {
    const waiting: [HTTPRequest, HTTPResponse][] = [];
    const served = new Served((...both) => void waiting.push(both));
    served.receive(get('/1') + get('/2'));
    const [[request, response] = []] = waiting;
    expect(request?.signal.aborted).toBe(false);
    served.transport.peerCloses();
    expect(request?.signal.reason).toBeInstanceOf(ConnectionDone);
    response?.send('a');
    expect(served.sent()).toBe(answer('200 OK', 'a'));
    expect(waiting[1]?.[0].signal.aborted).toBe(true);
    waiting[1]?.[1].send('b');
    expect(served.sent()).toBe(answer('200 OK', 'b'));
    expect(served.transport.peerSees).toBe('end');
  });

  it('can be answered by a listener of the signal', () => {
    const served = new Served(({ signal }, response) => {
      signal.addEventListener('abort', () => response.send('late'));
    });
    served.receive(get('/'));
    served.transport.peerCloses();
    expect(served.sent()).toBe(answer('200 OK', 'late'));
    expect(served.transport.peerSees).toBe('end');
  });

  it('has its signal aborted when its content was read', async () => {
    let go = (): void => {};
    const served = new Served(async (request, response) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      const { length } = await request.bytes();
      response.send(`${length} ${request.signal.aborted}`);
    });
    served.receive(post('content'));
    served.transport.peerCloses();
    go();
    expect(await served.later()).toBe(answer('200 OK', '7 true'));
  });

  it('causes no report if the handler throws the reason of the signal', async () => {
    const served = new Served(async ({ signal }) => {
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    served.receive(get('/'));
    served.transport.peerCloses();
    // A test fails if an error is reported.
    expect(await served.later()).toMatch(/^HTTP\/1.1 500 /);
    expect(served.transport.peerSees).toBe('end');
  });

  it('causes no report if the handler gives up without an answer', async () => {
    const served = new Served(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    served.receive(get('/'));
    served.transport.peerCloses();
    expect(await served.later()).toMatch(/^HTTP\/1.1 500 /);
    expect(served.transport.peerSees).toBe('end');
  });

  it('ends a stream of events', () => {
    const streams: EventStreams[] = [];
    const served = new Served((request, response) => {
      streams[0]?.open(request, response);
    });
    streams.push(new EventStreams(served.clock));
    served.receive(get('/'));
    expect(streams[0]?.size).toBe(1);
    served.transport.peerCloses();
    expect(streams[0]?.size).toBe(0);
    expect(served.sent()).toBe('0\r\n\r\n');
    expect(served.transport.peerSees).toBe('end');
  });
});
