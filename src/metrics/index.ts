/** The entry point `ropewalk/metrics`: counters, gauges and histograms, for Prometheus, prom-client and OpenTelemetry, and spans. */
export { addAgent, type MeteredAgent } from './agent-metrics.js';
export { type TraceAgentsOptions, traceAgents } from './agent-spans.js';
export { addConnections, meterListener } from './connection-metrics.js';
export type { HistogramSample, Labels, MetricFamily, MetricSample } from './family.js';
export { meterRequests } from './http-metrics.js';
export {
  type Counter,
  type CounterSeries,
  DURATION_BUCKETS,
  type Gauge,
  type GaugeSeries,
  type Histogram,
  type HistogramSeries,
} from './instruments.js';
export {
  exportToMeter,
  type OpenTelemetryMeter,
  type OpenTelemetryTracer,
  traceConnections,
} from './open-telemetry.js';
export { type PromClientRegistry, registerWithPromClient } from './prom-client.js';
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus.js';
export {
  addDatabasePool,
  addPubSub,
  addReactor,
  addThreadPool,
  type DatabasePoolStatistics,
  type PubSubFigures,
} from './reactor-metrics.js';
export { type MetricSource, MetricsRegistry } from './registry.js';
export {
  type OpenTelemetryAPI,
  type TracedHandling,
  type TracedRequest,
  type TraceRequestsOptions,
  traceRequests,
} from './request-spans.js';
export { parseTraceParent, type TraceParent } from './trace-context.js';
