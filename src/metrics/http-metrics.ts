/** Requests of HTTP servers as metrics. */
import type { AccessRecord } from '../http/access-log.js';
import { checkString } from '../internal/check.js';
import { KNOWN_METHODS } from './http-methods.js';
import type { Counter, Histogram } from './instruments.js';
import type { MetricsRegistry } from './registry.js';

interface HTTPInstruments {
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly bytes: Counter;
}

const known = new WeakMap<MetricsRegistry, HTTPInstruments>();

function instrumentsOf(registry: MetricsRegistry): HTTPInstruments {
  let instruments = known.get(registry);
  if (instruments === undefined) {
    instruments = {
      requests: registry.counter(
        'ropewalk_http_requests_total',
        'Requests that were answered or cut off.',
        ['server', 'method', 'status'],
      ),
      durations: registry.histogram(
        'ropewalk_http_request_duration_seconds',
        'Time from the arrival of a request to the end of the answer.',
        ['server'],
      ),
      bytes: registry.counter(
        'ropewalk_http_sent_content_bytes_total',
        'Bytes of content that were sent.',
        ['server'],
      ),
    };
    known.set(registry, instruments);
  }
  return instruments;
}

/**
 * A function for the option `accessLog` of HTTP servers: counts requests by method and class of status (`2xx`, or `aborted`), and records
 * durations and bytes. `next` receives the records too.
 *
 * @param server The label `server`.
 * @throws InvalidArgumentTypeError
 * @example serveHttp(reactor, endpoint, handler, { accessLog: meterRequests(metrics, 'web') });
 */
export function meterRequests(
  registry: MetricsRegistry,
  server: string,
  next?: (record: AccessRecord) => void,
): (record: AccessRecord) => void {
  checkString('server', server);
  const { requests, durations, bytes } = instrumentsOf(registry);
  const duration = durations.with({ server });
  const sent = bytes.with({ server });
  return (record) => {
    requests.add(1, { server, method: methodOf(record), status: statusOf(record) });
    if (record.durationMs !== undefined) duration.record(record.durationMs / 1000);
    sent.add(record.bytes);
    next?.(record);
  };
}

function methodOf({ method }: AccessRecord): string {
  if (method === undefined) return 'unread';
  return KNOWN_METHODS.has(method) ? method : 'other';
}

function statusOf({ status, aborted }: AccessRecord): string {
  if (aborted || status === undefined) return 'aborted';
  return `${Math.floor(status / 100)}xx`;
}
