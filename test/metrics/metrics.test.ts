/** Metrics: instruments, sources, and the text of Prometheus. */
import { metrics as openTelemetry } from '@opentelemetry/api';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import {
  addDatabasePool,
  addReactor,
  addThreadPool,
  exportToMeter,
  MetricsRegistry,
  meterRequests,
  prometheusText,
  registerWithPromClient,
} from '../../src/metrics/index.js';
import { flushLoggedErrors, MemoryReactor } from '../../src/testing/index.js';

const registry = (): MetricsRegistry => new MetricsRegistry();

describe('instruments', () => {
  it('count, rise and fall by label', () => {
    const metrics = registry();
    const joins = metrics.counter('joins_total', 'Joins.', ['room']);
    const users = metrics.gauge('users', 'Users.');
    joins.add(2, { room: 'a' });
    const b = joins.with({ room: 'b' });
    b.add();
    b.add(0.5);
    users.set(5);
    users.add(-2);
    expect(prometheusText(metrics)).toBe(
      [
        '# HELP joins_total Joins.',
        '# TYPE joins_total counter',
        'joins_total{room="a"} 2',
        'joins_total{room="b"} 1.5',
        '# HELP users Users.',
        '# TYPE users gauge',
        'users 3',
        '',
      ].join('\n'),
    );
  });

  it('have histograms with cumulative buckets', () => {
    const metrics = registry();
    const sizes = metrics.histogram('size_bytes', 'Sizes.', [], [1, 10, 100]);
    for (const value of [0, 1, 2, 10, 11, 1000]) sizes.record(value);
    expect(prometheusText(metrics).split('\n').slice(2, -1)).toEqual([
      'size_bytes_bucket{le="1"} 2',
      'size_bytes_bucket{le="10"} 4',
      'size_bytes_bucket{le="100"} 5',
      'size_bytes_bucket{le="+Inf"} 6',
      'size_bytes_sum 1024',
      'size_bytes_count 6',
    ]);
  });

  it('limit the number of series, because labels may come from peers', () => {
    const metrics = registry();
    const names = metrics.counter('names_total', 'Names.', ['name', 'kind']);
    for (let i = 0; i < 1500; i++) names.add(1, { name: `n${i}`, kind: 'k' });
    const [family] = metrics.collect();
    expect(family?.samples).toHaveLength(1001);
    expect(family?.samples.at(-1)).toEqual({
      labels: { name: 'other', kind: 'other' },
      value: 500,
    });
  });

  it('cut long labels, and have labels with the names of properties of objects', () => {
    const metrics = registry();
    const names = metrics.counter('names_total', 'Names.', ['constructor', 'toString']);
    expect(() => names.add(1, {})).toThrow(/the label constructor must be a string/);
    names.add(1, { constructor: '__proto__', toString: 'x'.repeat(100_000) } as never);
    names.add(1, { constructor: '__proto__', toString: `${'x'.repeat(256)}y` } as never);
    expect(prometheusText(metrics)).toContain(
      `names_total{constructor="__proto__",toString="${'x'.repeat(256)}"} 2\n`,
    );
    expect(() => metrics.gauge('g', '', ['__proto__'])).toThrow(/a label must be/);
    expect(() => metrics.gauge('g', '', ['a', 'a'])).toThrow(/names that differ/);
    metrics.gauge('__proto__', '').set(1);
    expect(prometheusText(metrics)).toContain('__proto__ 1\n');
  });

  it('refuse names of lines that a histogram has, and values that are no numbers', () => {
    const metrics = registry();
    const sizes = metrics.histogram('size', '', [], [1]);
    for (const name of ['size_bucket', 'size_sum', 'size_count']) {
      expect(() => metrics.gauge(name, '')).toThrow(/a name that is not taken/);
    }
    metrics.counter('time_count', '');
    expect(() => metrics.histogram('time', '')).toThrow(/a name that is not taken/);
    expect(() => sizes.record(Number.NaN)).toThrow(/value/);
    expect(() => sizes.record('5' as never)).toThrow(/a number/);
    const users = metrics.gauge('users', '');
    expect(() => users.set('5\nevil 1' as never)).toThrow(/a number/);
    expect(() => users.add('5' as never)).toThrow(/a number/);
    users.set(Number.NaN);
    expect(prometheusText(metrics)).toContain('users NaN\n');
  });

  it('refuse wrong names, labels and values', () => {
    const metrics = registry();
    const joins = metrics.counter('joins_total', 'Joins.', ['room']);
    expect(() => metrics.gauge('joins_total', '')).toThrow(/a name that is not taken/);
    expect(() => metrics.gauge('a-b', '')).toThrow(/letters, digits/);
    expect(() => metrics.gauge('a', '', ['le'])).toThrow(/a label must be/);
    expect(() => metrics.histogram('h', '', [], [2, 1])).toThrow(/ascending/);
    expect(() => joins.add()).toThrow(/the label room must be a string/);
    expect(() => joins.add(1, { room: 'a', user: 'b' })).toThrow(/only room/);
    expect(() => joins.add(-1, { room: 'a' })).toThrow(/0 or more/);
  });

  it('escape text of peers', () => {
    const metrics = registry();
    metrics.counter('a_total', 'Line\nand \\', ['x']).add(1, { x: 'a"\n\\' });
    metrics.gauge('b', '').set(Number.POSITIVE_INFINITY);
    expect(prometheusText(metrics).split('\n')).toEqual([
      '# HELP a_total Line\\nand \\\\',
      '# TYPE a_total counter',
      'a_total{x="a\\"\\n\\\\"} 1',
      '# HELP b ',
      '# TYPE b gauge',
      'b +Inf',
      '',
    ]);
  });
});

