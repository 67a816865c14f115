import { describe, expect, it } from 'vitest';
import { Application } from '../../src/application/application.js';
import { serviceFromString } from '../../src/application/endpoint-service.js';
import { type ApplicationEvent, runApplication } from '../../src/application/run-application.js';
import { Service } from '../../src/application/service.js';
import type { Address } from '../../src/core/address.js';
import { Protocol } from '../../src/core/protocol.js';
import type { Reactor } from '../../src/core/reactor.js';
import { Deferred } from '../../src/defer/deferred.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';
import { Recorded } from './services.js';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function handlers(): number[] {
  return SIGNALS.map((signal) => process.listenerCount(signal));
}

/** As the system would deliver it. */
function send(signal: NodeJS.Signals): void {
  process.emit(signal, signal);
}

/** An application whose events are recorded, and a Deferred that fires when it has started. */
function stage(reactor: Reactor): {
  application: Application;
  log: string[];
  started: Deferred<void>;
  onEvent: (event: { type: string }) => void;
} {
  const log: string[] = [];
  const started = new Deferred<void>();
  const onEvent = ({ type }: { type: string }): void => {
    log.push(type);
    if (type === 'started') started.callback();
  };
  return { application: new Application('test', reactor), log, started, onEvent };
}

describe.each(ONE_POLLER)('runApplication on $name', ({ make }) => {
  it('ends if the reactor crashes during the start', async () => {
    await using reactor = make();
    const before = handlers();
    const starting = new Deferred<void>();
    class Endless extends Service {
      protected override start(): Deferred<void> {
        starting.callback();
        return new Deferred<void>();
      }
    }
    const application = new Application('test', reactor);
    application.addService(new Endless());
    const ran = runApplication(application);
    await starting;
    reactor.crash();
    await ran;
    expect(handlers()).toEqual(before);
    expect(application.health.state).toBe('stopped');
  });

  it('starts, and stops everything before the reactor', async () => {
    await using reactor = make();
    const before = handlers();
    const { application, log, started, onEvent } = stage(reactor);
    const child = new Recorded('child', log);
    application.addService(child);
    const { health } = application;
    const ran = runApplication(application, {
      onEvent,
      dropPrivileges: () => void log.push('drop privileges'),
    });
    expect(health.state).toBe('starting');
    await started;
    expect(health.state).toBe('running');
    expect(handlers()).toEqual(before.map((count) => Math.max(1, count)));
    reactor.stop();
    expect(await ran).toEqual({
      signal: undefined,
      figures: { finished: 0, aborted: 0 },
      stopError: undefined,
    });
    expect(log).toEqual([
      ...['privileged child', 'drop privileges', 'start child', 'started'],
      ...['draining', 'drain child', 'stop child', 'stopped'],
    ]);
    expect([health.state, handlers(), reactor.getDelayedCalls()]).toEqual(['stopped', before, []]);
  });

  it('drains at a signal, and ends the drain at a second one', async () => {
    await using reactor = make();
    const { application, started, onEvent } = stage(reactor);
    const echo = serviceFromString(reactor, 'tcp:0:interface=127.0.0.1', Echo);
    application.addService(echo);
    const ran = runApplication(application, { onEvent, drainMs: 60_000 });
    await started;
    await using first = await RawPeer.connect(portIn(echo.getHost() as Address));
    await using second = await RawPeer.connect(portIn(echo.getHost() as Address));
    for (const peer of [first, second]) {
      peer.write('hello');
      await peer.receive(5);
    }
    send('SIGTERM');
    second.write('drain');
    await second.receive(10);
    expect(await application.health.ready()).toMatchObject({ healthy: false, state: 'draining' });
    await first[Symbol.asyncDispose]();
    second.write('still');
    await second.receive(15);
    send('SIGINT');
    expect(await ran).toMatchObject({ signal: 'SIGTERM', figures: { finished: 1, aborted: 1 } });
    expect(reactor.getDelayedCalls()).toEqual([]);
  });

  it('stops what has started if something fails to start', async () => {
    await using reactor = make();
    const before = handlers();
    const { application, log, onEvent } = stage(reactor);
    const [good, bad] = [new Recorded('good', log), new Recorded('bad', log)];
    bad.failing.add('start');
    application.addService(good);
    application.addService(bad);
    const ran = runApplication(application, { onEvent });
    await expect(ran.toPromise()).rejects.toThrow('start of bad failed');
    expect([good.state, application.health.state]).toEqual(['stopped', 'stopped']);
    expect([log, handlers(), reactor.running]).toEqual([
      expect.arrayContaining(['stop good']),
      before,
      false,
    ]);
    expect(log).not.toContain('started');
  });

  it('stops if the privileges cannot be dropped', async () => {
    await using reactor = make();
    const { application, log } = stage(reactor);
    application.addService(new Recorded('child', log));
    const dropPrivileges = (): never => {
      throw new Error('not permitted');
    };
    const ran = runApplication(application, { dropPrivileges });
    await expect(ran.toPromise()).rejects.toThrow('not permitted');
    expect(log).toEqual(['privileged child', 'drain child', 'stop child']);
  });

  it('cancels a start at a signal', async () => {
    await using reactor = make();
    const { application } = stage(reactor);
    const starting = new Deferred<void>();
    class Slow extends Service {
      protected override start(signal: AbortSignal): Promise<void> {
        starting.callback();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
    }
    application.addService(new Slow());
    const ran = runApplication(application);
    await starting;
    send('SIGINT');
    expect(await ran).toMatchObject({ signal: 'SIGINT' });
    expect(application.state).toBe('stopped');
  });

  it('reloads at SIGHUP, or stops if nothing can be reloaded', async () => {
    await using reactor = make();
    const { application, log, started, onEvent } = stage(reactor);
    const reloaded = new Deferred<void>();
    const child = Object.assign(new Service('child'), { reloadService: () => reloaded.callback() });
    application.addService(child);
    const ran = runApplication(application, { onEvent });
    await started;
    send('SIGHUP');
    await reloaded;
    await application.removeService(child);
    send('SIGHUP');
    expect((await ran).signal).toBe('SIGHUP');
    expect(log).toEqual(['started', 'reloaded', 'draining', 'stopped']);
  });

  it('continues if a reload fails', async () => {
    await using reactor = make();
    using logged = captureLoggedErrors();
    const { application, log, started } = stage(reactor);
    const reloaded = new Deferred<void>();
    const reloadService = (): never => {
      throw new Error('bad configuration');
    };
    application.addService(Object.assign(new Service('child'), { reloadService }));
    let failure: unknown;
    const onEvent = (event: ApplicationEvent): void => {
      log.push(event.type);
      if (event.type === 'started') started.callback();
      if (event.type !== 'reloaded') return;
      failure = event.error;
      reloaded.callback();
    };
    const ran = runApplication(application, { onEvent });
    await started;
    send('SIGHUP');
    await reloaded;
    expect(failure).toMatchObject({ message: 'bad configuration' });
    reactor.stop();
    await ran;
    expect(logged.flush()).toMatchObject([{ error: { message: 'bad configuration' } }]);
  });

  it('keeps listening for a while after it has announced that it is not ready', async () => {
    await using reactor = make();
    const { application, started, onEvent } = stage(reactor);
    const echo = serviceFromString(reactor, 'tcp:0:interface=127.0.0.1', Echo);
    application.addService(echo);
    const ran = runApplication(application, { onEvent, unreadyMs: 60_000 });
    await started;
    const port = portIn(echo.getHost() as Address);
    send('SIGTERM');
    await using peer = await RawPeer.connect(port);
    peer.write('hello');
    await peer.receive(5);
    expect(await application.health.ready()).toMatchObject({ healthy: false, state: 'draining' });
    await peer[Symbol.asyncDispose]();
    send('SIGTERM');
    expect(await ran).toMatchObject({ signal: 'SIGTERM' });
    await expect(RawPeer.connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('reports the errors of the stop in its result', async () => {
    await using reactor = make();
    const { application, log, started, onEvent } = stage(reactor);
    const child = new Recorded('child', log);
    child.failing.add('stop');
    application.addService(child);
    const ran = runApplication(application, { onEvent });
    await started;
    reactor.stop();
    expect((await ran).stopError).toMatchObject({ message: 'stop of child failed' });
  });
});
