/** The figures of reactors and pools as metrics. They are counted anyway: these functions only read them. */
import type { ReactorIntrospection } from '../core/reactor-introspection.js';
import type { ThreadPoolStatistics } from '../core/thread-pool.js';
import { checkFunction, checkString } from '../internal/check.js';
import type { HistogramSample, Labels, MetricFamily } from './family.js';
import type { MetricsRegistry } from './registry.js';

/** The limits of buckets of turns, in seconds. */
const TURN_BUCKETS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/**
 * Adds `ropewalk_reactor_*`: turns, bytes, connections and delayed calls, and the durations of turns if the reactor was made with
 * `measureTurns`, whose sum is at most 1/16 too large.
 *
 * @param name The label `reactor`. Default `main`.
 * @returns A function that removes them.
 * @throws InvalidArgumentTypeError
 */
export function addReactor(
  registry: MetricsRegistry,
  reactor: Pick<ReactorIntrospection, 'totals' | 'turnHistogram' | 'kind' | 'poller'>,
  name = 'main',
): () => void {
  checkFunction('reactor.totals', (reactor as Partial<typeof reactor> | null)?.totals);
  const labels = { reactor: checkString('name', name) };
  return registry.addSource(() => {
    const totals = reactor.totals();
    const { kind, poller } = reactor;
    return [
      family('gauge', 'reactor_info', 'Always 1; the labels name the implementation.', [
        { labels: { ...labels, kind, poller }, value: 1 },
      ]),
      total('reactor_turns', 'Turns in which sockets had events.', labels, totals.turns),
      total('reactor_received_bytes', 'Bytes received.', labels, totals.bytesReceived),
      total('reactor_sent_bytes', 'Bytes sent.', labels, totals.bytesSent),
      total(
        'reactor_connections_accepted',
        'Connections accepted.',
        labels,
        totals.connectionsAccepted,
      ),
      total(
        'reactor_connections_made',
        'Connections made to others.',
        labels,
        totals.connectionsMade,
      ),
      total('reactor_connections_lost', 'Connections that ended.', labels, totals.connectionsLost),
      level('reactor_connections_open', 'Transports open now.', labels, totals.connectionsOpen),
      level('reactor_delayed_calls', 'Delayed calls pending now.', labels, totals.delayedCalls),
      ...turnDurations(reactor, labels),
    ];
  });
}

function* turnDurations(
  reactor: Pick<ReactorIntrospection, 'turnHistogram'>,
  labels: Labels,
): Generator<MetricFamily> {
  const { limitsMs, counts } = reactor.turnHistogram();
  const sample = rebucketed(limitsMs, counts, labels);
  if (sample.count === 0) return;
  const name = 'ropewalk_reactor_turn_duration_seconds';
  yield { name, help: 'Durations of turns.', type: 'histogram', samples: [sample] };
}

function rebucketed(
  limitsMs: readonly number[],
  counts: readonly number[],
  labels: Labels,
): HistogramSample {
  let [sum, count, next] = [0, 0, 0];
  const buckets: [number, number][] = [];
  for (const [i, limitMs] of limitsMs.entries()) {
    for (; limitMs / 1000 > (TURN_BUCKETS[next] ?? Number.POSITIVE_INFINITY); next++) {
      buckets.push([TURN_BUCKETS[next] ?? 0, count]);
    }
    count += counts[i] ?? 0;
    sum += ((counts[i] ?? 0) * limitMs) / 1000;
  }
  return { labels, buckets, sum, count };
}

/**
 * Adds `ropewalk_thread_pool_*` of a pool of `ropewalk/threads`, or of `reactor.getThreadPool()`.
 *
 * @param name The label `pool`.
 * @returns A function that removes them.
 * @throws InvalidArgumentTypeError
 */
