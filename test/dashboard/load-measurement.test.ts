import { describe, expect, it } from 'vitest';
import { LoadRound, resultOf } from '../../src/dashboard/load-measurement.js';
import { ManualClock } from '../../src/testing/index.js';

const server = (cpuMs: number) =>
  ({ role: 'server', port: 1, poller: 'epoll', connections: 50, cpuMs, rssBytes: 9 }) as const;
const client = (messages: number, p50Ms: number | null = 1) =>
  ({ role: 'client', open: 50, messages, p50Ms, p99Ms: p50Ms }) as const;

describe('LoadRound', () => {
  it('counts from the end of the warm-up to the end of the round', () => {
    const clock = new ManualClock();
    const round = new LoadRound(clock, 1_000);
    expect(round.answered(client(5))).toBe(undefined); // the server has not reported
    round.served(server(10));
    expect(round.answered(client(0))).toBe(undefined);
    expect(round.progress).toBe(0);
    round.answered(client(100)); // the warm-up begins
    clock.advance(700);
    expect(round.answered(client(1_000))).toBe(undefined);
    clock.advance(500);
    round.served(server(60));
    expect(round.answered(client(2_000, 2))).toEqual({ seconds: 0.5, messagesPerSecond: 2_000 });
    clock.advance(500);
    expect(round.answered(client(2_500, 4))).toEqual({ seconds: 1, messagesPerSecond: 1_000 });
    expect(round.progress).toBe(1);
    expect(round.totals).toEqual({
      poller: 'epoll',
      messages: 1_500,
      elapsedMs: 1_000,
      cpuMs: 50,
      p50Ms: [2, 4],
      p99Ms: [2, 4],
      rssBytes: 9,
    });
    expect(round.answered(client(9_999))).toBe(undefined);
  });
});

describe('resultOf', () => {
  it('sums the rounds of a reactor', () => {
    const one = {
      poller: 'epoll',
      messages: 1_000,
      elapsedMs: 1_000,
      cpuMs: 10,
      p50Ms: [1, 2],
      p99Ms: [],
      rssBytes: 5,
    };
    expect(
      resultOf([one, { ...one, messages: 3_000, cpuMs: 30, p50Ms: [9], rssBytes: 7 }]),
    ).toEqual({
      poller: 'epoll',
      messages: 4_000,
      messagesPerSecond: 2_000,
      cpuUsPerMessage: 10,
      p50Ms: 2,
      p99Ms: null,
      rssBytes: 7,
    });
  });
});
