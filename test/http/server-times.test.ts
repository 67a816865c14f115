/** The time limits of the server. */
import { describe, expect, it } from 'vitest';
import { HTTPTimeoutError } from '../../src/http/index.js';
import { get, refusal, Served } from './served.js';

describe('the limits of time', () => {
  const idle = new Served((_request, response) => response.send());

  it('headTimeoutMs: a slow head is answered with 408, however it trickles', () => {
    idle.connect();
    idle.receive('GET /');
    for (let i = 0; i < 14; i++) {
      idle.advance(1_000);
      idle.receive('x');
    }
    expect(idle.transport.peerSees).toBe('open');
    expect(idle.advance(2_000)).toBe(refusal('408 Request Timeout'));
    expect(idle.transport.peerSees).toBe('end');
  });

  it('headTimeoutMs: a connection without a request is closed silently', () => {
    idle.connect();
    idle.advance(15_000);
    expect(idle.advance(2_000)).toBe('');
    expect(idle.transport.peerSees).toBe('end');
  });

  it('idleTimeoutMs: counts from the last answer', () => {
    idle.connect();
    idle.receive(get('/'));
    idle.advance(50_000);
    idle.receive(get('/'));
    idle.advance(60_000);
    expect(idle.transport.peerSees).toBe('open');
    idle.advance(2_000);
    expect(idle.transport.peerSees).toBe('end');
  });

  it('idleTimeoutMs: a request in progress is not idle', () => {
    const served = new Served(() => {});
    served.receive(get('/'));
    served.advance(600_000);
    expect(served.transport.peerSees).toBe('open');
  });

  it.each([
    ['fewer than minContentBytes', 30, 'end'],
    ['enough', 40, 'open'],
  ])('contentTimeoutMs: content of %s in the time', async (_name, bytesPerSecond, end) => {
    let caught: unknown;
    const served = new Served(async (request, response) => {
      for await (const _ of request) response.write('');
    }, {});
    const whole = new Served((request) =>
      request.bytes().addErrback((failure) => {
        caught = failure.value;
      }),
    );
    for (const each of [whole, served]) {
      each.transport.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
      for (let second = 0; second < 70 && each.transport.peerSees === 'open'; second++) {
        each.transport.receive('x'.repeat(bytesPerSecond));
        await each.later();
        each.clock.advance(1_000);
      }
    }
    whole.transport.settle();
    expect(whole.transport.peerSees).toBe(end);
    expect(caught instanceof HTTPTimeoutError).toBe(end === 'end');
    expect(served.transport.peerSees).toBe(end === 'end' ? 'reset' : 'open');
  });

  it('writeTimeoutMs: a client that takes nothing is reset, one that takes little is not', () => {
    const served = new Served(
      (_request, response) => response.send(Buffer.alloc(200_000)),
      {},
      1_000,
    );
    served.receive(get('/'));
    for (let i = 0; i < 10; i++) {
      served.advance(20_000);
      served.transport.drain(1);
    }
    expect(served.transport.peerSees).toBe('open');
    served.advance(62_000);
    expect(served.transport.peerSees).toBe('reset');
  });

  it('writeTimeoutMs: also when the connection is closing', () => {
    const served = new Served((_request, response) => response.send('x'.repeat(20_000)), {}, 100);
    served.receive(get('/', 'Connection: close'));
    served.advance(29_000);
    expect(served.transport.peerSees).toBe('open');
    served.advance(35_000);
    expect(served.transport.peerSees).toBe('reset');
  });
});
