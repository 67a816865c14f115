/** Retries, in memory. */
import { describe, expect, it } from 'vitest';
import {
  type AgentOptions,
  type AgentRequestOptions,
  HTTPPoolClosedError,
} from '../../../src/http/index.js';
import { CancelledError, ConnectionRefusedError } from '../../../src/index.js';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { later, response } from '../client/memory-servers.js';
import { Agented } from './memory-agent.js';

const BUSY = 'HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n';

function agented(options: AgentOptions = {}): Agented {
  return new Agented({ retries: 2, random: () => 0.5, wallClock: () => 1_000_000, ...options });
}

function refusal(): ConnectionRefusedError {
  return new ConnectionRefusedError('no', { host: 'a', port: 80 });
}

describe('a retry', () => {
  it('follows a lost connection after a delay that doubles, up to the number of retries', () => {
    const rig = agented({ maxRetryDelayMs: 700 });
    const asked = rig.agent.get('http://a/');
    const { connections } = rig.at('http://a');
    const times: number[] = [];
    for (let count = 1; count <= 3; count++) {
      times.push(rig.reactor.now());
      rig.server.reset();
      for (let ms = 0; ms < 1_000 && connections.length === count; ms += 25)
        rig.reactor.advance(25);
    }
    // 500 and 700 ms, a quarter of which is random.
    expect(times).toEqual([0, 375, 900]);
    expect(connections.length).toBe(3);
    expect(failureResultOf(asked)).toMatchObject({ code: 'ERR_NO_HTTP_RESPONSE' });
  });

  it('gives the response of the last attempt', () => {
    const rig = agented();
    const text = rig.agent.put('http://a/', { content: 'x' }).text();
    rig.server.reset();
    rig.advance(1_000);
    expect(rig.server.sent).toMatch(/^PUT .*\r\n\r\nx$/s);
    rig.server.answer(response('done'));
    expect(successResultOf(text)).toBe('done');
  });

  it.each([
    ['of POST', { method: 'POST' }],
    ['that is not idempotent', { idempotent: false }],
    ['with pieces', { method: 'PUT', content: ['a'] }],
    ['without retries', { retries: 0 }],
    ['whose time is over before', { totalTimeoutMs: 300 }],
  ] as [string, AgentRequestOptions][])('is not made for a request %s', (_what, options) => {
    const rig = agented();
    const asked = rig.agent.request('http://a/', options);
    rig.server.reset();
    expect(failureResultOf(asked)).toMatchObject({ code: 'ERR_NO_HTTP_RESPONSE' });
    rig.advance(5_000);
    expect(rig.at('http://a').connections.length).toBe(1);
  });

  it('is made for POST that is declared idempotent, and if there was no connection', () => {
    const rig = agented();
    const declared = rig.agent.post('http://a/', { idempotent: true }).text();
    rig.server.reset();
    rig.advance(1_000);
    rig.server.answer(response('1'));
    expect(successResultOf(declared)).toBe('1');
    rig.at('http://b').isAutomatic = false;
    const refused = rig.agent.post('http://b/', { content: 'x' }).text();
    rig.at('http://b').refuse(refusal());
    rig.advance(1_000);
    rig.at('http://b').accept().answer(response('2'));
    expect(successResultOf(refused)).toBe('2');
  });

  it('is not made after a part of a response, or a time limit of the head', () => {
    const rig = agented();
    const partial = rig.agent.get('http://a/');
    rig.server.answer('HTTP/1.1 2');
    rig.server.close();
    expect(failureResultOf(partial)).toMatchObject({ code: 'ERR_INCOMPLETE_HTTP_MESSAGE' });
    const late = rig.agent.get('http://a/', { headTimeoutMs: 1_000 });
    rig.advance(3_000);
    expect(failureResultOf(late)).toMatchObject({ option: 'headTimeoutMs' });
  });

  it('is not made if the content fails with an error of connecting', async () => {
    const rig = agented();
    const content = async function* (): AsyncGenerator<string> {
      yield 'a';
      throw refusal();
    };
    const asked = rig.agent.post('http://a/', { content });
    await later();
    expect(failureResultOf(asked)).toMatchObject({ code: 'ERR_CONNECTION_REFUSED' });
    // The same error, first of a connection and then of content.
    const error = refusal();
    rig.at('http://b').isAutomatic = false;
    const refused = rig.agent.get('http://b/', { retries: 0 });
    rig.at('http://b').refuse(error);
    expect(failureResultOf(refused)).toBe(error);
    const relayed = rig.agent.post('http://a/', {
      // biome-ignore lint/correctness/useYield: it fails at once.
      content: async function* (): AsyncGenerator<string> {
        throw error;
      },
    });
    await later();
    expect(failureResultOf(relayed)).toBe(error);
    rig.advance(5_000);
    expect(rig.at('http://a').connections.length).toBe(2);
  });

  it.each(['close', 'abort'] as const)('fails at once if the agent is left by %s', (how) => {
    const rig = agented();
    const waiting = [rig.agent.get('http://a/'), rig.agent.get('http://b/')] as const;
    rig.server.reset();
    rig.at('http://b').last.answer(BUSY);
    rig.agent[how]();
    for (const asked of waiting) expect(failureResultOf(asked)).toBeInstanceOf(HTTPPoolClosedError);
    rig.advance(2_000);
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('is not begun if the agent is closed', () => {
    const rig = agented();
    const asked = rig.agent.get('http://a/');
    rig.agent.close();
    rig.server.reset();
    expect(failureResultOf(asked)).toMatchObject({ code: 'ERR_NO_HTTP_RESPONSE' });
  });

  it('is cancelled while it waits', () => {
    const rig = agented();
    const asked = rig.agent.get('http://a/');
    rig.server.reset();
    asked.cancel();
    expect(failureResultOf(asked)).toBeInstanceOf(CancelledError);
    const controller = new AbortController();
    const other = rig.agent.get('http://b/', { signal: controller.signal });
    rig.at('http://b').last.reset();
    controller.abort();
    expect(failureResultOf(other)).toBeInstanceOf(CancelledError);
    rig.advance(5_000);
    expect(rig.at('http://a').connections.length + rig.at('http://b').connections.length).toBe(2);
  });
});

describe('the content of a refusal', () => {
  const SLOW = BUSY.replace('Content-Length: 0', 'Content-Length: 10000');

  it('is given up if it comes slowly', () => {
    const rig = agented();
    const text = rig.agent.get('http://a/').text();
    const [first] = rig.at('http://a').connections;
    first?.answer(SLOW);
    for (let n = 0; n < 20; n++) {
      if (first?.transport.peerSees === 'open') first.answer('x');
      rig.advance(250);
    }
    expect(rig.at('http://a').connections.length).toBe(2);
    rig.server.answer(response('done'));
    expect(successResultOf(text)).toBe('done');
  });

  it('uses up the total time, which no retry exceeds', () => {
    const rig = agented();
    const asked = rig.agent.get('http://a/', { totalTimeoutMs: 3_000 });
    rig.server.answer(SLOW);
    rig.advance(1_500);
    expect(failureResultOf(asked)).toMatchObject({ option: 'totalTimeoutMs', limit: 3_000 });
    rig.advance(5_000);
    expect(rig.at('http://a').connections.length).toBe(1);
  });
});

describe('Retry-After', () => {
  it.each([
    ['2', 503],
    ['2', 429],
    ['Thu, 01 Jan 1970 00:16:42 GMT', 503],
  ])('of %s with %i is obeyed', (value, status) => {
    const rig = agented();
    const text = rig.agent.get('http://a/').text();
    rig.server.sent;
    rig.server.answer(BUSY.replace(': 2', `: ${value}`).replace('503', String(status)));
    rig.advance(2_000);
    expect(rig.server.sent).toBe('');
    rig.advance(500);
    expect(rig.server.sent).toMatch(/^GET /);
    rig.server.answer(response('done'));
    expect(successResultOf(text)).toBe('done');
    expect(rig.at('http://a').connections.length).toBe(1);
  });

  it.each([
    ['is too long', BUSY.replace(': 2', ': 31'), {}],
    ['is malformed', BUSY.replace(': 2', ': soon'), {}],
    ['is missing', BUSY.replace('Retry-After: 2\r\n', ''), {}],
    ['is of another status', BUSY.replace('503', '500'), {}],
    ['answers POST', BUSY, { method: 'POST' }],
    ['exceeds the total time', BUSY, { totalTimeoutMs: 2_000 }],
  ] as [string, string, AgentRequestOptions][])('that %s is an answer', (_why, text, options) => {
    const rig = agented();
    const asked = rig.agent.request('http://a/', options);
    rig.server.answer(text);
    expect([500, 503]).toContain(successResultOf(asked).status);
  });
});
