/** SIGUSR2: starts the program again, which takes over the ports of this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RopewalkError } from '../core/errors/base.js';
import type { Reactor } from '../core/reactor.js';
import { type ListenerOffer, offerListeners } from '../handover/offer-listeners.js';
import { type TakenListeners, takeListeners } from '../handover/take-listeners.js';
import type { Logger } from '../logger/logger.js';
import type { PortRecorder } from './run-ports.js';

/** The path at which the predecessor offers its ports. */
const PATH_VARIABLE = 'ROPEWALK_UPGRADE_PATH';
/** `LISTEN_FDS` and `LISTEN_FDNAMES` of the predecessor, whose descriptors have the same numbers. */
const SOCKETS_VARIABLES = {
  LISTEN_FDS: 'ROPEWALK_LISTEN_FDS',
  LISTEN_FDNAMES: 'ROPEWALK_LISTEN_FDNAMES',
};
const FIRST_FD = 3;
/** The service manager's variables, which the program takes out of the environment. */
const MANAGER_VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC'];
/** The time within which a successor must have taken over. */
const START_TIMEOUT_MS = 60_000;

/** The environment of a process, as its successor is to have it. */
export class Inheritance {
  /** Undefined if this process is no successor. */
  readonly path: string | undefined;
  readonly #variables: NodeJS.ProcessEnv = {};
  readonly #sockets: number;

  /** Restores the variables of inherited sockets, for the endpoint `systemd:`. */
  constructor(environment: NodeJS.ProcessEnv) {
    this.path = environment[PATH_VARIABLE];
    delete environment[PATH_VARIABLE];
    for (const [name, kept] of Object.entries(SOCKETS_VARIABLES)) {
      const value = environment[kept];
      delete environment[kept];
      if (value === undefined) continue;
      environment[name] = value;
      environment.LISTEN_PID = String(process.pid);
    }
    const own = Number(environment.LISTEN_PID) === process.pid;
    this.#sockets = own ? Number(environment.LISTEN_FDS ?? 0) : 0;
    if (this.#sockets > 0) {
      for (const [name, kept] of Object.entries(SOCKETS_VARIABLES)) {
        this.#variables[kept] = environment[name];
      }
    }
    for (const name of MANAGER_VARIABLES) this.#variables[name] = environment[name];
  }

  /** The listeners of the predecessor, if there is one. @throws HandoverError */
  async take(reactor: Reactor): Promise<TakenListeners | undefined> {
    if (this.path === undefined) return undefined;
    const taken = await takeListeners(reactor, this.path, { timeoutMs: START_TIMEOUT_MS });
    if (taken === undefined) throw new Error('the process to be replaced is gone');
    return taken;
  }

  /** Starts the same command. */
  spawn(path: string): ChildProcess {
    const env = { ...process.env, ...this.#variables, [PATH_VARIABLE]: path };
    const inherited = Array.from({ length: this.#sockets }, (_, index) => FIRST_FD + index);
    return spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      env,
      stdio: ['inherit', 'inherit', 'inherit', ...inherited],
    });
  }
}

/** The successor has not taken over; it has printed why. */
class UpgradeError extends Error {
  override readonly name = 'UpgradeError';
}

/** The stack of such an error shows nothing about its cause. */
function isExpected(error: unknown): error is Error {
  return error instanceof UpgradeError || error instanceof RopewalkError;
}

export interface UpgradeListener {
  /** The successor accepts the connections: time to drain. */
  superseded(pid: number): void;
}

/** Upgrades of this process, one at a time. If one fails, this process continues. */
export class Upgrades implements Disposable {
  readonly #reactor: Reactor;
  readonly #ports: PortRecorder['ports'];
  readonly #inheritance: Inheritance;
  readonly #log: Logger;
  readonly #listener: UpgradeListener;
  #running = false;
  /** The successor, until it has taken over. */
  #child: ChildProcess | undefined;

  constructor(
    reactor: Reactor,
    ports: PortRecorder['ports'],
    inheritance: Inheritance,
    log: Logger,
    listener: UpgradeListener,
  ) {
    this.#reactor = reactor;
    this.#ports = ports;
    this.#inheritance = inheritance;
    this.#log = log;
    this.#listener = listener;
    // Like other signals, it is left to a program that handles it.
    if (process.listenerCount('SIGUSR2') === 0) process.on('SIGUSR2', this.#received);
  }

  [Symbol.dispose](): void {
    process.removeListener('SIGUSR2', this.#received);
  }

  /** The program stops: a successor that has not taken over must not start. */
  stop(): void {
    this[Symbol.dispose]();
    this.#child?.kill('SIGKILL');
  }

  readonly #received = (): void => {
    if (this.#running) this.#log.warn('SIGUSR2: an upgrade is in progress');
    else void this.#upgrade();
  };

  async #upgrade(): Promise<void> {
    this.#running = true;
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-upgrade-'));
    const path = join(folder, 'socket');
    let offer: ListenerOffer | undefined;
    try {
      offer = offerListeners(this.#reactor, path, this.#ports);
      const child = this.#inheritance.spawn(path);
      this.#child = child;
      const pid = await this.#taken(offer, child);
      this.#child = undefined;
      child.unref();
      this.#log.info('process {successor} has taken over', { successor: pid });
      this[Symbol.dispose]();
      this.#listener.superseded(pid);
    } catch (error) {
      const message = 'the upgrade failed, this process continues';
      if (isExpected(error)) this.#log.error(`${message}: {reason}`, { reason: error.message });
      else this.#log.failure(message, error, {}, 'error');
      await offer?.withdraw();
    } finally {
      rmSync(folder, { recursive: true, force: true });
      this.#running = false;
      this.#child = undefined;
    }
  }

  /** @returns The number of the successor. */
  #taken(offer: ListenerOffer, child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      const limit = this.#reactor.callLater(START_TIMEOUT_MS, () => child.kill('SIGKILL'));
      const settle = (error?: Error): void => {
        if (limit.active()) limit.cancel();
        if (error === undefined) resolve(child.pid as number);
        else reject(error);
      };
      child.once('error', settle);
      child.once('exit', (code, signal) => {
        settle(
          new UpgradeError(`the new process ended with ${signal ?? code} before it had taken over`),
        );
      });
      offer.taken.addCallback(() => settle());
    });
  }
}
