import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Application } from '../../src/application/application.js';
import { MAX_UNSENT_MESSAGES } from '../../src/application/notify-socket.js';
import { runApplication } from '../../src/application/run-application.js';
import { Service } from '../../src/application/service.js';
import { SystemdNotifier } from '../../src/application/systemd-notifier.js';
import type { Reactor } from '../../src/core/reactor.js';
import { createReactor } from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
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

  it('sends a message again to a receiver that was restarted, and closes in time without one', async () => {
    await using reactor = make();
    const path = join(folder, 'restarted.sock');
    const first = reactor.listenUNIXDatagram(path, () => {});
    await using program = make();
    const notifier = SystemdNotifier.fromEnvironment(program, { NOTIFY_SOCKET: path });
    await notifier?.ready();
    await first.stopListening();
    const stopping = notifier?.stopping('bye');
    const status = notifier?.status('still here');
    await vi.waitFor(() => expect(flushLoggedErrors()).toHaveLength(1));
    const receiver = new Receiver(reactor, path);
    await Promise.all([stopping, status]);
    await receiver.until('still here');
    expect(receiver.messages).toEqual(['STOPPING=1\nSTATUS=bye', 'STATUS=still here']);
    expect(flushLoggedErrors()).toEqual([]);
    await notifier?.close();
  });

  it('connects to a receiver that is started later, and gives up when it is closed', async () => {
    await using reactor = make();
    const path = join(folder, 'later.sock');
    const notifier = SystemdNotifier.fromEnvironment(reactor, { NOTIFY_SOCKET: path });
    const ready = notifier?.ready();
    expect(flushLoggedErrors()).toMatchObject([{ where: 'notify systemd' }]);
    const receiver = new Receiver(reactor, path);
    await ready;
    await receiver.until('READY');
    const missing = SystemdNotifier.fromEnvironment(reactor, { NOTIFY_SOCKET: `${path}.missing` });
    const lost = missing?.ready();
    await missing?.close();
    expect(lost?.fired).toBe(false);
    expect(flushLoggedErrors()).toHaveLength(1);
  });

  it('keeps a limited number of messages', async () => {
    await using reactor = make();
    const path = join(folder, 'limit.sock');
    const notifier = SystemdNotifier.fromEnvironment(reactor, { NOTIFY_SOCKET: path });
    const sent = Array.from({ length: MAX_UNSENT_MESSAGES + 2 }, (_, i) =>
      notifier?.status(`${i}`),
    );
    expect(sent.map((each) => each?.fired).filter(Boolean)).toHaveLength(2);
    const receiver = new Receiver(reactor, path);
    await receiver.until(`STATUS=${MAX_UNSENT_MESSAGES + 1}`);
    expect(receiver.messages[0]).toBe('STATUS=2');
    expect(flushLoggedErrors()).toHaveLength(1);
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

describe('SystemdNotifier on a reactor without UNIX datagrams', () => {
  it('sends with the program systemd-notify, one message after the other', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const log = join(folder, 'notify.log');
    const program = `#!/bin/sh\nprintf '%s|' "$NOTIFY_SOCKET" "$@" >> '${log}'\necho >> '${log}'\n`;
    writeFileSync(join(bin, 'systemd-notify'), program, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    await using reactor = createReactor({ kind: 'node' });
    const notifier = SystemdNotifier.fromEnvironment(reactor, { NOTIFY_SOCKET: '/run/notify' });
    void notifier?.ready('serving');
    void notifier?.stopping();
    await notifier?.close();
    vi.unstubAllEnvs();
    const start = `/run/notify|--pid=${process.pid}|`;
    expect(readFileSync(log, 'utf8')).toBe(
      `${start}READY=1|STATUS=serving|\n${start}STOPPING=1|\n`,
    );
  });

  it('reports a program that is missing, and continues', async () => {
    vi.stubEnv('PATH', join(folder, 'nothing'));
    await using reactor = createReactor({ kind: 'node' });
    const notifier = SystemdNotifier.fromEnvironment(reactor, { NOTIFY_SOCKET: '/run/notify' });
    await notifier?.ready();
    vi.unstubAllEnvs();
    expect(flushLoggedErrors()).toMatchObject([{ where: 'notify systemd' }]);
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
