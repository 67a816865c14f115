/** Tells systemd about the state of the service: sd_notify(3). */
import { execFile } from 'node:child_process';

import { UnsupportedError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { checkObject, checkReactor } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { NotifySocket } from './notify-socket.js';

/** The variables of sd_notify(3), such as `{ READY: 1, STATUS: 'serving' }`. */
export type NotifyFields = Readonly<Record<string, string | number>>;

interface Channel {
  send(message: string): Deferred<void>;
  close(): Deferred<void>;
}

/**
 * Sends to the socket of `NOTIFY_SOCKET`, which may be abstract. On a reactor without UNIX datagrams each message is sent by the
 * program `systemd-notify`: the unit then needs `NotifyAccess=all`.
 *
 * If the receiver is restarted, messages that it has not received are sent again; see `MAX_ATTEMPTS`. Messages that cannot be sent are
 * reported, and the program continues.
 */
export class SystemdNotifier {
  /** The time after which systemd considers the service hung; undefined if the unit has no `WatchdogSec=`. */
  readonly watchdogMs: number | undefined;
  readonly #channel: Channel;
  #retired = false;

  private constructor(channel: Channel, watchdogMs: number | undefined) {
    this.#channel = channel;
    this.watchdogMs = watchdogMs;
  }

  /**
   * Takes `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` out of the environment, so that child processes do not use them.
   *
   * @param environment Default: that of this process.
   * @returns Undefined if the program was not started by a service manager that waits for messages.
   * @throws InvalidArgumentTypeError
   */
  static fromEnvironment(
    reactor: Reactor,
    environment: NodeJS.ProcessEnv = process.env,
  ): SystemdNotifier | undefined {
    checkReactor('reactor', reactor);
    checkObject('environment', environment);
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
    if (NOTIFY_SOCKET === undefined || !/^[/@]./.test(NOTIFY_SOCKET)) return undefined;
    const forThis = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
    const watchdogUs = forThis ? Number(WATCHDOG_USEC ?? 0) : 0;
    return new SystemdNotifier(
      openChannel(reactor, NOTIFY_SOCKET),
      watchdogUs > 0 ? watchdogUs / 1_000 : undefined,
    );
  }

  /** Sends variables, in one datagram. Fires when the system has it. Never fails. */
  notify(fields: NotifyFields): Deferred<void> {
    const lines = Object.entries(fields).map(([name, value]) => {
      // A line ending would begin another variable.
      return `${name}=${String(value).replaceAll(/[\r\n]+/g, ' ')}`;
    });
    if (this.#retired) return succeed();
    return this.#channel.send(lines.join('\n')).addErrback(({ value }) => {
      reportError(value, 'notify systemd');
    });
  }

  /** The start, or a reload, is complete. */
  ready(status?: string): Deferred<void> {
    return this.notify(status === undefined ? { READY: 1 } : { READY: 1, STATUS: status });
  }

  /** A reload begins: `ready` ends it. */
  reloading(): Deferred<void> {
    // CLOCK_MONOTONIC, as systemd reads it.
    return this.notify({ RELOADING: 1, MONOTONIC_USEC: String(process.hrtime.bigint() / 1_000n) });
  }

  /** The stop begins. */
  stopping(status?: string): Deferred<void> {
    return this.notify(status === undefined ? { STOPPING: 1 } : { STOPPING: 1, STATUS: status });
  }

  /** A line for people, which `systemctl status` shows. */
  status(text: string): Deferred<void> {
    return this.notify({ STATUS: text });
  }

  /** Another process is the main one from now on: this one sends no more messages. */
  mainProcess(pid: number): Deferred<void> {
    const sent = this.notify({ MAINPID: pid });
    this.#retired = true;
    return sent;
  }

  /** The service does not hang. */
  keepAlive(): Deferred<void> {
    return this.notify({ WATCHDOG: 1 });
  }

  /** Closes the socket when all messages are sent. */
  close(): Deferred<void> {
    return this.#channel.close();
  }
}

function openChannel(reactor: Reactor, path: string): Channel {
  const isAbstract = path.startsWith('@');
  try {
    return new NotifySocket(reactor, isAbstract ? `\0${path.slice(1)}` : path);
  } catch (error) {
    if (error instanceof UnsupportedError) return new ProgramChannel(path);
    throw error;
  }
}

const PROGRAM_TIMEOUT_MS = 5_000;

/** One message after the other. */
class ProgramChannel implements Channel {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  send(message: string): Deferred<void> {
    const sent = this.#last.then(() => this.#run(message));
    this.#last = sent.catch(() => {});
    return Deferred.fromPromise(sent);
  }

  close(): Deferred<void> {
    return Deferred.fromPromise(this.#last);
  }

  #run(message: string): Promise<void> {
    const env = { ...process.env, NOTIFY_SOCKET: this.#path };
    const args = [`--pid=${process.pid}`, ...message.split('\n')];
    return new Promise((resolve, reject) => {
      execFile('systemd-notify', args, { env, timeout: PROGRAM_TIMEOUT_MS }, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }
}
