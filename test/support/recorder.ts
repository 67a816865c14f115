/** A protocol that writes down what it is told, and can be waited for; a factory that does. */
import type { StreamProtocol } from '../../src/index.js';
import { RecordingFactory as ContractRecordingFactory } from '../../src/testing/contracts/reactor/recording-factory.js';
import {
  type RecordingHooks,
  RecordingProtocol,
} from '../../src/testing/contracts/transport/recording-protocol.js';
import { Pulse } from './deadline.js';

export type RecorderHooks = RecordingHooks<Recorder>;

/** Rules that some recorder saw broken since they were last taken. */
const violations: string[] = [];

export function takeViolations(): string[] {
  return violations.splice(0);
}

/** The protocol of the contract suites, with a pulse. A test fails on rules that it saw broken. */
export class Recorder extends RecordingProtocol {
  readonly pulse: Pulse = new Pulse();

  constructor(hooks: RecorderHooks = {}) {
    super(hooks as RecordingHooks<RecordingProtocol>, violations);
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
    return this.until(() => this.opened, 'connectionMade');
  }

  async lost(): Promise<Error> {
    await this.until(() => this.reason !== undefined, 'connectionLost');
    return this.reason as Error;
  }

  protected override changed(): void {
    this.pulse.notify();
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

/** The factory of the contract suites, with a pulse. */
export class RecordingFactory<
  P extends StreamProtocol = Recorder,
> extends ContractRecordingFactory<P> {
  readonly pulse: Pulse = new Pulse();

  /** Settles when an event that begins so has been noted `count` times. */
  until(event: string, count = 1): Promise<void> {
    return this.pulse.until(
      () => this.count(event) >= count,
      () => `${event} x ${count}; so far: ${this.log.join(', ')}`,
    );
  }

  /** Settles with the nth protocol built, counted from 0. */
  async protocol(index = 0): Promise<P> {
    await this.pulse.until(() => this.built.length > index, `protocol ${index} to be built`);
    return this.built[index] as P;
  }

  protected override changed(): void {
    this.pulse.notify();
  }
}

/** A factory of plain recorders. */
export function recorders(hooks: RecorderHooks = {}): RecordingFactory {
  return new RecordingFactory(() => new Recorder(hooks));
}
