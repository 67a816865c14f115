/**
 * A protocol and a factory that write down what they are told. Each recorder checks by itself the rules that hold in
 * every test: order of callbacks, no re-entrance, `connectionLost` once, size of data.
 */
import {
  type Address,
  ClientFactory,
  type Connector,
  Protocol,
  type StreamProtocol,
  type TCPTransport,
} from '../../src/index.js';
import { Pulse } from './deadline.js';

/** Rules that some recorder saw broken since they were last taken. */
const violations: string[] = [];

export function takeViolations(): string[] {
  return violations.splice(0);
}

export interface RecorderHooks {
  connectionMade?(self: Recorder): void;
  dataReceived?(data: Buffer, self: Recorder): void;
  connectionLost?(reason: Error, self: Recorder): void;
  readConnectionLost?(self: Recorder): void;
  writeConnectionLost?(self: Recorder): void;
}

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

export class Recorder extends Protocol {
  /** Names of callbacks; consecutive `dataReceived` are one; `connectionLost` is followed by the reason's name. */
  readonly log: string[] = [];
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  reason: Error | undefined = undefined;
  lostCount = 0;
  readonly pulse: Pulse = new Pulse();
  hooks: RecorderHooks;
  #inside: string | undefined = undefined;
  #calling: string | undefined = undefined;
  #made = false;

  constructor(hooks: RecorderHooks = {}) {
    super();
    this.hooks = hooks;
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

  /** Calls a method of the transport; a callback that comes from inside it breaks a rule. */
  call(method: TransportMethod, ...args: unknown[]): void {
    const before = this.#calling;
    this.#calling = method;
    try {
      (this.transport[method] as (...args: unknown[]) => void)(...args);
    } finally {
      this.#calling = before;
    }
  }

  until(condition: () => boolean, what: string, ms?: number): Promise<void> {
    const soFar = (): string =>
      `${what}; so far: ${this.log.join(', ')}, ${this.receivedBytes} bytes`;
    return this.pulse.until(condition, soFar, ms);
  }

  /** Settles with all that was received once that is `bytes` or more. */
  async receive(bytes: number): Promise<Buffer> {
    await this.until(() => this.receivedBytes >= bytes, `${bytes} bytes`);
    return this.received;
  }

  made(): Promise<void> {
    return this.until(() => this.#made, 'connectionMade');
  }

  async lost(): Promise<Error> {
    await this.until(() => this.reason !== undefined, 'connectionLost');
    return this.reason as Error;
  }

  override connectionMade(): void {
    this.#check('connectionMade', !this.#made, 'was called twice');
    this.#made = true;
    this.#enter('connectionMade', () => this.hooks.connectionMade?.(this));
  }

  override dataReceived(data: Buffer): void {
    this.#check('dataReceived', Buffer.isBuffer(data), 'was not given a Buffer');
    this.#check(
      'dataReceived',
      data.length > 0 && data.length <= 65_536,
      `got ${data.length} bytes`,
    );
    this.chunks.push(data);
    this.receivedBytes += data.length;
    this.#enter('dataReceived', () => this.hooks.dataReceived?.(data, this));
  }

  override connectionLost(reason: Error): void {
    this.lostCount += 1;
    this.#check('connectionLost', reason instanceof Error, 'was not given an Error');
    this.#check('connectionLost', !this.transport.connected, 'came while still connected');
    this.reason = reason;
    this.#enter(`connectionLost ${reason.name}`, () => this.hooks.connectionLost?.(reason, this));
  }

  /** For the subclass that has the half-close methods. */
  protected halfClosed(side: 'readConnectionLost' | 'writeConnectionLost'): void {
    this.#check(side, !this.log.includes(side), 'was called twice');
    this.#enter(side, () => this.hooks[side]?.(this));
  }

  #enter(event: string, run: () => void): void {
    this.#check(event, this.#made, 'came before connectionMade');
    this.#check(event, this.#inside === undefined, `came inside ${this.#inside}`);
    this.#check(event, this.#calling === undefined, `came inside transport.${this.#calling}`);
    const isLost = event.startsWith('connectionLost');
    this.#check(event, this.lostCount === (isLost ? 1 : 0), 'came after connectionLost');
    if (event !== 'dataReceived' || this.log.at(-1) !== event) this.log.push(event);
    const before = this.#inside;
    this.#inside = event;
    try {
      run();
    } finally {
      this.#inside = before;
      this.pulse.notify();
    }
  }

  #check(event: string, holds: boolean, otherwise: string): void {
    if (!holds) violations.push(`${event} ${otherwise}; so far: ${this.log.join(', ')}`);
  }
}

/** A recorder that can be half-closed. */
export class HalfCloseRecorder extends Recorder {
  readConnectionLost(): void {
    this.halfClosed('readConnectionLost');
  }

  writeConnectionLost(): void {
    this.halfClosed('writeConnectionLost');
  }
}

/** A factory that writes down what it is told and builds what `build` makes. */
export class RecordingFactory<P extends StreamProtocol = Recorder> extends ClientFactory {
  readonly log: string[] = [];
  readonly built: P[] = [];
  readonly addresses: Address[] = [];
  readonly reasons: Error[] = [];
  readonly pulse: Pulse = new Pulse();
  connector: Connector | undefined = undefined;
  hooks: {
    startedConnecting?(connector: Connector): void;
    clientConnectionFailed?(connector: Connector, reason: Error): void;
    clientConnectionLost?(connector: Connector, reason: Error): void;
  } = {};
  readonly #build: (address: Address) => P | null;

  constructor(build: (address: Address) => P | null) {
    super();
    this.#build = build;
  }

  override buildProtocol(address: Address): P | null {
    this.addresses.push(address);
    this.#note('buildProtocol');
    const protocol = this.#build(address);
    if (protocol !== null) this.built.push(protocol);
    this.pulse.notify();
    return protocol;
  }

  override doStart(): void {
    this.#note('doStart');
    super.doStart();
  }

  override doStop(): void {
    this.#note('doStop');
    super.doStop();
  }

  override startFactory(): void {
    this.#note('startFactory');
  }

  override stopFactory(): void {
    this.#note('stopFactory');
  }

  override startedConnecting(connector: Connector): void {
    this.connector = connector;
    this.#note('startedConnecting');
    this.hooks.startedConnecting?.(connector);
  }

  override clientConnectionFailed(connector: Connector, reason: Error): void {
    this.reasons.push(reason);
    this.#note(`clientConnectionFailed ${reason.name}`);
    this.hooks.clientConnectionFailed?.(connector, reason);
  }

  override clientConnectionLost(connector: Connector, reason: Error): void {
    this.reasons.push(reason);
    this.#note(`clientConnectionLost ${reason.name}`);
    this.hooks.clientConnectionLost?.(connector, reason);
  }

  note(event: string): void {
    this.#note(event);
  }

  /** Settles when an event that begins so has been noted `count` times. */
  until(event: string, count = 1): Promise<void> {
    return this.pulse.until(
      () => this.log.filter((noted) => noted.startsWith(event)).length >= count,
      () => `${event} x ${count}; so far: ${this.log.join(', ')}`,
    );
  }

  /** Settles with the nth protocol built, counted from 0. */
  async protocol(index = 0): Promise<P> {
    await this.pulse.until(() => this.built.length > index, `protocol ${index} to be built`);
    return this.built[index] as P;
  }

  #note(event: string): void {
    this.log.push(event);
    this.pulse.notify();
  }
}

/** A factory of plain recorders. */
export function recorders(hooks: RecorderHooks = {}): RecordingFactory {
  return new RecordingFactory(() => new Recorder(hooks));
}
