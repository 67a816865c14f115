import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runWorkers } from '../../src/workers/index.js';
import {
  DRAIN_MS,
  MAX_WORKERS,
  READY_TIMEOUT_MS,
  type RunWorkersOptions,
  workerSettings,
} from '../../src/workers/worker-settings.js';

describe('the options of runWorkers', () => {
  it('have the documented defaults', () => {
    expect([MAX_WORKERS, DRAIN_MS, READY_TIMEOUT_MS]).toEqual([1_024, 10_000, 30_000]);
    expect(workerSettings('file:///m.js', {})).toMatchObject({
      module: 'file:///m.js',
      workers: availableParallelism(),
      kind: 'threads',
      data: undefined,
      reactor: {},
      drainMs: 10_000,
      readyTimeoutMs: 30_000,
      hangTimeoutMs: 60_000,
      execArgv: undefined,
      restart: { initialDelayMs: 100, jitter: 0.2 },
    });
    expect(workerSettings('/m.js', { restart: false }).restart).toBeUndefined();
    expect(workerSettings('/m.js', { restart: { factor: 3 } }).restart).toMatchObject({
      factor: 3,
      maxDelayMs: 30_000,
    });
  });

  it.each([
    [new URL('file:///a/m.js'), 'file:///a/m.js'],
    ['file:///a/m.js', 'file:///a/m.js'],
    // Windows adds the drive.
    ['/a b/m.js', new URL('/a%20b/m.js', pathToFileURL('/')).href],
    ['data:text/javascript,1', 'data:text/javascript,1'],
  ])('take %s for a module', (module, href) => {
    expect(workerSettings(module, {}).module).toBe(href);
  });

  it.each(['threads', 'processes'] as const)('copy the data at the call (%s)', (kind) => {
    const data = { when: new Date(5), many: new Map([[1, new Uint8Array([2])]]), later: 1 };
    const copy = workerSettings('/m.js', { kind, data }).data;
    data.later = 2;
    expect(copy).toEqual({ ...data, later: 1 });
  });

  it.each(['threads', 'processes'] as const)('refuse data that cannot be sent (%s)', (kind) => {
    const data = { f: () => {} };
    expect(() => runWorkers('/m.js', { kind, data })).toThrow(/could not be cloned/);
    const reactor = { poller: () => {} } as never as RunWorkersOptions['reactor'];
    expect(() => runWorkers('/m.js', { kind, reactor } as never)).toThrow(/could not be cloned/);
  });

  it.each([
    [{ workers: 0 }, /^workers must be a whole number from 1 to 1024, not 0$/],
    [{ workers: 1_025 }, /^workers must be/],
    [{ workers: '2' }, /^workers must be a number/],
    [{ kind: 'fibers' }, /^kind must be one of threads, processes/],
    [{ drainMs: -1 }, /^drainMs must be/],
    [{ readyTimeoutMs: Number.NaN }, /^readyTimeoutMs must be/],
    [{ hangTimeoutMs: -1 }, /^hangTimeoutMs must be/],
    [{ restart: true }, /^options of runWorkers.restart must be a plain object/],
    [{ restart: { initialDelayMs: -1 } }, /^restart.initialDelayMs must be/],
    [{ restart: { maxDelayMs: 'x' } }, /^restart.maxDelayMs must be/],
    [{ restart: { healthyAfterMs: -1 } }, /^restart.healthyAfterMs must be/],
    [{ restart: { factor: 0.5 } }, /^restart.factor must be 1 or more/],
    [{ restart: { jitter: 1.1 } }, /^restart.jitter must be a number from 0 to 1, not 1.1$/],
    [{ restart: { jitter: '0' } }, /^restart.jitter must be a number/],
    [{ execArgv: '--x' }, /^execArgv must be an array of strings/],
    [{ execArgv: [1] }, /^execArgv must be/],
    [{ onEvent: 5 }, /^onEvent must be a function/],
  ])('refuse %j', (options, message) => {
    expect(() => runWorkers('/m.js', options as never)).toThrow(message);
  });

  it.each([undefined, 5, 'server.js', './server.js', ''])('refuse module %j', (module) => {
    const run = (): unknown => runWorkers(module as never);
    expect(run).toThrow(/^module must be a URL or an absolute path/);
  });

  it('refuse null for options', () => {
    expect(() => runWorkers('/m.js', null as never)).toThrow(
      /^options of runWorkers must be a plain object/,
    );
  });
});
