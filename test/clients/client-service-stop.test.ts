import { describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError } from '../../src/defer/errors.js';
import { Chat, outcomeOf, stage } from './client-stage.js';

describe('stopService', () => {
  it('is complete at once for a service that was never started, waits or has stopped', () => {
    const fresh = stage();
    expect(outcomeOf(fresh.service.stopService()).value).toBe('nothing');
    const { clock, endpoint, service } = stage();
    service.startService();
    endpoint.fail();
    expect(outcomeOf(service.stopService()).value).toBe('nothing');
    expect(clock.getDelayedCalls()).toEqual([]);
    expect(outcomeOf(service.stopService()).value).toBe('nothing');
    expect([service.state, service.running]).toEqual(['stopped', false]);
  });

  it('cancels the attempt', () => {
    const { endpoint, service } = stage();
    service.startService();
    const stopped = outcomeOf(service.stopService());
    expect(endpoint.pending).toEqual([]);
    expect(stopped.value).toBe('nothing');
  });

  it('closes the connection, and is complete when that has ended', () => {
    const { clock, endpoint, service } = stage();
    service.startService();
    endpoint.succeed();
    const first = outcomeOf(service.stopService());
    const second = outcomeOf(service.stopService());
    expect([service.state, first, second]).toEqual(['disconnecting', {}, {}]);
    endpoint.settle();
    expect([first.value, second.value]).toEqual(['nothing', 'nothing']);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('aborts a connection that does not close in time', () => {
    const { clock, endpoint, service } = stage({ closeTimeoutMs: 100 });
    service.startService();
    endpoint.succeed();
    // A producer keeps a closing connection open.
    endpoint.transport.registerProducer(
      { pauseProducing() {}, resumeProducing() {}, stopProducing() {} },
      true,
    );
    const stopped = outcomeOf(service.stopService());
    endpoint.settle();
    expect(stopped).toEqual({});
    clock.advance(100);
    endpoint.settle();
    expect(stopped.value).toBe('nothing');
  });

  it('cancels the preparation', () => {
    const cancelled = vi.fn();
    const { endpoint, service } = stage({ prepareConnection: () => new Deferred(cancelled) });
    service.startService();
    endpoint.succeed();
    const stopped = outcomeOf(service.stopService());
    expect(cancelled).toHaveBeenCalledOnce();
    endpoint.settle();
    expect(stopped.value).toBe('nothing');
    expect(service.state).toBe('stopped');
  });

  it('may be followed by startService before it is complete', () => {
    const { endpoint, service } = stage();
    service.startService();
    endpoint.succeed();
    const stopped = outcomeOf(service.stopService());
    service.startService();
    expect([service.state, service.running]).toEqual(['restarting', true]);
    const waiting = outcomeOf(service.whenConnected());
    endpoint.settle();
    expect([stopped.value, service.state]).toEqual(['nothing', 'connecting']);
    endpoint.succeed();
    expect(waiting.value).toBeInstanceOf(Chat);
  });

  it('may be called while a stop completes', () => {
    const { endpoint, service } = stage();
    service.startService();
    endpoint.succeed();
    let second: ReturnType<typeof outcomeOf> | undefined;
    service.stopService().addCallback(() => {
      second = outcomeOf(service.stopService());
    });
    service.startService();
    endpoint.settle();
    expect(second?.value).toBe('nothing');
    expect([service.state, endpoint.pending]).toEqual(['stopped', []]);
  });

  it('may be called from onFailure, and followed by startService', () => {
    const service = stage({
      onFailure() {
        void service.service.stopService();
        if (service.endpoint.attempts < 3) service.service.startService();
      },
    });
    service.endpoint.immediately = 'fail';
    service.service.startService();
    expect(service.endpoint.attempts).toBe(3);
    expect(service.service.state).toBe('stopped');
    expect(service.clock.getDelayedCalls()).toEqual([]);
  });

  it('is complete if a failed whenConnected starts the service again', () => {
    const { endpoint, service } = stage();
    service.startService();
    endpoint.fail();
    service.whenConnected().addErrback(() => service.startService());
    const stopped = outcomeOf(service.stopService());
    expect([service.state, stopped.value]).toEqual(['connecting', 'nothing']);
  });

  it('does not cancel the attempt of a service that a failed whenConnected has started again', () => {
    const { endpoint, service } = stage();
    service.startService();
    service.whenConnected().addErrback(() => {
      service.startService();
      void service.stopService();
      service.startService();
    });
    const stopped = outcomeOf(service.stopService());
    expect(stopped.value).toBe('nothing');
    expect([service.state, endpoint.pending.length]).toEqual(['connecting', 1]);
  });

  it('completes for all callers, even if the callback of one cancels the Deferred of another', () => {
    const { endpoint, service } = stage();
    service.startService();
    endpoint.succeed();
    const first = service.stopService();
    const second = service.stopService();
    const third = outcomeOf(service.stopService());
    first.addCallback(() => second.cancel());
    const cancelled = outcomeOf(second);
    endpoint.settle();
    expect(cancelled.error).toBeInstanceOf(CancelledError);
    expect([third.value, service.state]).toEqual(['nothing', 'stopped']);
  });

  it('can be cancelled, which does not start the service again', () => {
    const { endpoint, service } = stage();
    service.startService();
    endpoint.succeed();
    const stopping = service.stopService();
    const outcome = outcomeOf(stopping);
    stopping.cancel();
    expect(outcome.error).toBeInstanceOf(CancelledError);
    endpoint.settle();
    expect(service.state).toBe('stopped');
  });
});
