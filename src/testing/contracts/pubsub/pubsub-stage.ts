/** The stage of one case of the contract of publish/subscribe: two ends, and receivers that record. */
import type { Deferred } from '../../../defer/deferred.js';
import type { PubSubMessage } from '../../../pubsub/message.js';
import type { PubSub } from '../../../pubsub/pub-sub.js';
import type { SubscribeOptions } from '../../../pubsub/subscribe-options.js';
import type { Subscription } from '../../../pubsub/subscription.js';
import type { ContractCase, ContractStage } from '../contract-case.js';

/** Two ends of the same topics: of two processes, say, or one object twice. */
export interface PubSubStage extends Pick<ContractStage, 'until' | 'settle' | 'dispose'> {
  readonly pubsub: PubSub;
  readonly other: PubSub;
}

/** Called once by each case. */
export type MakePubSubStage = () => PubSubStage | Promise<PubSubStage>;

export interface Recording {
  readonly messages: PubSubMessage[];
  /** `topic=text` of each. */
  readonly texts: string[];
  readonly subscription: Subscription;
}

export class PubSubScene {
  readonly pubsub: PubSub;
  readonly other: PubSub;
  readonly #stage: PubSubStage;
  #last = 0;

  constructor(stage: PubSubStage) {
    this.pubsub = stage.pubsub;
    this.other = stage.other;
    this.#stage = stage;
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.#stage.until(condition, what);
  }

  settle(): Promise<void> {
    return this.#stage.settle();
  }

  /** The result of a Deferred, while the stage's time passes. */
  async result<T>(deferred: Deferred<T>, what: string): Promise<T> {
    let isDone = false;
    const noted = deferred.addBoth((result) => {
      isDone = true;
      return result;
    }) as Deferred<T>;
    const promise = noted.toPromise();
    promise.catch(() => {});
    await this.until(() => isDone, what);
    return await promise;
  }

  /** A subscription that is ready. */
  async record(
    pubsub: PubSub,
    pattern: string,
    options: SubscribeOptions = {},
    react: (message: PubSubMessage) => unknown = () => undefined,
  ): Promise<Recording> {
    const messages: PubSubMessage[] = [];
    const texts: string[] = [];
    const subscription = pubsub.subscribe(
      pattern,
      (message) => {
        messages.push(message);
        texts.push(`${message.topic}=${message.text}`);
        return react(message);
      },
      options,
    );
    await this.result(subscription.ready(), `the subscription of ${pattern}`);
    return { messages, texts, subscription };
  }

  async publish(pubsub: PubSub, topic: string, data: string | Uint8Array): Promise<void> {
    await this.result(pubsub.publish(topic, data), `the publication to ${topic}`);
  }

  /** A topic that no other case has: servers may be shared. */
  topic(): string {
    this.#last += 1;
    return `contract.${process.pid}.${Math.random().toString(36).slice(2)}.${this.#last}`;
  }
}

export type AddPubSubCase = (name: string, body: (scene: PubSubScene) => Promise<void>) => void;

export function pubSubCases(makeStage: MakePubSubStage): {
  readonly cases: ContractCase[];
  readonly add: AddPubSubCase;
} {
  const cases: ContractCase[] = [];
  const add: AddPubSubCase = (name, body) => {
    const run = async (): Promise<void> => {
      const stage = await makeStage();
      try {
        await body(new PubSubScene(stage));
      } finally {
        await stage.dispose();
      }
    };
    cases.push({ name, run });
  };
  return { cases, add };
}
