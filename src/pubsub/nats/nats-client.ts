/** The part of the package `@nats-io/transport-node` that is used here, and how it is loaded: it is an optional dependency. */
import { MissingPackageError } from '../../core/errors/tls.js';

export interface NatsMessage {
  readonly subject: string;
  readonly data: Uint8Array;
}

export interface NatsSubscription {
  unsubscribe(): void;
}

/** A connection. */
export interface NatsConnection {
  publish(subject: string, data: string | Uint8Array): void;
  subscribe(
    subject: string,
    options: { callback(error: Error | null, message: NatsMessage): void },
  ): NatsSubscription;
  /** Fulfilled when the server has processed everything that was sent before. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Fulfilled when the connection is gone, with the reason if there is one. */
  closed(): Promise<Error | undefined>;
  status(): AsyncIterable<{ readonly type: string; readonly error?: Error }>;
}

export interface Nats {
  connect(options: object): Promise<NatsConnection>;
}

/** @returns Rejected with MissingPackageError if it is not installed. */
export async function loadNats(): Promise<Nats> {
  try {
    // A name in a variable: the compiler does not need the package's types.
    const name: string = '@nats-io/transport-node';
    const module = (await import(name)) as Nats & { readonly default?: Nats };
    return module.default ?? module;
  } catch (cause) {
    throw new MissingPackageError('NatsPubSub', ['@nats-io/transport-node'], { cause });
  }
}
