/**
 * A protocol that records its calls and checks by itself the rules that hold in every case: order of
 * callbacks, no re-entrance, `connectionLost` once, size of data.
 */
import type { MaybeAsync } from '../../../core/maybe-async.js';
import { Protocol } from '../../../core/protocol.js';
import type { TCPTransport, Transport } from '../../../core/transport.js';
import { givenCopyOf } from '../../../internal/lent-bytes.js';

/** A case's actions inside callbacks. */
export interface RecordingHooks<P> {
  connectionMade?(self: P): unknown;
  dataReceived?(data: Buffer, self: P): unknown;
  connectionLost?(reason: Error, self: P): unknown;
  readConnectionLost?(self: P): unknown;
  writeConnectionLost?(self: P): unknown;
}

export type RecordingCallback = keyof RecordingHooks<RecordingProtocol>;

/** The methods of a transport that {@link RecordingProtocol.call} can call. */
export type TransportMethod =
  | 'write'
  | 'writeSequence'
  | 'loseConnection'
  | 'loseWriteConnection'
  | 'abortConnection'
  | 'pauseProducing'
  | 'resumeProducing'
  | 'stopProducing'
  | 'registerProducer'
  | 'unregisterProducer';

/** A reactor delivers no more at once. */
const MAX_PIECE_BYTES = 65_536;

export class RecordingProtocol extends Protocol {
  /** Names of callbacks; consecutive `dataReceived` are one; `connectionLost` is followed by the reason's name. */
  readonly log: string[] = [];
  /** Received data: the Buffers that were given, copies of those that were lent. */
  readonly chunks: Buffer[] = [];
  override acceptsLentBytes = false;
  /** Broken rules, as text. */
  readonly violations: string[];
  receivedBytes = 0;
  reason: Error | undefined = undefined;
  lostCount = 0;
  opened = false;
  hooks: RecordingHooks<this>;
  #inside: string | undefined = undefined;
  #calling: string | undefined = undefined;

  /** @param violations The array for broken rules. Default: an array of its own. */
  constructor(hooks: RecordingHooks<RecordingProtocol> = {}, violations: string[] = []) {
    super();
    this.hooks = hooks as RecordingHooks<this>;
    this.violations = violations;
  }

  /** All that was received. */
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  get tcp(): TCPTransport {
    return this.transport as TCPTransport;
  }

  /** Whether the peer has finished sending, or the connection is gone. */
  get ended(): boolean {
    return this.reason !== undefined || this.log.includes('readConnectionLost');
  }

  /** Calls a method of the transport; a callback made from inside it breaks a rule. */
  call(method: TransportMethod, ...args: unknown[]): void {
    const before = this.#calling;
    this.#calling = method;
    try {
      (this.transport[method] as (...args: unknown[]) => void)(...args);
    } finally {
      this.#calling = before;
    }
  }

  override makeConnection(transport: Transport): MaybeAsync {
    this.check('makeConnection', !this.opened, 'was called twice');
    return super.makeConnection(transport);
  }

  override connectionMade(): MaybeAsync {
    this.opened = true;
    return this.enter('connectionMade', () => this.hooks.connectionMade?.(this));
  }

  override dataReceived(data: Buffer): MaybeAsync {
    this.check('dataReceived', Buffer.isBuffer(data), 'was not given a Buffer');
    const fits = data.length > 0 && data.length <= MAX_PIECE_BYTES;
    this.check('dataReceived', fits, `got ${data.length} bytes`);
    this.chunks.push(this.acceptsLentBytes ? givenCopyOf(data) : data);
    this.receivedBytes += data.length;
    return this.enter('dataReceived', () => this.hooks.dataReceived?.(data, this));
  }

  override connectionLost(reason: Error): MaybeAsync {
    this.lostCount += 1;
    this.check('connectionLost', reason instanceof Error, 'was not given an Error');
    this.check('connectionLost', !this.transport.connected, 'came while still connected');
    this.reason = reason;
    return this.enter(`connectionLost ${reason.name}`, () =>
      this.hooks.connectionLost?.(reason, this),
    );
  }

  /** Called after each callback. */
  protected changed(): void {}

  /** For the subclass that has the half-close methods. */
  protected halfClosed(side: 'readConnectionLost' | 'writeConnectionLost'): MaybeAsync {
    this.check(side, !this.log.includes(side), 'was called twice');
    return this.enter(side, () => this.hooks[side]?.(this));
  }

  private enter(event: string, run: () => unknown): MaybeAsync {
    this.check(event, this.opened, 'came before connectionMade');
    this.check(event, this.#inside === undefined, `came inside ${this.#inside}`);
    this.check(event, this.#calling === undefined, `came inside transport.${this.#calling}`);
    const isLost = event.startsWith('connectionLost');
    if (isLost) this.check(event, this.lostCount === 1, 'was called twice');
    else this.check(event, this.lostCount === 0, 'came after connectionLost');
    if (event !== 'dataReceived' || this.log.at(-1) !== event) this.log.push(event);
    const before = this.#inside;
    this.#inside = event;
    try {
      return run() as MaybeAsync;
    } finally {
      this.#inside = before;
      this.changed();
    }
  }

  private check(event: string, holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(`${event} ${otherwise}; so far: ${this.log.join(', ')}`);
  }
}

/** A recording protocol that can be half-closed. */
export class HalfCloseRecordingProtocol extends RecordingProtocol {
  readConnectionLost(): MaybeAsync {
    return this.halfClosed('readConnectionLost');
  }

  writeConnectionLost(): MaybeAsync {
    return this.halfClosed('writeConnectionLost');
  }
}
