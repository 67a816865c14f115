/**
 * Hosts a foreign loop by the facets of any reactor: readers, writers and delayed calls. For reactors that are not hosted in Node's
 * loop, such as the simulated ones, and for those without the addon. Nothing tells when the reactor is about to sleep: the loop is
 * prepared after each dispatch and after `changed()`.
 */
import type { ReadDescriptor, WriteDescriptor } from '../core/descriptor.js';
import { onRejection } from '../defer/callback-result.js';
import type { AttachSettings } from './attach-options.js';
import type { ForeignDescriptor, ForeignLoop, ForeignReady } from './foreign-loop.js';
import { checkWait, interestOf, READ, readyFrom, WRITE } from './foreign-wait.js';
import type { ForeignReactor, ForeignStatistics, HostOwner, LoopHost } from './loop-host.js';
import type { WaitTimer } from './wait-timer.js';

export class ReactorHost implements LoopHost {
  readonly #reactor: ForeignReactor;
  readonly #loop: ForeignLoop;
  readonly #settings: AttachSettings;
  readonly #owner: HostOwner;
  readonly #watched = new Map<number, WatchedDescriptor>();
  #descriptors: readonly ForeignDescriptor[] | undefined;
  readonly #timer: WaitTimer;
  #detached = false;
  #prepared = 0;
  #wakeUps = 0;
  #dispatches = 0;
  #longestDispatchMs = 0;

  constructor(
    reactor: ForeignReactor,
    loop: ForeignLoop,
    settings: AttachSettings,
    owner: HostOwner,
    timer: WaitTimer,
  ) {
    this.#reactor = reactor;
    this.#timer = timer;
    this.#loop = loop;
    this.#settings = settings;
    this.#owner = owner;
    this.changed();
  }

  detach(): void {
    this.#detached = true;
    this.#timer.cancel();
    this.#timer.keepAlive(false);
    for (const [fd, watched] of this.#watched) this.#watch(fd, watched, 0);
  }

  keepAlive(wanted: boolean): void {
    this.#timer.keepAlive(wanted && !this.#detached);
  }

  changed(): void {
    if (!this.#detached) this.#wait(this.#reactor.now(), () => this.#prepare());
  }

  statistics(): ForeignStatistics {
    return {
      prepared: this.#prepared,
      wakeUps: this.#wakeUps,
      dispatches: this.#dispatches,
      spuriousWakeUps: 0,
      longestDispatchMs: this.#longestDispatchMs,
      descriptors: this.#watched.size,
    };
  }

  /** Asks the loop, and waits. Returns whether it is due now. */
  #ask(): boolean {
    this.#prepared += 1;
    try {
      const wait = this.#loop.prepare();
      if (this.#detached) return false;
      checkWait(wait);
      this.#watchAll(wait.descriptors);
      const due = wait.until <= this.#reactor.now();
      if (!due) this.#wait(wait.until, () => this.#run([]));
      return due;
    } catch (error) {
      this.#owner.failed(error, 'prepare');
      return false;
    }
  }

  #prepare(): void {
    if (this.#ask()) this.#wait(this.#reactor.now(), () => this.#run([]));
  }

  #run(ready: readonly ForeignReady[]): void {
    const { dispatchBudgetMs, dispatchesPerTurn } = this.#settings;
    const started = this.#reactor.now();
    this.#wakeUps += 1;
    this.#dispatch(ready);
    let due = !this.#detached && this.#ask();
    for (let count = 1; due && count < dispatchesPerTurn; count++) {
      if (this.#reactor.now() - started >= dispatchBudgetMs) break;
      this.#dispatch([]);
      due = !this.#detached && this.#ask();
    }
    if (due) this.#wait(this.#reactor.now(), () => this.#run([]));
  }

  #dispatch(ready: readonly ForeignReady[]): void {
    const started = this.#reactor.now();
    const failed = (error: unknown): void => this.#owner.failed(error, 'dispatch');
    this.#dispatches += 1;
    try {
      const result: unknown = this.#loop.dispatch(ready);
      if (result !== undefined) onRejection(result, failed);
    } catch (error) {
      failed(error);
    }
    this.#longestDispatchMs = Math.max(this.#longestDispatchMs, this.#reactor.now() - started);
    this.#owner.dispatched(undefined);
  }

  #wait(until: number, callback: () => void): void {
    if (until === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.set(until, callback);
  }

  #watchAll(descriptors: readonly ForeignDescriptor[]): void {
    if (descriptors === this.#descriptors) return;
    this.#descriptors = descriptors;
    const wanted = new Map<number, number>();
    for (const one of descriptors) {
      wanted.set(one.fd, (wanted.get(one.fd) ?? 0) | interestOf(one));
    }
    for (const [fd, watched] of this.#watched) {
      if (!wanted.has(fd)) this.#watch(fd, watched, 0);
    }
    for (const [fd, interest] of wanted) {
      const watched =
        this.#watched.get(fd) ??
        new WatchedDescriptor(fd, (bits) => this.#run([readyFrom(fd, bits)]));
      this.#watch(fd, watched, interest);
    }
  }

  /** @throws UnsupportedError */
  #watch(fd: number, watched: WatchedDescriptor, interest: number): void {
    const changed = watched.interest ^ interest;
    if ((changed & READ) !== 0) {
      if ((interest & READ) !== 0) this.#reactor.addReader(watched);
      else this.#reactor.removeReader(watched);
    }
    if ((changed & WRITE) !== 0) {
      if ((interest & WRITE) !== 0) this.#reactor.addWriter(watched);
      else this.#reactor.removeWriter(watched);
    }
    watched.interest = interest;
    if (interest === 0) this.#watched.delete(fd);
    else this.#watched.set(fd, watched);
  }
}

class WatchedDescriptor implements ReadDescriptor, WriteDescriptor {
  interest = 0;
  readonly #fd: number;
  readonly #ready: (bits: number) => void;

  constructor(fd: number, ready: (bits: number) => void) {
    this.#fd = fd;
    this.#ready = ready;
  }

  fileno(): number {
    return this.#fd;
  }

  doRead(): void {
    this.#ready(READ);
  }

  doWrite(): void {
    this.#ready(WRITE);
  }

  /** The reactor ends the attachment too. */
  connectionLost(): void {}
}
