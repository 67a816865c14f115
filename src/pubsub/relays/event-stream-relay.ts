/** Messages of publish/subscribe as server-sent events. */
import type { Clock } from '../../core/clock.js';
import type { Deferred } from '../../defer/deferred.js';
import type { EventStream } from '../../http/event-stream.js';
import { EventStreams, type EventStreamsOptions } from '../../http/event-streams.js';
import type { HTTPRequest } from '../../http/http-request.js';
import type { HTTPResponse } from '../../http/http-response.js';
import type { ServerSentEvent } from '../../http/server-sent-event.js';
import { checkBoolean, checkClock, checkFunction } from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { PubSubMessage } from '../message.js';
import type { PubSub } from '../pub-sub.js';
import type { StreamSubscribeOptions } from '../redis/stream-settings.js';
import { checkTopic } from '../topics.js';
import { type RelayOptions, Upstreams } from './upstreams.js';

export interface EventStreamRelayOptions extends RelayOptions, EventStreamsOptions {
  /**
   * Makes the event of a message. Default: its text is the data, and its id, if the server keeps messages, the id of the event. Return undefined to
   * send nothing.
   */
  readonly event?: (message: PubSubMessage) => ServerSentEvent | undefined;
  /**
   * With `RedisStreams`: a client that connects again gets the messages that follow its Last-Event-ID, from whichever process it
   * reaches. It then has a subscription of its own. Default false.
   */
  readonly resume?: boolean;
}

const OPTIONS: OptionNames<EventStreamRelayOptions> = {
  onGap: true,
  heartbeatMs: true,
  maxUnsentBytes: true,
  retryMs: true,
  event: true,
  resume: true,
};

/** The clients of one topic, in this process. */
interface TopicStreams {
  readonly streams: EventStreams;
  open: number;
}

/**
 * Publishes the messages of a {@link PubSub} to clients of server-sent events. A topic is subscribed there while it has clients here, and each message
 * is serialized once.
 *
 * @example
 * const prices = new EventStreamRelay(reactor, pubsub);
 * await serveHttp(reactor, endpoint, (request, response) => void prices.open('prices.gold', request, response));
 */
export class EventStreamRelay {
  readonly #clock: Clock;
  readonly #pubsub: PubSub;
  readonly #settings: EventStreamsOptions;
  readonly #event: (message: PubSubMessage) => ServerSentEvent | undefined;
  readonly #resumes: boolean;
  readonly #upstreams: Upstreams;
  readonly #topics = new Map<string, TopicStreams>();
  /** Of clients that resume. */
  readonly #own: EventStreams;

  /**
   * @param clock The reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, pubsub: PubSub, options: EventStreamRelayOptions = {}) {
    checkClock('clock', clock);
    checkOptions('EventStreamRelay', options, OPTIONS);
    const { event = eventOf, resume = false, onGap: _gap, ...settings } = options;
    checkFunction('event', event);
    this.#clock = clock;
    this.#pubsub = pubsub;
    this.#settings = settings;
    this.#event = event;
    this.#resumes = checkBoolean('resume', resume);
    this.#upstreams = new Upstreams(pubsub, options);
    this.#own = new EventStreams(clock, settings);
  }

  /** The topics that are subscribed at the PubSub for several clients. */
  get topics(): string[] {
    return this.#upstreams.topics;
  }

  /** The number of clients of a topic, except those that resumed. */
  size(topic: string): number {
    return this.#topics.get(topic)?.open ?? 0;
  }

  /**
   * Answers a request with the messages of a topic: {@link EventStreams.open}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, PubSubClosedError, HTTPSequenceError
   */
  open(topic: string, request: HTTPRequest, response: HTTPResponse): EventStream {
    checkTopic(topic);
    const lastId = request.field('last-event-id');
    if (this.#resumes && lastId !== undefined && /^\d{1,20}-\d{1,20}$/.test(lastId)) {
      return this.#resume(topic, lastId, request, response);
    }
    const known = this.#topics.get(topic);
    const entry = known ?? { streams: new EventStreams(this.#clock, this.#settings), open: 0 };
    if (known === undefined) this.#begin(topic, entry);
    entry.open += 1;
    try {
      const stream = entry.streams.open(request, response);
      response.whenEnded(() => this.#left(topic, entry));
      return stream;
    } catch (error) {
      this.#left(topic, entry);
      throw error;
    }
  }

  /** Fires when no further message of a topic with clients will be missed. Fails if it has no clients. */
  ready(topic: string): Deferred<void> {
    return this.#upstreams.ready(topic);
  }

  /** Ends all streams, and the subscriptions at the PubSub. */
  close(): void {
    this.#own.close();
    for (const { streams } of this.#topics.values()) streams.close();
    for (const topic of this.topics) this.#upstreams.end(topic);
    this.#topics.clear();
  }

  #begin(topic: string, entry: TopicStreams): void {
    this.#upstreams.begin(topic, (message) => {
      const event = this.#event(message);
      if (event !== undefined) entry.streams.publish(event);
    });
    this.#topics.set(topic, entry);
  }

  #left(topic: string, entry: TopicStreams): void {
    entry.open -= 1;
    if (entry.open > 0 || this.#topics.get(topic) !== entry) return;
    this.#topics.delete(topic);
    this.#upstreams.end(topic);
  }

  /** No faster than the client reads: the messages wait on the server. */
  #resume(topic: string, after: string, request: HTTPRequest, response: HTTPResponse): EventStream {
    const stream = this.#own.open(request, response);
    const receive = (message: PubSubMessage): unknown => {
      const event = this.#event(message);
      if (event === undefined || stream.send(event)) return undefined;
      return stream.drained().addErrback(() => undefined);
    };
    const options: StreamSubscribeOptions = { ...this.#upstreams.options(topic), after };
    const subscription = this.#pubsub.subscribe(topic, receive, options as object);
    subscription.ended().addErrback(({ value }) => reportError(value, `relay of ${topic}`));
    response.whenEnded(() => void subscription.unsubscribe());
    return stream;
  }
}

function eventOf({ text, id }: PubSubMessage): ServerSentEvent {
  return id === undefined ? { data: text } : { data: text, id };
}
