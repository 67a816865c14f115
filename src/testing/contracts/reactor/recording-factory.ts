/** A factory that writes down what it is told, and builds what it is asked to build. */
import type { Address } from '../../../core/address.js';
import type { Connector } from '../../../core/connector.js';
import { ClientFactory } from '../../../core/factory.js';
import type { StreamProtocol } from '../../../core/stream-protocol.js';

/** What a case does inside a call of the factory. */
export interface FactoryHooks {
  startedConnecting?(connector: Connector): void;
  clientConnectionFailed?(connector: Connector, reason: Error): void;
  clientConnectionLost?(connector: Connector, reason: Error): void;
}

export class RecordingFactory<P extends StreamProtocol> extends ClientFactory {
  /** Names of calls, and what {@link note} was given; with the reason's name where there is one. */
  readonly log: string[] = [];
  readonly built: P[] = [];
  readonly addresses: Address[] = [];
  readonly reasons: Error[] = [];
  connector: Connector | undefined = undefined;
  hooks: FactoryHooks = {};
  readonly #build: (address: Address) => P | null;

  constructor(build: (address: Address) => P | null) {
    super();
    this.#build = build;
  }

  override buildProtocol(address: Address): P | null {
    this.addresses.push(address);
    this.note('buildProtocol');
    const protocol = this.#build(address);
    if (protocol !== null) this.built.push(protocol);
    this.changed();
    return protocol;
  }

  override doStart(): void {
    this.note('doStart');
    super.doStart();
  }

  override doStop(): void {
    this.note('doStop');
    super.doStop();
  }

  override startFactory(): void {
    this.note('startFactory');
  }

  override stopFactory(): void {
    this.note('stopFactory');
  }

  override startedConnecting(connector: Connector): void {
    this.connector = connector;
    this.note('startedConnecting');
    this.hooks.startedConnecting?.(connector);
  }

  override clientConnectionFailed(connector: Connector, reason: Error): void {
    this.reasons.push(reason);
    this.note(`clientConnectionFailed ${reason.name}`);
    this.hooks.clientConnectionFailed?.(connector, reason);
  }

  override clientConnectionLost(connector: Connector, reason: Error): void {
    this.reasons.push(reason);
    this.note(`clientConnectionLost ${reason.name}`);
    this.hooks.clientConnectionLost?.(connector, reason);
  }

  /** Adds an event to the log. */
  note(event: string): void {
    this.log.push(event);
    this.changed();
  }

  /** How many events of the log begin so. */
  count(event: string): number {
    return this.log.filter((noted) => noted.startsWith(event)).length;
  }

  /** Called after each call. */
  protected changed(): void {}
}