describe('sources', () => {
  it('are read when metrics are collected, and removed', () => {
    const metrics = registry();
    const reactors = [new MemoryReactor(), new MemoryReactor()] as const;
    const remove = addReactor(metrics, reactors[0]);
    addReactor(metrics, reactors[1], 'second');
    reactors[1].callLater(5, () => {});
    const shown = prometheusText(metrics);
    expect(shown).toContain('ropewalk_reactor_delayed_calls{reactor="main"} 0\n');
    expect(shown).toContain('ropewalk_reactor_delayed_calls{reactor="second"} 1\n');
    expect(shown).not.toContain('turn_duration');
    expect(shown.match(/# TYPE ropewalk_reactor_turns_total/g)).toHaveLength(1);
    remove();
    expect(prometheusText(metrics)).not.toContain('reactor="main"');
  });

  it('have the durations of measured turns in fewer buckets', () => {
    const metrics = registry();
    const measured = {
      ...new MemoryReactor().totals(),
      kind: 'native',
      poller: 'epoll',
      totals: () => new MemoryReactor().totals(),
      turnHistogram: () => ({ limitsMs: [0.05, 0.1, 0.2, 5, 10_000], counts: [1, 2, 3, 4, 5] }),
    } as const;
    addReactor(metrics, measured);
    const text = prometheusText(metrics);
    const bucket = (le: string): string =>
      `ropewalk_reactor_turn_duration_seconds_bucket{reactor="main",le="${le}"}`;
    expect(text).toContain(`${bucket('0.0001')} 3\n`);
    expect(text).toContain(`${bucket('0.00025')} 6\n`);
    expect(text).toContain(`${bucket('0.0025')} 6\n`);
    expect(text).toContain(`${bucket('0.005')} 10\n`);
    expect(text).toContain(`${bucket('2.5')} 10\n`);
    expect(text).toContain(`${bucket('+Inf')} 15\n`);
    expect(text).toMatch(/seconds_sum\{reactor="main"\} 50\.0208/);
  });

  it('that fail are reported, and the others are read', () => {
    const metrics = registry();
    metrics.addSource(() => {
      throw new Error('broken');
    });
    metrics.gauge('a', '').set(1);
    expect(prometheusText(metrics)).toContain('a 1\n');
    expect(flushLoggedErrors()).toMatchObject([{ where: 'source of metrics' }]);
  });

  it('read pools', () => {
    const metrics = registry();
    const counts = { succeeded: 3, failed: 1, cancelled: 0, refused: 0 };
    addThreadPool(
      metrics,
      {
        statistics: () => ({
          threads: 2,
          busy: 1,
          queued: 0,
          waitedMs: 1500,
          ranMs: 20,
          ...counts,
        }),
      },
      'cpu',
    );
    addDatabasePool(
      metrics,
      { statistics: () => ({ open: 4, opening: 0, busy: 1, waiting: 7 }) },
      'db',
    );
    const text = prometheusText(metrics);
    expect(text).toContain('ropewalk_thread_pool_calls_total{pool="cpu",outcome="succeeded"} 3\n');
    expect(text).toContain('ropewalk_thread_pool_wait_seconds_total{pool="cpu"} 1.5\n');
    expect(text).toContain('ropewalk_database_pool_waiting_calls{pool="db"} 7\n');
  });
});

const RECORD = {
  remoteAddress: '127.0.0.1',
  user: undefined,
  timeMs: 1000,
  method: 'GET',
  target: '/a?token=hunter2',
  version: '1.1',
  status: 200,
  bytes: 10,
  aborted: false,
  host: 'h',
  referer: undefined,
  userAgent: undefined,
  durationMs: 20,
} as const;

describe('requests of HTTP', () => {
  it('are counted by method and class of status', () => {
    const metrics = registry();
    const records: unknown[] = [];
    const web = meterRequests(metrics, 'web', (record) => records.push(record));
    const api = meterRequests(metrics, 'api');
    web(RECORD);
    web({ ...RECORD, status: 404, method: 'BREW' });
    web({ ...RECORD, aborted: true });
    api({ ...RECORD, method: undefined, status: 400, durationMs: undefined });
    const text = prometheusText(metrics);
    for (const series of [
      'server="web",method="GET",status="2xx"',
      'server="web",method="other",status="4xx"',
      'server="web",method="GET",status="aborted"',
      'server="api",method="unread",status="4xx"',
    ]) {
      expect(text).toContain(`ropewalk_http_requests_total{${series}} 1\n`);
    }
    expect(text).toContain('ropewalk_http_request_duration_seconds_count{server="web"} 3\n');
    expect(text).toContain('ropewalk_http_sent_content_bytes_total{server="web"} 30\n');
    expect(records).toHaveLength(3);
  });
});

describe('other libraries', () => {
  it('prom-client shows the same lines', async () => {
    const metrics = registry();
    metrics.counter('joins_total', 'Joins.', ['room']).add(2, { room: 'a"b' });
    metrics.histogram('size_bytes', 'Sizes.', ['kind'], [1, 10]).record(5, { kind: 'x' });
    const register = new Registry();
    registerWithPromClient(metrics, register);
    const lines = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .sort();
    const first = await register.metrics();
    expect(lines(first)).toEqual(lines(prometheusText(metrics)));
    expect(() => registerWithPromClient(metrics, register)).toThrow(/already been registered/);
  });

  it('a meter of OpenTelemetry reads them', () => {
    const metrics = registry();
    metrics.counter('joins_total', 'Joins.', ['room']).add(2, { room: 'a' });
    metrics.gauge('users', 'Users.').set(3);
    metrics.histogram('size_bytes', 'Sizes.', [], [1]).record(5);
    const made: string[] = [];
    const observed: unknown[] = [];
    let read: (result: object) => void = () => {};
    const make = (kind: string) => (name: string) => {
      made.push(`${kind} ${name}`);
      return { name };
    };
    const meter = {
      createObservableCounter: make('counter'),
      createObservableGauge: make('gauge'),
      addBatchObservableCallback: (callback: (result: never) => void) => {
        read = callback as never;
      },
    };
    exportToMeter(metrics, meter);
    read({
      observe: ({ name }: { name: string }, value: number, labels: object) =>
        observed.push([name, value, labels]),
    });
    expect(made).toEqual([
      'counter joins_total',
      'counter size_bytes_bucket',
      'counter size_bytes_sum',
      'counter size_bytes_count',
      'gauge users',
    ]);
    expect(observed).toContainEqual(['joins_total', 2, { room: 'a' }]);
    expect(observed).toContainEqual(['size_bytes_bucket', 0, { le: '1' }]);
    expect(observed).toContainEqual(['users', 3, {}]);
    // The real API without an SDK accepts it too.
    exportToMeter(metrics, openTelemetry.getMeter('test') as never);
  });
});
