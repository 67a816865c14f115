/** promtool checks the text of our metrics. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import {
  addConnections,
  addReactor,
  addThreadPool,
  MetricsRegistry,
  meterListener,
  meterRequests,
  prometheusText,
} from '../../src/metrics/index.js';
import { hasProgram } from '../support/peers.js';

const PROMTOOL = hasProgram('promtool');
if (!PROMTOOL) console.warn('skipped: there is no promtool here');

describe.skipIf(!PROMTOOL)('promtool', () => {
  it('accepts all metrics without a warning', async () => {
    await using reactor = createReactor({ measureTurns: true });
    const metrics = new MetricsRegistry();
    addReactor(metrics, reactor);
    addThreadPool(metrics, reactor.getThreadPool(), 'reactor');
    addConnections(metrics)();
    meterListener(metrics, 'a "name"\n', () => null);
    meterRequests(
      metrics,
      'web',
    )({
      remoteAddress: '',
      user: undefined,
      timeMs: 0,
      method: 'GET',
      target: '/',
      version: '1.1',
      status: 200,
      bytes: 1,
      aborted: false,
      host: undefined,
      referer: undefined,
      userAgent: undefined,
      durationMs: 1,
    });
    metrics.gauge('app_ratio', 'Help with \\ and\nnewline.').set(Number.NaN);
    await new Promise<void>((resolve) => void reactor.callLater(1, resolve));
    const text = prometheusText(metrics);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(text).toContain('ropewalk_http_requests_total');
  });
});
