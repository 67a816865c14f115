/** A factory that records its calls, and builds protocols as configured. */
import type { Address } from '../../../core/address.js';
import type { Connector } from '../../../core/connector.js';
import { ClientFactory } from '../../../core/factory.js';
import type { MaybeAsync } from '../../../core/maybe-async.js';
import type { StreamProtocol } from '../../../core/stream-protocol.js';

/** A case's actions inside calls of the factory. */
export interface FactoryHooks {
  startedConnecting?(connector: Connector): unknown;
  clientConnectionFailed?(connector: Connector, reason: Error): unknown;
  clientConnectionLost?(connector: Connector, reason: Error): unknown;
}

export class RecordingFactory<P extends StreamProtocol> extends ClientFactory {
  /** Names of calls, and the arguments of {@link note}; with the reason's name if there is one. */
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

  override doStart(): MaybeAsync {
    this.note('doStart');
    return super.doStart();
  }

  override doStop(): MaybeAsync {
    this.note('doStop');
    return super.doStop();
  }

  override startFactory(): void {
    this.note('startFactory');
  }

  override stopFactory(): void {
    this.note('stopFactory');
  }

  override startedConnecting(connector: Connector): MaybeAsync {
    this.connector = connector;
    this.note('startedConnecting');
    return this.hooks.startedConnecting?.(connector) as MaybeAsync;
  }

  override clientConnectionFailed(connector: Connector, reason: Error): MaybeAsync {
    this.reasons.push(reason);
    this.note(`clientConnectionFailed ${reason.name}`);
    return this.hooks.clientConnectionFailed?.(connector, reason) as MaybeAsync;
  }

  override clientConnectionLost(connector: Connector, reason: Error): MaybeAsync {
    this.reasons.push(reason);
    this.note(`clientConnectionLost ${reason.name}`);
    return this.hooks.clientConnectionLost?.(connector, reason) as MaybeAsync;
  }

  /** Adds an event to the log. */
  note(event: string): void {
    this.log.push(event);
    this.changed();
  }

  /** The number of events in the log with this beginning. */
  count(event: string): number {
    return this.log.filter((noted) => noted.startsWith(event)).length;
  }

  /** Called after each call. */
  protected changed(): void {}
}
