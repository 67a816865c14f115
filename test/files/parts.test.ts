/** The parts of a watcher that have no files: patterns, merged events, the queue of an iteration, the order of records. */
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../src/files/event-queue.js';
import { FileEvent, type FileEventKind } from '../../src/files/file-event.js';
import { globPattern } from '../../src/files/glob.js';
import { IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO } from '../../src/files/inotify-records.js';
import { RecordQueue } from '../../src/files/record-queue.js';
import { SettledEvents } from '../../src/files/settled-events.js';
import { ManualClock } from '../../src/testing/index.js';

describe('globPattern', () => {
  it.each([
    ['*.ts', ['a.ts', '.ts', 'a.b.ts'], ['a.tsx', 'd/a.ts', 'xts']],
    ['a?c', ['abc', 'a\nc'], ['ac', 'a/c', 'abbc']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb', 'x/a/b']],
    ['a/**', ['a/b', 'a/b/c'], ['b/a']],
    ['**/*.o', ['x.o', 'a/b/x.o'], ['x.oo']],
    ['(a+b)[c]{1}.$', ['(a+b)[c]{1}.$'], ['aab']],
  ])('%s', (glob, matching, others) => {
    const pattern = globPattern(glob);
    expect(matching.filter((text) => !pattern.test(text))).toEqual([]);
    expect(others.filter((text) => pattern.test(text))).toEqual([]);
  });
});

describe('SettledEvents', () => {
  const make = (): { clock: ManualClock; lines: string[]; settled: SettledEvents } => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const settled = new SettledEvents(clock, 100, ({ kind, path }) => {
      lines.push(`${kind} ${path}`);
    });
    return { clock, lines, settled };
  };

  it.each<[string, FileEventKind[], string[]]>([
    ['a new file', ['created', 'modified', 'closed'], ['created f']],
    ['a temporary file', ['created', 'modified', 'removed'], []],
    ['a replaced file', ['removed', 'created', 'modified'], ['modified f']],
    ['a removed file', ['modified', 'attributes', 'removed'], ['removed f']],
    ['a touched file', ['modified', 'attributes'], ['modified f']],
    ['a written file', ['attributes', 'modified', 'closed'], ['closed f']],
  ])('merges the events of %s', (_name, kinds, expected) => {
    const { clock, lines, settled } = make();
    for (const kind of kinds) settled.add(new FileEvent(kind, 'f', false));
    clock.advance(99);
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(lines).toEqual(expected);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('waits until nothing happens, at most ten times as long', () => {
    const { clock, lines, settled } = make();
    for (let at = 0; at < 950; at += 50) {
      settled.add(new FileEvent('modified', 'f', false));
      clock.advance(50);
    }
    expect(lines).toEqual([]);
    settled.add(new FileEvent('modified', 'f', false));
    clock.advance(50);
    expect(lines).toEqual(['modified f']);
  });

  it('reports moves at once, after all others', () => {
    const { lines, settled } = make();
    settled.add(new FileEvent('created', 'a', false));
    settled.add(new FileEvent('moved', 'b', false, 'a'));
    expect(lines).toEqual(['created a', 'moved b']);
  });

  it('reports nothing more when a receiver pauses it, and the rest in order when it is resumed', () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const settled: SettledEvents = new SettledEvents(clock, 100, ({ kind, path }) => {
      lines.push(`${kind} ${path}`);
      settled.pause();
      if (path === 'b') settled.resume();
    });
    for (const path of ['a', 'b', 'c']) settled.add(new FileEvent('modified', path, false));
    settled.add(new FileEvent('overflow', 'd', true));
    expect(lines).toEqual(['modified a']);
    settled.resume();
    expect(lines).toEqual(['modified a', 'modified b', 'modified c']);
    settled.flush();
    expect(lines.slice(3)).toEqual(['overflow d']);
    settled.resume();
    expect(clock.getDelayedCalls()).toEqual([]);
    expect(lines).toHaveLength(4);
  });

  it('reports nothing while it is paused', () => {
    const { clock, lines, settled } = make();
    settled.add(new FileEvent('created', 'a', false));
    settled.pause();
    settled.add(new FileEvent('created', 'b', false));
    clock.advance(1000);
    expect(lines).toEqual([]);
    settled.resume();
    clock.advance(100);
    expect(lines).toEqual(['created a', 'created b']);
  });
});

describe('EventQueue', () => {
  const event = (path: string): FileEvent => new FileEvent('created', path, false);

  it('replaces all events when there are too many', async () => {
    const queue = new EventQueue(2, () => [new FileEvent('overflow', 'd', true)]);
    for (const path of ['a', 'b', 'c', 'd']) queue.push(event(path));
    queue.end(new Error('the end'));
    expect(await queue.next()).toMatchObject({ value: { kind: 'overflow' } });
    expect(await queue.next()).toMatchObject({ value: { path: 'd' } });
    await expect(queue.next()).rejects.toThrow('the end');
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('keeps the order of many events', async () => {
    const queue = new EventQueue(10_000, () => []);
    for (let n = 0; n < 5000; n++) queue.push(event(String(n)));
    for (let n = 0; n < 5000; n++) expect((await queue.next()).value?.path).toBe(String(n));
    const next = queue.next();
    queue.push(event('last'));
    expect((await next).value?.path).toBe('last');
  });
});

describe('RecordQueue', () => {
  const record = (mask: number, cookie = 0) => ({ watch: 1, mask, cookie, name: 'f' });

  it('waits for the second record of a move', () => {
    const queue = new RecordQueue();
    const from = record(IN_MOVED_FROM, 7);
    const between = record(IN_MODIFY);
    const to = record(IN_MOVED_TO, 7);
    queue.push(from);
    queue.push(between);
    expect([queue.waits, queue.size, queue.end]).toEqual([true, 2, 2]);
    queue.push(to);
    expect(queue.waits).toBe(false);
    queue.shift();
    expect(queue.arrivalOf(from)).toBe(to);
    queue.take(to);
    expect(queue.first()).toBe(between);
    queue.shift();
    expect(queue.first()).toBeUndefined();
  });

  it('stops waiting when it was decided, but not for later records', () => {
    const queue = new RecordQueue();
    for (const cookie of [1, 2]) queue.push(record(IN_MOVED_FROM, cookie));
    queue.decide(1);
    expect(queue.waits).toBe(false);
    queue.shift();
    expect(queue.waits).toBe(true);
    queue.decide(queue.end);
    expect(queue.waits).toBe(false);
  });

  it('keeps its count over many records', () => {
    const queue = new RecordQueue();
    for (let n = 0; n < 5000; n++) {
      queue.push(record(IN_MODIFY, n));
      if (n % 3 !== 0) queue.shift();
    }
    expect([queue.size, queue.end]).toEqual([1667, 5000]);
    while (queue.first() !== undefined) queue.shift();
    expect([queue.size, queue.end]).toEqual([0, 5000]);
  });
});