export function addThreadPool(
  registry: MetricsRegistry,
  pool: { statistics(): ThreadPoolStatistics },
  name: string,
): () => void {
  checkFunction('pool.statistics', (pool as Partial<typeof pool> | null)?.statistics);
  const labels = { pool: checkString('name', name) };
  return registry.addSource(() => {
    const { threads, busy, queued, waitedMs, ranMs, ...ended } = pool.statistics();
    const { succeeded, failed, cancelled, refused } = ended;
    const outcomes = Object.entries({ succeeded, failed, cancelled, refused });
    return [
      level('thread_pool_threads', 'Threads that exist now.', labels, threads),
      level('thread_pool_busy_threads', 'Threads that run a call now.', labels, busy),
      level('thread_pool_queued_calls', 'Calls that wait for a thread now.', labels, queued),
      family(
        'counter',
        'thread_pool_calls_total',
        'Calls that ended.',
        outcomes.map(([outcome, value]) => ({ labels: { ...labels, outcome }, value })),
      ),
      total('thread_pool_wait_seconds', 'Time that calls waited.', labels, waitedMs / 1000),
      total('thread_pool_run_seconds', 'Time that calls ran.', labels, ranMs / 1000),
    ];
  });
}

/** The figures of a `ConnectionPool` of `ropewalk/adbapi`. */
export interface DatabasePoolStatistics {
  readonly open: number;
  readonly opening: number;
  readonly busy: number;
  readonly waiting: number;
}

/**
 * Adds `ropewalk_database_pool_*` of a `ConnectionPool` of `ropewalk/adbapi`.
 *
 * @param name The label `pool`.
 * @returns A function that removes them.
 * @throws InvalidArgumentTypeError
 */
export function addDatabasePool(
  registry: MetricsRegistry,
  pool: { statistics(): DatabasePoolStatistics },
  name: string,
): () => void {
  checkFunction('pool.statistics', (pool as Partial<typeof pool> | null)?.statistics);
  const labels = { pool: checkString('name', name) };
  return registry.addSource(() => {
    const { open, opening, busy, waiting } = pool.statistics();
    return [
      level('database_pool_open_connections', 'Open connections.', labels, open),
      level('database_pool_opening_connections', 'Connections being opened.', labels, opening),
      level('database_pool_busy_connections', 'Connections in use.', labels, busy),
      level('database_pool_waiting_calls', 'Calls that wait for a connection.', labels, waiting),
    ];
  });
}

/** The figures of a `PubSub` of `ropewalk/pubsub`. */
export interface PubSubFigures {
  readonly connected: boolean;
  readonly subscriptions: number;
  readonly queued: number;
  readonly published: number;
  readonly failed: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly slowEnded: number;
  readonly lost: number;
}

/**
 * Adds `ropewalk_pubsub_*` of a `PubSub` of `ropewalk/pubsub`.
 *
 * @param name The label `pubsub`.
 * @returns A function that removes them.
 * @throws InvalidArgumentTypeError
 */
export function addPubSub(
  registry: MetricsRegistry,
  pubsub: { statistics(): PubSubFigures },
  name: string,
): () => void {
  checkFunction('pubsub.statistics', (pubsub as Partial<typeof pubsub> | null)?.statistics);
  const labels = { pubsub: checkString('name', name) };
  return registry.addSource(() => {
    const now = pubsub.statistics();
    return [
      level(
        'pubsub_connected',
        '1 with a connection to the server.',
        labels,
        now.connected ? 1 : 0,
      ),
      level('pubsub_subscriptions', 'Open subscriptions.', labels, now.subscriptions),
      level('pubsub_queued_messages', 'Messages that wait for receivers.', labels, now.queued),
      total('pubsub_published', 'Messages that were published.', labels, now.published),
      total('pubsub_failed', 'Publications that failed.', labels, now.failed),
      total('pubsub_delivered', 'Calls of receivers.', labels, now.delivered),
      total('pubsub_dropped', 'Messages dropped for slow receivers.', labels, now.dropped),
      total('pubsub_slow_ended', 'Subscriptions of slow receivers.', labels, now.slowEnded),
      total('pubsub_connections_lost', 'Connections that were lost.', labels, now.lost),
    ];
  });
}

function family(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  samples: readonly { labels: Labels; value: number }[],
): MetricFamily {
  return { name: `ropewalk_${name}`, help, type, samples };
}

function total(name: string, help: string, labels: Labels, value: number): MetricFamily {
  return family('counter', `${name}_total`, help, [{ labels, value }]);
}

function level(name: string, help: string, labels: Labels, value: number): MetricFamily {
  return family('gauge', name, help, [{ labels, value }]);
}
