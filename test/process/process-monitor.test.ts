import { describe, expect, it } from 'vitest';
import { createReactor, ProcessAbandoned } from '../../src/index.js';
import {
  type ProcessEvent,
  ProcessMonitor,
  type ProcessMonitorOptions,
} from '../../src/process/index.js';
import { captureLoggedErrors } from '../../src/testing/index.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { FakeProcesses } from './fake-processes.js';

function monitored(options: ProcessMonitorOptions = {}, names = ['one']) {
  const reactor = new FakeProcesses();
  const lines: string[] = [];
  const events: ProcessEvent[] = [];
  const monitor = new ProcessMonitor(reactor, {
    onLine: ({ name, stream, text }) => lines.push(`${name} ${stream} ${text}`),
    onEvent: (event) => events.push(event),
    ...options,
  });
  for (const name of names) monitor.addProcess(name, `/bin/${name}`);
  const states = (): string => monitor.processes.map(({ state }) => state).join(' ');
  return { reactor, monitor, lines, events, states };
}

describe('a ProcessMonitor', () => {
  it('starts its programs in order, in sessions of their own, with pipes for their outputs', () => {
    const { reactor, monitor, states } = monitored({}, ['one', 'two']);
    expect(states()).toBe('stopped stopped');
    monitor.start();
    monitor.start();
    expect(reactor.started.map(({ executable }) => executable)).toEqual(['/bin/one', '/bin/two']);
    expect(reactor.last.options).toMatchObject({
      session: true,
      childDescriptors: { 0: 'ignore', 1: 'r', 2: 'r' },
    });
    monitor.addProcess('three', '/bin/three', { processGroup: 'new' });
    expect(reactor.last.options).toMatchObject({ session: false, processGroup: 'new' });
    expect(states()).toBe('running running running');
    expect(monitor.processes[2]).toMatchObject({ name: 'three', pid: 102, failures: 0 });
  });

  it('starts a program again after a delay that doubles, up to a limit', () => {
    const { reactor, monitor, events, states } = monitored({
      minRestartDelayMs: 100,
      maxRestartDelayMs: 350,
    });
    monitor.start();
    for (const delayMs of [100, 200, 350, 350]) {
      reactor.last.end(1);
      expect(events.at(-1)).toMatchObject({ type: 'exited', delayMs });
      expect(states()).toBe('waiting');
      reactor.advance(delayMs - 1);
      expect(states()).toBe('waiting');
      reactor.advance(1);
      expect(states()).toBe('running');
    }
    expect(monitor.processes[0]?.failures).toBe(4);
  });

  it('forgets earlier failures of a program that ran for a while', () => {
    const { reactor, monitor, events } = monitored({
      healthyAfterMs: 1_000,
      minRestartDelayMs: 50,
    });
    monitor.start();
    reactor.last.end(1);
    reactor.advance(50);
    reactor.advance(1_000);
    reactor.last.end('SIGSEGV');
    expect(events.at(-1)).toMatchObject({ delayMs: 50, uptimeMs: 1_000 });
  });

  it('tries again to start a program that cannot be started', () => {
    const { reactor, monitor, events, states } = monitored({ minRestartDelayMs: 10 });
    reactor.refusal = new Error('no such program');
    monitor.start();
    expect(events).toEqual([{ type: 'failed', name: 'one', error: reactor.refusal, delayMs: 10 }]);
    reactor.advance(10);
    expect(events.at(-1)).toMatchObject({ type: 'failed', delayMs: 20 });
    reactor.refusal = undefined;
    reactor.advance(20);
    expect(states()).toBe('running');
  });

  it('passes on lines, the last one without an end, and long ones in pieces', () => {
    const { reactor, monitor, lines } = monitored();
    monitor.start();
    reactor.last.write(1, 'a\r\nb');
    reactor.last.write(2, 'error\n\n');
    reactor.last.write(1, 'c\nrest');
    reactor.last.write(2, 'x'.repeat(16 * 1024 + 5));
    reactor.last.end();
    expect(lines).toEqual([
      'one stdout a',
      'one stderr error',
      'one stderr ',
      'one stdout bc',
      `one stderr ${'x'.repeat(16 * 1024)}`,
      'one stdout rest',
      'one stderr xxxxx',
    ]);
  });

  it('stops the last program first, each after the one that depends on it', () => {
    const { reactor, monitor, states } = monitored({}, ['one', 'two']);
    monitor.start();
    const [one, two] = reactor.started;
    let stopped = false;
    void monitor.stop().addCallback(() => {
      stopped = true;
    });
    expect(states()).toBe('running stopping');
    expect(two?.signals).toEqual(['SIGTERM to the group']);
    expect(one?.signals).toEqual([]);
    two?.end('SIGTERM');
    expect(states()).toBe('stopping stopped');
    expect(stopped).toBe(false);
    one?.end(0);
    expect(stopped).toBe(true);
    expect(reactor.calls).toEqual([]);
  });

  it('refuses a signal that does not exist', () => {
    for (const stopSignal of ['TERM', 'SIGNOTHING', 15] as unknown as NodeJS.Signals[]) {
      expect(() => monitored({ stopSignal })).toThrow(/signal/i);
    }
  });

  it('awaits the end of a program that it may not signal', () => {
    using errors = captureLoggedErrors();
    const { reactor, monitor, states } = monitored({ killAfterMs: 500 });
    monitor.start();
    reactor.last.signalProcess = () => {
      throw new Error('kill EPERM');
    };
    let stopped = false;
    void monitor.stop().addCallback(() => {
      stopped = true;
    });
    reactor.advance(500);
    expect(states()).toBe('stopping');
    reactor.last.end(0);
    expect(stopped).toBe(true);
    expect(errors.flush()).toHaveLength(2);
  });

  it('kills a program that does not end', () => {
    const { reactor, monitor, events } = monitored({ killAfterMs: 500, stopSignal: 'SIGINT' });
    monitor.start();
    void monitor.stop();
    reactor.advance(500);
    expect(reactor.last.signals).toEqual(['SIGINT to the group', 'SIGKILL to the group']);
    reactor.last.end('SIGKILL');
    expect(events.at(-1)).toMatchObject({ type: 'stopped', name: 'one' });
  });

  it('does not wait for a grandchild that holds the pipes', () => {
    const { reactor, monitor } = monitored({ killAfterMs: 500 });
    monitor.start();
    const { last } = reactor;
    last.exit(new ProcessAbandoned());
    expect(last.closed).toBe(false);
    reactor.advance(500);
    expect(last.closed).toBe(true);
  });

  it('does not restart programs when the reactor stops', () => {
    const { reactor, monitor, states } = monitored();
    monitor.start();
    reactor.last.exit(new ProcessAbandoned());
    expect(states()).toBe('stopped');
  });

  it('restarts a program that was abandoned after a restart', () => {
    const { reactor, monitor, states } = monitored({ minRestartDelayMs: 10 });
    monitor.start();
    reactor.last.end(1);
    reactor.advance(10);
    reactor.last.exit(new ProcessAbandoned());
    expect(states()).toBe('stopped');
    monitor.restartProcess('one');
    expect(states()).toBe('running');
  });

  it('reports errors of its callbacks, and continues', () => {
    using errors = captureLoggedErrors();
    const refuse = (): never => {
      throw new Error('refused');
    };
    const { reactor, monitor, states } = monitored({ onLine: refuse, onEvent: refuse });
    monitor.start();
    reactor.last.write(1, 'a\nb\n');
    let stopped = false;
    void monitor.stop().addCallback(() => {
      stopped = true;
    });
    reactor.last.end('SIGTERM');
    expect([states(), stopped]).toEqual(['stopped', true]);
    expect(errors.flush()).toHaveLength(4);
  });

  it('stops a program that waits for its restart', () => {
    const { reactor, monitor, states } = monitored();
    monitor.start();
    reactor.last.end(1);
    void monitor.stop();
    expect(states()).toBe('stopped');
    reactor.advance(3_600_000);
    expect(reactor.started).toHaveLength(1);
  });

  it('restarts a program without delay when it has stopped', () => {
    const { reactor, monitor, states } = monitored();
    monitor.start();
    monitor.restartProcess('one');
    monitor.restartProcess('one');
    expect(states()).toBe('stopping');
    reactor.last.end('SIGTERM');
    expect(states()).toBe('running');
    expect(reactor.started).toHaveLength(2);
    reactor.last.end(1);
    monitor.restartProcess('one');
    expect(states()).toBe('running');
  });

  it('removes programs', () => {
    const { reactor, monitor } = monitored({}, ['one', 'two']);
    monitor.start();
    void monitor.removeProcess('one');
    expect(monitor.processes.map(({ name }) => name)).toEqual(['two']);
    reactor.started[0]?.end('SIGTERM');
    reactor.advance(3_600_000);
    expect(reactor.started).toHaveLength(2);
  });

  it('signals a program, or its group, if it runs', () => {
    const { reactor, monitor } = monitored();
    expect(monitor.signalProcess('one', 'SIGHUP')).toBe(false);
    monitor.start();
    expect(monitor.signalProcess('one', 'SIGHUP')).toBe(true);
    expect(monitor.signalProcess('one', 'SIGUSR1', { group: true })).toBe(true);
    expect(reactor.last.signals).toEqual(['SIGHUP', 'SIGUSR1 to the group']);
    expect(() => monitor.signalProcess('other', 'SIGHUP')).toThrow(RangeError);
    expect(() => monitor.signalProcess('one', 'HUP' as 'SIGHUP')).toThrow('did you mean SIGHUP?');
    expect(() => monitor.signalProcess('one', 'SIGHUP', { grop: true } as object)).toThrow('grop');
  });

  it('refuses a name that is used, and unknown ones', () => {
    const { monitor } = monitored();
    expect(() => monitor.addProcess('one', '/bin/other')).toThrow(RangeError);
    expect(() => monitor.removeProcess('other')).toThrow(RangeError);
    expect(() => monitor.restartProcess('other')).toThrow(RangeError);
  });

  it.each(['native', 'node'] as const)('keeps a real program running (%s)', async (kind) => {
    needs('descriptors');
    await using reactor = createReactor({ kind });
    const pulse = new Pulse();
    const lines: string[] = [];
    const monitor = new ProcessMonitor(reactor, {
      minRestartDelayMs: 1,
      onLine: ({ text }) => {
        lines.push(text);
        pulse.notify();
      },
    });
    const env = { PATH: '/usr/bin:/bin' };
    monitor.addProcess('sleeper', '/bin/sh', { args: ['-c', 'echo up; exec sleep 60'], env });
    monitor.start();
    await pulse.until(() => lines.length === 1, 'the first line');
    process.kill(monitor.processes[0]?.pid as number, 'SIGKILL');
    await pulse.until(() => lines.length === 2, 'the second line');
    await monitor.stop();
    expect(monitor.processes).toMatchObject([{ state: 'stopped', pid: undefined }]);
  });
});
