/** The way to a UNIX socket whose listener is alive. */
import { UNIXAddress } from '../../core/address.js';
import { type ConnectError, ConnectionRefusedError } from '../../core/errors/connecting.js';
import { isLocked } from '../../defer/filesystem-lock.js';
import type { Route, Way } from './route.js';
import { lockPathOf } from './unix-listening.js';
import type { UNIXConnectSettings } from './unix-settings.js';
import type { UNIXSockets } from './unix-sockets.js';

const UNNAMED = new UNIXAddress('');

export class UNIXRoute implements Route<UNIXAddress> {
  readonly destination: UNIXAddress;
  readonly localAddress: UNIXAddress = UNNAMED;
  readonly #sockets: UNIXSockets;
  readonly #settings: UNIXConnectSettings;

  constructor(sockets: UNIXSockets, settings: UNIXConnectSettings) {
    this.#sockets = sockets;
    this.#settings = settings;
    this.destination = new UNIXAddress(settings.path);
  }

  findWays(
    found: (ways: readonly Way[]) => void,
    failed: (reason: ConnectError) => void,
  ): () => void {
    const { path, checkPID } = this.#settings;
    if (checkPID && this.#sockets.ownLocks !== true && !isLocked(lockPathOf(path))) {
      const nobody = 'cannot connect (no living process holds the lock)';
      failed(new ConnectionRefusedError(nobody, this.destination));
    } else found([(listener) => this.#sockets.dial(this.#settings, listener)]);
    return () => {};
  }
}
