/**
 * How connections of a simulated reactor are closed while the peer is still sending: by the rules of native/reactor/lingering.cc, which
 * explains them, and with the same limits.
 */
import type { Clock } from '../../core/clock.js';
import { Lingering } from '../../reactor/streams/lingering.js';
import type { Endpoint, EndpointListener } from './endpoint.js';

/** A peer counts as sending for this long after its last input. */
const SENDING_MS = 1_000;
/** The maximum number of lingering endpoints whose `connectionLost` has been called. */
const MAX_ORPHANS = 1_024;
const MAX_READ_BYTES = 64 * 1024;

/** One endpoint that is being closed. Its input is discarded. */
export class ClosingEndpoint implements EndpointListener {
  /** Whether `connectionLost` has been called. */
  orphan = false;
  readonly #all: ClosingEndpoints;
  readonly #clock: Clock;
  readonly #endpoint: Endpoint;
  readonly #closed: () => void;
  readonly #lingering: Lingering;
  #lastInput: number;

  constructor(all: ClosingEndpoints, clock: Clock, endpoint: Endpoint, closed: () => void) {
    this.#all = all;
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#closed = closed;
    this.#lastInput = clock.now();
    this.#lingering = new Lingering(clock, () => this.close());
    this.#lingering.begin();
    endpoint.finishSending();
  }

  get peerSends(): boolean {
    return this.#clock.now() - this.#lastInput < SENDING_MS;
  }

  readable(): void {
    const data = this.#endpoint.read(MAX_READ_BYTES);
    if (data !== undefined) {
      this.#lastInput = this.#clock.now();
      this.#lingering.discard(data.byteLength);
      if (this.#endpoint.readable) this.#clock.callLater(0, () => this.readable());
    } else if (this.#endpoint.ended) this.close();
  }

  sendable(): void {}

  broken(): void {
    this.close();
  }

  describe(): string {
    return 'lingers';
  }

  /** `connectionLost` is being called. */
  abandon(): void {
    if (this.orphan) return;
    this.orphan = true;
    this.#all.abandoned(this);
  }

  close(): void {
    this.stop();
    this.#endpoint.close();
    this.#closed();
  }

  /** The endpoint was closed by other means. */
  stop(): void {
    this.#lingering.stop();
    this.#all.remove(this);
  }
}

/** All closing endpoints of one reactor. */
export class ClosingEndpoints {
  readonly #clock: Clock;
  readonly #lingering: Set<ClosingEndpoint> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param closed Called once, unless the endpoint is stopped. */
  close(endpoint: Endpoint, closed: () => void): ClosingEndpoint {
    const closing = new ClosingEndpoint(this, this.#clock, endpoint, closed);
    this.#lingering.add(closing);
    endpoint.attach(closing);
    return closing;
  }

  /** The number of endpoints whose peer is sending, or may be. */
  get senders(): number {
    return [...this.#lingering].filter(({ peerSends }) => peerSends).length;
  }

  closeAll(): void {
    for (const closing of this.#lingering) closing.close();
  }

  /** @internal */
  abandoned(closing: ClosingEndpoint): void {
    const orphans = [...this.#lingering].filter(({ orphan }) => orphan).length;
    if (orphans > MAX_ORPHANS) closing.close();
  }

  /** @internal */
  remove(closing: ClosingEndpoint): void {
    this.#lingering.delete(closing);
  }
}
