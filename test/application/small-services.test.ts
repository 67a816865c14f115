import { describe, expect, it } from 'vitest';
import { CooperatorService } from '../../src/application/cooperator-service.js';
import { Drain } from '../../src/application/drain.js';
import { MultiService } from '../../src/application/multi-service.js';
import { serviceOf } from '../../src/application/service-of.js';
import { TimerService } from '../../src/application/timer-service.js';
import { ClientService } from '../../src/clients/client-service.js';
import { Deferred } from '../../src/defer/deferred.js';
import { SchedulerStoppedError } from '../../src/task/errors.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { FakeEndpoint } from '../clients/fake-endpoint.js';

describe('TimerService', () => {
  it('calls its function from its start to its stop, and leaves no timer', () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    const service = new TimerService(clock, 1_000, (text: string) => void calls.push(text), 'tick');
    service.startService();
    clock.advance(2_000);
    service.stopService();
    clock.advance(2_000);
    expect([calls.length, calls[0], clock.getDelayedCalls().length]).toEqual([3, 'tick', 0]);
    service.startService();
    expect([calls.length, service.active]).toEqual([4, true]);
    service.stopService();
  });

  it('waits for a call in progress when it stops', () => {
    const clock = new ManualClock();
    const call = new Deferred<void>();
    const service = new TimerService(clock, 1_000, () => call);
    service.startService();
    const stopped = service.stopService();
    expect(stopped.fired).toBe(false);
    call.callback();
    expect([stopped.fired, clock.getDelayedCalls().length]).toEqual([true, 0]);
  });

  it('reports a call that fails, and makes no more', () => {
    const clock = new ManualClock();
    using logged = captureLoggedErrors();
    const service = new TimerService(clock, 1_000, function poll() {
      throw new Error('no answer');
    });
    service.startService();
    expect(logged.flush()).toMatchObject([{ error: { message: 'no answer' }, where: 'poll' }]);
    expect([service.running, service.active, clock.getDelayedCalls().length]).toEqual([
      ...[true, false, 0],
    ]);
    expect(service.stopService().fired).toBe(true);
  });
});

describe('CooperatorService', () => {
  it('gives turns while it is running, and ends the tasks when it stops', async () => {
    const clock = new ManualClock();
    const service = new CooperatorService({ clock, sliceMs: 0, restMs: 1 });
    const done: number[] = [];
    const work = service.coiterate(
      (function* () {
        for (let i = 0; ; i++) yield done.push(i);
      })(),
    );
    clock.advance(5);
    expect(done).toEqual([]);
    service.startService();
    clock.advance(3);
    expect(done).toEqual([0, 1, 2]);
    service.stopService();
    await expect(work.toPromise()).rejects.toBeInstanceOf(SchedulerStoppedError);
    expect(clock.getDelayedCalls()).toEqual([]);
  });
});

describe('serviceOf', () => {
  it('starts and stops objects with both methods', async () => {
    const log: string[] = [];
    const monitor = {
      start(): void {
        log.push('start');
      },
      async stop(): Promise<void> {
        log.push('stop');
      },
    };
    const service = serviceOf(monitor, { name: 'programs' });
    expect(service.name).toBe('programs');
    for (let i = 0; i < 2; i++) {
      await service.startService();
      await service.stopService();
    }
    expect(log).toEqual(['start', 'stop', 'start', 'stop']);
  });

  it.each(['stop', 'close', Symbol.asyncDispose, Symbol.dispose] as const)(
    'ends an object by %s',
    async (method) => {
      let ends = 0;
      const service = serviceOf({ [method]: () => void ends++ } as never);
      await service.startService();
      await service.stopService();
      expect(ends).toBe(1);
    },
  );

  it('opens an object at each start, and waits until it is ready', async () => {
    const ready = new Deferred<void>();
    const log: string[] = [];
    const service = serviceOf(async () => ({ ready, stop: () => void log.push('stop') }));
    const started = service.startService();
    expect(started.fired).toBe(false);
    ready.callback();
    await started;
    await service.stopService();
    expect(log).toEqual(['stop']);
  });

  it('ends an object that does not become ready', async () => {
    const log: string[] = [];
    const service = serviceOf(() => ({
      ready: Promise.reject(new Error('not ready')),
      stop: () => void log.push('stop'),
    }));
    await expect(service.startService().toPromise()).rejects.toThrow('not ready');
    expect([log, service.state]).toEqual([['stop'], 'stopped']);
  });

  it('refuses objects that cannot be ended', async () => {
    expect(() => serviceOf({} as never)).toThrow('Symbol.asyncDispose');
    const opened = serviceOf(() => 5).startService();
    await expect(opened.toPromise()).rejects.toThrow('the result of the function');
  });
});

describe('a ClientService as a child', () => {
  it('connects from the start of its parent to the stop', async () => {
    const clock = new ManualClock();
    const endpoint = new FakeEndpoint();
    const client = new ClientService(endpoint, () => ({}), { clock });
    const parent = new MultiService();
    parent.addService(client);
    parent.startService();
    expect([client.running, endpoint.attempts]).toEqual([true, 1]);
    endpoint.succeed();
    const stopped = parent.stopService(new Drain(clock, 5_000));
    endpoint.settle();
    expect([client.running, stopped.fired]).toEqual([false, true]);
  });
});
