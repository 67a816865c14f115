import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/dashboard/event-log.js';

describe('EventLog', () => {
  it('numbers events, and hands out those that were added', () => {
    const log = new EventLog(() => 5);
    log.add('a', 'info');
    log.add('b', 'error');
    expect(log.takeAdded()).toEqual([
      { id: 1, atMs: 5, level: 'info', text: 'a', count: 1 },
      { id: 2, atMs: 5, level: 'error', text: 'b', count: 1 },
    ]);
    expect(log.takeAdded()).toEqual([]);
  });

  it('counts an event that repeats the last one', () => {
    let now = 1;
    const log = new EventLog(() => now);
    log.add('a', 'error');
    log.takeAdded();
    now = 7;
    log.add('a', 'error');
    log.add('a', 'error');
    expect(log.takeAdded()).toMatchObject([{ id: 1, atMs: 7, count: 3 }]);
    log.add('a', 'info');
    expect(log.events.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('keeps 200 events of one line, at most 500 characters each', () => {
    const log = new EventLog(() => 0);
    for (let i = 0; i < 1_000; i++) log.add(`${i}\n\t${'x'.repeat(600)}`, 'info');
    expect(log.events.length).toBe(200);
    expect(log.takeAdded().length).toBe(200);
    expect(log.events.at(-1)?.text).toBe(`999 ${'x'.repeat(495)}…`);
  });
});
