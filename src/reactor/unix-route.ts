/** The way to a UNIX socket, where whoever listens there is alive. */
import { constants } from 'node:os';

import { UNIXAddress } from '../core/address.js';
import { isLocked } from '../defer/filesystem-lock.js';
import { systemError } from '../internal/system-error.js';
import type { HostedReactor } from './hosted-reactor.js';
import type { Route, Way } from './stream-connector.js';
import { lockPathOf } from './unix-listening.js';
import type { UNIXConnectSettings } from './unix-settings.js';

const UNNAMED = new UNIXAddress('');

export class UNIXRoute implements Route<UNIXAddress> {
  readonly destination: UNIXAddress;
  readonly localAddress: UNIXAddress = UNNAMED;
  readonly #reactor: HostedReactor;
  readonly #settings: UNIXConnectSettings;

  constructor(reactor: HostedReactor, settings: UNIXConnectSettings) {
    this.#reactor = reactor;
    this.#settings = settings;
    this.destination = new UNIXAddress(settings.path);
  }

  findWays(found: (ways: readonly Way[]) => void, failed: (cause: Error) => void): () => void {
    const { path, checkPID } = this.#settings;
    if (checkPID && !isLocked(lockPathOf(path)))
      failed(systemError('connect', constants.errno.ECONNREFUSED, path));
    else found([(listener) => this.#reactor.dialUNIX(this.#settings, listener)]);
    return () => {};
  }
}
