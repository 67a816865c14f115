import { describe, expect, it } from 'vitest';
import { DemoMeter, type DemoReading } from '../../src/cli/demo-meter.js';

const START: DemoReading = {
  atMs: 1000,
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  turns: 0,
  turnMsP50: 0,
  turnMsP99: 0,
  connectionsOpen: 0,
  connectionsTotal: 0,
  rssBytes: 50_000_000,
  cpuUs: 100_000,
};

describe('DemoMeter', () => {
  it('gives rates of the time since the reading before, and totals', () => {
    const meter = new DemoMeter(START);
    meter.take({ ...START, atMs: 2000, messagesIn: 10, bytesOut: 500, turns: 3 });
    const figures = meter.take({ ...START, atMs: 4000, messagesIn: 30, bytesOut: 900, turns: 9 });
    expect(figures.messagesIn).toEqual({ perSecond: 10, total: 30, history: [10, 10] });
    expect(figures.bytesOut).toEqual({ perSecond: 200, total: 900, history: [500, 200] });
    expect(figures.turnsPerSecond).toBe(3);
    expect(figures.uptimeSeconds).toBe(3);
  });

  it('does not divide by zero where no time has passed', () => {
    const figures = new DemoMeter(START).take(START);
    expect(figures.messagesIn.perSecond).toBe(0);
    expect(figures.cpuPercent).toBe(0);
  });

  it('keeps two minutes of history', () => {
    const meter = new DemoMeter(START);
    let figures = meter.take(START);
    for (let second = 1; second <= 200; second += 1) {
      figures = meter.take({ ...START, atMs: 1000 + second * 1000, messagesIn: second * second });
    }
    expect(figures.messagesIn.history).toHaveLength(120);
    expect(figures.messagesIn.history.at(-1)).toBe(399);
  });

  it('gives processor time in percent of one processor', () => {
    const figures = new DemoMeter(START).take({ ...START, atMs: 3000, cpuUs: 1_100_000 });
    expect(figures.cpuPercent).toBe(50);
  });

  it('knows the length of turns only where there were turns', () => {
    const meter = new DemoMeter(START);
    const busy = meter.take({ ...START, atMs: 2000, turns: 5, turnMsP50: 0.1, turnMsP99: 2 });
    expect([busy.turnMsP50, busy.turnMsP99]).toEqual([0.1, 2]);
    const idle = meter.take({ ...START, atMs: 3000, turns: 5, turnMsP50: 0.1, turnMsP99: 2 });
    expect([idle.turnMsP50, idle.turnMsP99]).toEqual([undefined, undefined]);
  });

  it('weighs connections from a hundred on, by the growth since the start', () => {
    const weigh = (connectionsOpen: number, rssBytes: number): number | undefined =>
      new DemoMeter(START).take({ ...START, atMs: 2000, connectionsOpen, rssBytes })
        .bytesPerConnection;
    expect(weigh(99, 60_000_000)).toBeUndefined();
    expect(weigh(100, 50_300_000)).toBe(3000);
    expect(weigh(100, 40_000_000)).toBe(0);
  });
});
