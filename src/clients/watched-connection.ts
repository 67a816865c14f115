/** One attempt of a client service to connect: wraps the protocol that the application's factory builds, to notice its end. */
import { ConnectionLost } from '../core/errors/connection.js';
import { NOT_CONNECTED } from '../core/protocol.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { ProtocolWrapper } from '../policies/protocol-wrapper.js';
import { WrappingFactory } from '../policies/wrapping-factory.js';

/** A factory for one attempt. */
export class AttemptFactory extends WrappingFactory {
  /** The connection, once the protocol is built. */
  connection: WatchedConnection | undefined = undefined;
  /** Of an attempt whose connection is still being aborted. */
  failure: Error | undefined = undefined;
  readonly #lost: (connection: WatchedConnection, reason: Error) => void;

  constructor(
    factory: ClientProtocolFactory,
    lost: (connection: WatchedConnection, reason: Error) => void,
  ) {
    super(factory);
    this.#lost = lost;
  }

  protected override wrap(protocol: StreamProtocol): ProtocolWrapper {
    this.connection = new WatchedConnection(protocol, this.#lost);
    return this.connection;
  }
}

export class WatchedConnection extends ProtocolWrapper {
  /** The reason for its end. */
  reason: Error | undefined = undefined;
  readonly #lost: (connection: WatchedConnection, reason: Error) => void;

  constructor(
    protocol: StreamProtocol,
    lost: (connection: WatchedConnection, reason: Error) => void,
  ) {
    super(protocol);
    this.#lost = lost;
  }

  /** Whether it was made and has not ended. */
  get exists(): boolean {
    return this.transport !== NOT_CONNECTED && this.reason === undefined;
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    try {
      super.connectionLost(reason);
    } finally {
      this.#lost(this, reason);
    }
  }
}

/** The failure of an attempt whose endpoint succeeded without an open connection of the factory's protocol. */
export function endedEarly(attempt: AttemptFactory): Error | undefined {
  const { connection } = attempt;
  if (connection === undefined) return new ConnectionLost('the endpoint did not use the factory');
  return connection.reason;
}
