/**
 * One consumer of a group of a stream. First it takes the messages that its earlier life received and did not acknowledge, then new ones, and
 * from time to time those that other consumers have not acknowledged for `claimAfterMs`. A message is acknowledged when its receiver has
 * succeeded. It has a connection of its own, because it blocks there.
 */
import type { Clock } from '../../core/clock.js';
import { Waiters } from '../../defer/waiters.js';
import {
  type RedisClient,
  type RedisCommand,
  RedisServerError,
  type RedisValue,
} from '../../protocols/redis/index.js';
import { SubscriptionRefusedError } from '../errors.js';
import type { Subscription } from '../subscription.js';
import { isRefusal } from './refusals.js';
import { entriesOf, entriesOfKey, messageOfEntry, type StreamEntry } from './stream-entries.js';
import { BLOCK_MS, type MakeBlocking, pause } from './stream-reader.js';
import type { StreamSettings } from './stream-settings.js';

const PAGE = 100;

export class StreamConsumer {
  readonly subscription: Subscription;
  readonly #key: string;
  readonly #clock: Clock;
  readonly #settings: StreamSettings;
  readonly #commands: RedisClient;
  readonly #blocking: RedisClient;
  readonly #dropped: () => void;
  /** Delivered, and neither acknowledged nor failed. */
  readonly #inProgress = new Set<string>();
  readonly #roomWaiters: Waiters<void> = new Waiters();
  #clientId: RedisValue = null;
  #hasGroup = false;
  /** The cursor in our own unacknowledged messages; undefined when all were taken. */
  #pending: string | undefined = '0-0';
  #lastClaim: number;
  #isStopped = false;

  constructor(
    clock: Clock,
    commands: RedisClient,
    makeBlocking: MakeBlocking,
    subscription: Subscription,
    key: string,
    settings: StreamSettings,
    dropped: () => void,
  ) {
    this.#clock = clock;
    this.#commands = commands;
    this.subscription = subscription;
    this.#key = key;
    this.#settings = settings;
    this.#dropped = dropped;
    this.#lastClaim = clock.now();
    subscription.onRoom = () => this.#roomWaiters.fireAll((waiter) => waiter.callback(undefined));
    this.#blocking = makeBlocking((id) => {
      this.#clientId = id;
    });
    this.#blocking.startService();
    void this.#run();
  }

  /** Ends reading. Messages without an acknowledgement stay with the group. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#roomWaiters.fireAll((waiter) => waiter.callback(undefined));
    if (this.#clientId !== null && this.#commands.running) {
      const unblocked = this.#commands.call(['CLIENT', 'UNBLOCK', String(this.#clientId)]);
      unblocked.addErrback(() => undefined);
    }
    await this.#blocking.stopService();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (!this.#hasGroup) await this.#makeGroup();
        if (this.subscription.room <= 0) await this.#roomWaiters.add();
        else await this.#read();
      } catch (error) {
        if (this.#isStopped) return;
        if (isRefusal(error)) {
          void this.subscription.end(
            new SubscriptionRefusedError(this.subscription.pattern, error),
          );
          return;
        }
        // It may have been deleted.
        this.#hasGroup = false;
        this.#pending = '0-0';
        this.subscription.interrupted();
        if (!(await pause(this.#clock, this.#dropped))) return;
      }
    }
  }

  async #makeGroup(): Promise<void> {
    const { group = '', after } = this.#settings;
    try {
      await this.#blocking.call(['XGROUP', 'CREATE', this.#key, group, after, 'MKSTREAM']);
    } catch (error) {
      if (!(error instanceof RedisServerError) || error.kind !== 'BUSYGROUP') throw error;
    }
    this.#hasGroup = true;
    this.subscription.confirmed(true);
  }

  async #read(): Promise<void> {
    const count = Math.min(PAGE, this.subscription.room);
    const { claimAfterMs } = this.#settings;
    if (this.#pending !== undefined) {
      const entries = await this.#readGroup(count, this.#pending);
      this.#pending = entries.at(-1)?.id;
      this.#deliver(entries, true);
    } else if (this.#clock.now() - this.#lastClaim >= claimAfterMs / 2) {
      this.#lastClaim = this.#clock.now();
      this.#deliver(await this.#claim(count), true);
    } else {
      this.#deliver(await this.#readGroup(count, '>'), false);
    }
  }

  /** @param from `>`: new messages, which are waited for. An id: unacknowledged ones of this consumer after it. */
  async #readGroup(count: number, from: string): Promise<StreamEntry[]> {
    const { group = '', consumer, claimAfterMs } = this.#settings;
    const blockMs = Math.max(1, Math.min(BLOCK_MS, Math.floor(claimAfterMs / 2)));
    const block = from === '>' ? ['BLOCK', blockMs] : [];
    const command: RedisCommand = [
      'XREADGROUP',
      'GROUP',
      group,
      consumer,
      'COUNT',
      count,
      ...block,
      'STREAMS',
      this.#key,
      from,
    ];
    return entriesOfKey(await this.#blocking.call(command), this.#key);
  }

  async #claim(count: number): Promise<StreamEntry[]> {
    const { group = '', consumer, claimAfterMs } = this.#settings;
    const claimed = await this.#blocking.call([
      'XAUTOCLAIM',
      this.#key,
      group,
      consumer,
      Math.ceil(claimAfterMs),
      '0-0',
      'COUNT',
      count,
    ]);
    return Array.isArray(claimed) ? entriesOf(claimed[1]) : [];
  }

  #deliver(entries: readonly StreamEntry[], redelivered: boolean): void {
    for (const entry of entries) {
      const { id } = entry;
      if (this.#inProgress.has(id)) continue;
      const message = messageOfEntry(this.subscription.pattern, entry, redelivered);
      // An entry that is not ours, or was removed, would be claimed for ever.
      if (message === undefined) {
        this.#acknowledge(id);
        continue;
      }
      this.#inProgress.add(id);
      this.subscription.deliver(message, (succeeded) => {
        this.#inProgress.delete(id);
        if (succeeded) this.#acknowledge(id);
      });
    }
  }

  /** A lost acknowledgement lets the message be delivered again. */
  #acknowledge(id: string): void {
    if (!this.#commands.running) return;
    const { group = '' } = this.#settings;
    try {
      const acknowledged = this.#commands.call(['XACK', this.#key, group, id]);
      acknowledged.addErrback(() => undefined);
    } catch {
      // Too much is unanswered: the message is delivered again.
    }
  }
}
