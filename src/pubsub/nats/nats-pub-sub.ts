/** Publish/subscribe through a NATS server. */
import type { Clock } from '../../core/clock.js';
import type { SystemEvents, SystemEventTrigger } from '../../core/system-event.js';
import type { Deferred } from '../../defer/deferred.js';
import { checkReactor } from '../../internal/check.js';
import { BrokerPubSub } from '../broker-pub-sub.js';
import { NatsLink } from './nats-link.js';
import { type NatsPubSubOptions, natsSettings } from './nats-settings.js';

/** A reactor, as far as the connection to NATS uses it. */
export type NatsReactor = Clock &
  Pick<SystemEvents, 'addSystemEventTrigger' | 'removeSystemEventTrigger'>;

/**
 * Publish/subscribe through a NATS server: at most once. The server keeps no messages, so a process that is not connected misses them: `onGap` of its
 * subscriptions is called when it is connected again. It connects at the first call. When the reactor stops, it waits for the confirmations of
 * what was published, and is closed.
 *
 * It uses the package `@nats-io/transport-node`, version 3, which must be installed beside this one and is loaded by the first
 * connection. If it is missing, subscriptions end with a MissingPackageError, and it is the `cause` of failed publications.
 *
 * @example
 * const pubsub = new NatsPubSub(reactor, { servers: ['nats1.example:4222', 'nats2.example:4222'] });
 * pubsub.subscribe('news.>', (message) => console.log(message.topic, message.text));
 */
export class NatsPubSub extends BrokerPubSub {
  readonly #reactor: NatsReactor;
  #triggers: SystemEventTrigger[];

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(reactor: NatsReactor, options: NatsPubSubOptions = {}) {
    checkReactor('reactor', reactor);
    const link = new NatsLink(reactor, natsSettings(options));
    super(link, options);
    this.#reactor = reactor;
    // Servers that drain at the same time may still publish; the reactor waits only for triggers of the first phase.
    this.#triggers = [
      reactor.addSystemEventTrigger('before', 'shutdown', () => link.settled()),
      reactor.addSystemEventTrigger('during', 'shutdown', () => {
        this.#triggers = [];
        void this.close();
      }),
    ];
  }

  override close(): Deferred<void> {
    for (const trigger of this.#triggers) this.#reactor.removeSystemEventTrigger(trigger);
    this.#triggers = [];
    return super.close();
  }
}
