import { describe, expect, it } from 'vitest';
import { Drain } from '../../src/application/drain.js';
import { ServiceStartCancelledError, ServiceStopError } from '../../src/application/errors.js';
import { Service } from '../../src/application/service.js';
import { Deferred } from '../../src/defer/deferred.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { errorOf, Recorded } from './services.js';

describe('Service', () => {
  it('starts and stops once, without delay', () => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    expect([service.state, service.running]).toEqual(['stopped', false]);
    expect(service.startService().fired).toBe(true);
    service.startService();
    expect([service.state, service.running]).toEqual(['running', true]);
    service.stopService();
    service.stopService();
    expect([service.state, service.running]).toEqual(['stopped', false]);
    expect(log).toEqual(['start a', 'drain a', 'stop a']);
    expect(String(service)).toBe('<a, stopped>');
    expect(String(new Service())).toBe('<Service, stopped>');
  });

  it('can be started again, also during its stop', async () => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    service.startService();
    const stop = service.hold('stop');
    const stopped = service.stopService();
    const started = service.startService();
    expect(service.state).toBe('stopping');
    stop.callback();
    await stopped;
    await started;
    expect(service.state).toBe('running');
    expect(log).toEqual(['start a', 'drain a', 'stop a', 'start a']);
  });

  it('prepares with privileges before it starts', () => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    service.privilegedStartService();
    expect(service.state).toBe('prepared');
    service.privilegedStartService();
    service.startService();
    service.privilegedStartService();
    expect(log).toEqual(['privileged a', 'start a']);
  });

  it('stops what was prepared', () => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    service.privilegedStartService();
    service.stopService();
    expect(log).toEqual(['privileged a', 'drain a', 'stop a']);
  });

  it('does not stop a service of which nothing was started', () => {
    const log: string[] = [];
    class Plain extends Service {
      protected override stop(): void {
        log.push('stop');
      }
    }
    const service = new Plain();
    service.privilegedStartService();
    service.stopService();
    expect([service.state, log]).toEqual(['stopped', []]);
    service.startService();
    service.stopService();
    expect(log).toEqual(['stop']);
  });

  it.each(['privileged', 'start'])('waits for the step %s before it stops', async (step) => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    const held = service.hold(step);
    const started = step === 'start' ? service.startService() : service.privilegedStartService();
    const stopped = service.stopService();
    expect(log).toEqual([`${step} a`]);
    held.callback();
    const failure = await started.addErrback(errorOf);
    await stopped;
    expect(service.state).toBe('stopped');
    expect(log).toEqual([`${step} a`, 'drain a', 'stop a']);
    if (step === 'start') expect(failure).toBeInstanceOf(ServiceStartCancelledError);
  });

  it('is stopped if the start ends as soon as it is cancelled', async () => {
    class Cancellable extends Service {
      protected override start(signal: AbortSignal): Deferred<void> {
        return new Deferred<void>().cancelOn(signal);
      }
    }
    const service = new Cancellable();
    const started = service.startService().addErrback(errorOf);
    const stopped = service.stopService();
    expect(await started).toBeInstanceOf(ServiceStartCancelledError);
    expect([stopped.fired, service.state]).toEqual([true, 'stopped']);
  });

  it('aborts the signal of a start that is cancelled', async () => {
    class Slow extends Service {
      protected override start(signal: AbortSignal): Promise<void> {
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
    }
    const service = new Slow();
    const started = service.startService();
    await service.stopService();
    await expect(started.toPromise()).rejects.toThrow('Slow was stopped before it had started');
  });

  it('fails as its start does, and is stopped then', async () => {
    const service = new Recorded('a', []);
    service.failing.add('start');
    const [first, second] = [service.startService(), service.startService()];
    await expect(first.toPromise()).rejects.toThrow('start of a failed');
    await expect(second.toPromise()).rejects.toThrow('start of a failed');
    expect(service.state).toBe('stopped');
  });

  it('stops although its drain fails, and fails with all errors', async () => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    service.startService();
    service.failing.add('drain').add('stop');
    const error = await service.stopService().addErrback(errorOf);
    expect(error).toBeInstanceOf(ServiceStopError);
    expect((error as ServiceStopError).message).toBe(
      '2 errors while stopping: drain of a failed; stop of a failed',
    );
    expect(service.state).toBe('stopped');
    expect(log).toEqual(['start a', 'drain a', 'stop a']);
  });

  it('is drained once, and only while it is running', () => {
    const log: string[] = [];
    const service = new Recorded('a', log);
    service.drainService(new Drain());
    service.startService();
    service.drainService(new Drain());
    service.drainService(new Drain());
    service.stopService();
    service.startService();
    service.stopService();
    const life = ['start a', 'drain a', 'stop a'];
    expect(log).toEqual([...life, ...life]);
  });
});

describe('Drain', () => {
  it('has passed its deadline without a clock', () => {
    const drain = new Drain();
    expect([drain.signal.aborted, drain.remainingMs]).toEqual([true, 0]);
    expect(drain.wait(new Promise(() => {})).fired).toBe(true);
  });

  it('aborts at its deadline, and counts', () => {
    const clock = new ManualClock();
    const drain = new Drain(clock, 1_000);
    const waited = drain.wait(new Promise(() => {}));
    clock.advance(400);
    expect(drain.remainingMs).toBe(600);
    drain.count({ finished: 2, aborted: 0 });
    drain.count({ finished: 1, aborted: 3 });
    clock.advance(599);
    expect([drain.signal.aborted, waited.fired]).toEqual([false, false]);
    clock.advance(1);
    expect([drain.signal.aborted, waited.fired]).toEqual([true, true]);
    expect(drain.figures).toEqual({ finished: 3, aborted: 3 });
  });

  it('ends early without a timer left', () => {
    const clock = new ManualClock();
    new Drain(clock, 1_000).cut();
    new Drain(clock, 1_000)[Symbol.dispose]();
    expect(clock.getDelayedCalls()).toEqual([]);
  });
});
