/** Hosts a foreign loop that is written in JavaScript in Node's loop, by the addon. */
import type { Clock } from '../core/clock.js';
import { onRejection } from '../defer/callback-result.js';
import type { Addon, NativeForeignHost } from '../native.js';
import { type AttachSettings, nativeSettings } from './attach-options.js';
import type { ForeignDescriptor, ForeignLoop, ForeignReady } from './foreign-loop.js';
import { checkWait, interestOf, readyFrom, timeoutFrom } from './foreign-wait.js';
import { AddonHost, type HostOwner, unwatchedReporter } from './loop-host.js';

export class ScriptHost extends AddonHost {
  /** @throws SystemError */
  constructor(
    addon: Addon,
    loop: ForeignLoop,
    clock: Clock,
    settings: AttachSettings,
    owner: HostOwner,
  ) {
    const calls = new LoopCalls(loop, clock, owner);
    const host = addon.hostForeign(
      nativeSettings(settings),
      calls.prepare,
      calls.dispatch,
      unwatchedReporter(loop.name, owner),
    );
    calls.host = host;
    super(host);
  }
}

/** The addon's calls of a loop. They do not throw. */
class LoopCalls {
  host: NativeForeignHost | undefined;
  readonly #loop: ForeignLoop;
  readonly #clock: Clock;
  readonly #owner: HostOwner;
  #descriptors: readonly ForeignDescriptor[] | undefined;
  /** A number and bits for each descriptor. */
  #pairs = new Int32Array(16);

  constructor(loop: ForeignLoop, clock: Clock, owner: HostOwner) {
    this.#loop = loop;
    this.#clock = clock;
    this.#owner = owner;
  }

  readonly prepare = (): number => {
    try {
      const wait = this.#loop.prepare();
      checkWait(wait);
      if (wait.descriptors !== this.#descriptors) this.#setDescriptors(wait.descriptors);
      return timeoutFrom(this.#clock.now(), wait.until);
    } catch (error) {
      this.#owner.failed(error, 'prepare');
      return -1;
    }
  };

  readonly dispatch = (): void => {
    const failed = (error: unknown): void => this.#owner.failed(error, 'dispatch');
    try {
      const result: unknown = this.#loop.dispatch(this.#takeReady());
      if (result !== undefined) onRejection(result, failed);
    } catch (error) {
      failed(error);
    }
    this.#owner.dispatched(undefined);
  };

  #setDescriptors(descriptors: readonly ForeignDescriptor[]): void {
    const size = 2 * descriptors.length;
    if (size > this.#pairs.length) this.#pairs = new Int32Array(2 * size);
    let at = 0;
    for (const descriptor of descriptors) {
      this.#pairs[at + 1] = interestOf(descriptor);
      this.#pairs[at] = descriptor.fd;
      at += 2;
    }
    this.host?.setDescriptors(this.#pairs, descriptors.length);
    this.#descriptors = descriptors;
  }

  #takeReady(): ForeignReady[] {
    const count = this.host?.takeReady(this.#pairs) ?? 0;
    const ready: ForeignReady[] = [];
    for (let at = 0; at < 2 * count; at += 2) {
      ready.push(readyFrom(this.#pairs[at] ?? 0, this.#pairs[at + 1] ?? 0));
    }
    return ready;
  }
}
