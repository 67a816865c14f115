/** Messages of publish/subscribe for the WebSockets of this process. */
import type { Deferred } from '../../defer/deferred.js';
import { checkBoolean } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { WebSocketTopics } from '../../websocket/topics.js';
import type { PubSub } from '../pub-sub.js';
import { type RelayOptions, Upstreams } from './upstreams.js';

export interface WebSocketRelayOptions extends RelayOptions {
  /** Whether messages are sent as binary ones. Default false: as text. */
  readonly binary?: boolean;
}

const OPTIONS: OptionNames<WebSocketRelayOptions> = { onGap: true, binary: true };

/**
 * Publishes the messages of a {@link PubSub} to the subscribers of `WebSocketTopics`. A topic is subscribed there while it has subscribers here,
 * and each message is serialized once. To send a message to all clients of all processes, publish it with the PubSub.
 *
 * @example
 * const topics = new WebSocketTopics();
 * new WebSocketRelay(pubsub, topics);
 * // For each socket: topics.subscribe('room.1', socket);
 * await pubsub.publish('room.1', 'hello');
 */
export class WebSocketRelay {
  readonly #upstreams: Upstreams;
  readonly #stop: () => void;

  /**
   * @param topics Its topics must be topics of the PubSub: for others, its `subscribe` throws.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    pubsub: PubSub,
    topics: WebSocketTopics<string>,
    options: WebSocketRelayOptions = {},
  ) {
    checkOptions('WebSocketRelay', options, OPTIONS);
    const { binary = false } = options;
    checkBoolean('binary', binary);
    const upstreams = new Upstreams(pubsub, options);
    this.#upstreams = upstreams;
    this.#stop = topics.observe({
      topicBegins: (topic) => {
        upstreams.begin(topic, (message) => {
          topics.publish(topic, binary ? message.data : message.text);
        });
      },
      topicEnded: (topic) => upstreams.end(topic),
    });
  }

  /** The topics that are subscribed at the PubSub. */
  get topics(): string[] {
    return this.#upstreams.topics;
  }

  /** Fires when no further message of a topic with subscribers will be missed. Fails if it has no subscribers. */
  ready(topic: string): Deferred<void> {
    return this.#upstreams.ready(topic);
  }

  /** Ends the subscriptions at the PubSub. The sockets stay open. */
  close(): void {
    this.#stop();
    for (const topic of this.topics) this.#upstreams.end(topic);
  }
}
