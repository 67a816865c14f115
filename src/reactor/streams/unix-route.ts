/** The only candidate of a UNIX destination, if its listener is alive. A listener whose queue is full is tried again. */
import { type Address, UNIXAddress } from '../../core/address.js';
import type { Clock, DelayedCall } from '../../core/clock.js';
import type { SystemError } from '../../core/errors/base.js';
import { type ConnectError, ConnectionRefusedError } from '../../core/errors/connecting.js';
import { isLocked } from '../../defer/filesystem-lock.js';
import type { Dial, DialListener } from './dial.js';
import type { Candidate, Route } from './route.js';
import type { StreamTransport } from './stream-transport.js';
import { lockPathOf } from './unix-listening.js';
import type { UNIXConnectSettings } from './unix-settings.js';
import type { UNIXSockets } from './unix-sockets.js';

/** How long to wait before a listener whose queue was full (connect(2), EAGAIN) is tried again. */
const BUSY_RETRY_MS = 10;

const UNNAMED = new UNIXAddress('');

export class UNIXRoute implements Route<UNIXAddress> {
  readonly destination: UNIXAddress;
  readonly localAddress: UNIXAddress = UNNAMED;
  /** There is only one candidate. */
  readonly attemptDelayMs = 0;
  readonly #clock: Clock;
  readonly #sockets: UNIXSockets;
  readonly #settings: UNIXConnectSettings;

  constructor(clock: Clock, sockets: UNIXSockets, settings: UNIXConnectSettings) {
    this.#clock = clock;
    this.#sockets = sockets;
    this.#settings = settings;
    this.destination = new UNIXAddress(settings.path);
  }

  findCandidates(
    found: (candidates: readonly Candidate[]) => void,
    failed: (reason: ConnectError) => void,
  ): () => void {
    const { path, checkPID } = this.#settings;
    if (checkPID && this.#sockets.ownLocks !== true && !isLocked(lockPathOf(path))) {
      const nobody = 'cannot connect (no living process holds the lock)';
      failed(new ConnectionRefusedError(nobody, this.destination));
    } else found([this.#candidate()]);
    return () => {};
  }

  #candidate(): Candidate {
    return {
      destination: this.destination,
      dial: (owner, listener) =>
        new PatientDial(this.#clock, listener, (each) =>
          this.#sockets.dial(this.#settings, owner, each),
        ),
    };
  }
}

class PatientDial implements Dial, DialListener {
  readonly #clock: Clock;
  readonly #listener: DialListener;
  readonly #begin: (listener: DialListener) => Dial;
  #dial: Dial | undefined;
  #retry: DelayedCall | undefined;

  constructor(clock: Clock, listener: DialListener, begin: (listener: DialListener) => Dial) {
    this.#clock = clock;
    this.#listener = listener;
    this.#begin = begin;
    this.#dial = begin(this);
  }

  cancel(): void {
    this.#dial?.cancel();
    if (this.#retry?.active()) this.#retry.cancel();
  }

  dialSucceeded(transport: StreamTransport, peer: Address): void {
    this.#listener.dialSucceeded(transport, peer);
  }

  dialFailed(cause: Error): void {
    if ((cause as SystemError).code !== 'EAGAIN') {
      this.#listener.dialFailed(cause);
      return;
    }
    this.#dial = undefined;
    this.#retry = this.#clock.callLater(BUSY_RETRY_MS, () => {
      this.#dial = this.#begin(this);
    });
  }
}
