import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Application } from '../../src/application/application.js';
import { runApplication } from '../../src/application/run-application.js';
import { Service } from '../../src/application/service.js';
import { SystemdNotifier } from '../../src/application/systemd-notifier.js';
import type { Reactor } from '../../src/core/reactor.js';
import { Pulse } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-notify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What systemd would receive. */
class Receiver {
  readonly messages: string[] = [];
  readonly pulse: Pulse = new Pulse();

  constructor(reactor: Reactor, path: string) {
    reactor.listenUNIXDatagram(path, (data) => {
      this.messages.push(data.toString());
      this.pulse.notify();
    });
  }

  async until(text: string): Promise<void> {
    await this.pulse.until(
      () => this.messages.some((message) => message.includes(text)),
      () => `the message ${text}; received ${this.messages}`,
    );
  }
}

const NATIVE = ONE_POLLER.filter(({ native }) => native && process.platform === 'linux');

describe.each(NATIVE)('SystemdNotifier on $name', ({ make }) => {
  it.each(['path', 'abstract'])('sends to a socket with a name: %s', async (kind) => {
    await using reactor = make();
    const name = join(folder, `${kind}.sock`);
    const receiver = new Receiver(reactor, kind === 'path' ? name : `\0${name}`);
    const environment: NodeJS.ProcessEnv = {
      NOTIFY_SOCKET: kind === 'path' ? name : `@${name}`,
      WATCHDOG_USEC: '3000000',
      WATCHDOG_PID: String(process.pid),
      OTHER: 'kept',
    };
    const notifier = SystemdNotifier.fromEnvironment(reactor, environment);
    expect([environment, notifier?.watchdogMs]).toEqual([{ OTHER: 'kept' }, 3_000]);
    await notifier?.ready('serving');
    await notifier?.reloading();
    await notifier?.notify({ STATUS: 'two\nlines', EXTEND_TIMEOUT_USEC: 5 });
    await notifier?.stopping('bye');
    await notifier?.mainProcess(42);
    await notifier?.ready();
    await notifier?.close();
    await receiver.until('MAINPID');
    expect(receiver.messages).toEqual([
      'READY=1\nSTATUS=serving',
      expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/),
      'STATUS=two lines\nEXTEND_TIMEOUT_USEC=5',
      'STOPPING=1\nSTATUS=bye',
      'MAINPID=42',
    ]);
  });

  it('tells the life of an application, with the watchdog', async () => {
    await using reactor = make();
    const path = join(folder, 'life.sock');
    const receiver = new Receiver(reactor, path);
    await using program = make();
    const notifier = SystemdNotifier.fromEnvironment(program, {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '20000',
    });
    const application = new Application('test', program);
    application.addService(Object.assign(new Service(), { reloadService: () => {} }));
    const ran = runApplication(application, { notifier });
    await receiver.until('READY');
    await receiver.until('WATCHDOG');
    process.emit('SIGHUP', 'SIGHUP');
    await receiver.until('RELOADING');
    program.stop();
    await ran;
    await receiver.until('STOPPING');
    const steps = receiver.messages.filter((message) => message !== 'WATCHDOG=1');
    expect(steps.map((message) => message.split('\n')[0])).toEqual([
      ...['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1'],
    ]);
  });

  it('sends no keep-alive while a live check fails', async () => {
    await using reactor = make();
    const path = join(folder, 'hung.sock');
    const receiver = new Receiver(reactor, path);
    await using program = make();
    const notifier = SystemdNotifier.fromEnvironment(program, {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '2000',
    });
    const application = new Application('test', program);
    const pulse = new Pulse();
    let checks = 0;
    const check = (): boolean => {
      checks += 1;
      pulse.notify();
      return false;
    };
    application.health.add('worker', check, { kind: 'live' });
    const ran = runApplication(application, { notifier });
    await pulse.until(() => checks > 2, 'checks');
    program.stop();
    await ran;
    await receiver.until('STOPPING');
    expect(receiver.messages).toEqual(['READY=1', 'STOPPING=1']);
  });
});

describe('SystemdNotifier', () => {
  it.each([[{}], [{ NOTIFY_SOCKET: '' }], [{ NOTIFY_SOCKET: 'relative' }]])(
    'needs a socket: %j',
    async (environment) => {
      const [{ make } = {}] = ONE_POLLER;
      await using reactor = make?.();
      expect(
        SystemdNotifier.fromEnvironment(reactor as Reactor, { ...environment }),
      ).toBeUndefined();
    },
  );
});
