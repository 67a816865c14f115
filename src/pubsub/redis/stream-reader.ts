/**
 * Reads streams for subscriptions that receive all messages. Each has a cursor, the id of its last message, and takes pages (XRANGE) while its
 * queue has room: a slow receiver falls behind and loses nothing until the stream is trimmed. A subscription that has read everything is
 * idle. One blocking command (XREAD) on a connection of its own waits for messages behind the cursors of all idle ones.
 */
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../defer/deferred.js';
import { Waiters } from '../../defer/waiters.js';
import type { RedisClient, RedisValue } from '../../protocols/redis/index.js';
import { SubscriptionRefusedError } from '../errors.js';
import type { Subscription } from '../subscription.js';
import { isRefusal, RETRY_MS } from './refusals.js';
import { entriesOf, isLater, messageOfEntry } from './stream-entries.js';

const PAGE = 100;
/** Waiting time of the blocking command: shorter than `stallTimeoutMs` and time limits of commands. */
export const BLOCK_MS = 2_000;
const UNBLOCK_AGAIN_MS = 5;

/** Makes a client for blocking commands. @param onConnected Receives the id of each connection, for CLIENT UNBLOCK. */
export type MakeBlocking = (onConnected: (id: RedisValue) => void) => RedisClient;

type CursorState = 'starting' | 'pulling' | 'full' | 'idle';

export class StreamCursor {
  readonly subscription: Subscription;
  readonly key: string;
  id: string;
  state: CursorState = 'starting';
  /** Whether messages behind the cursor may have been removed. */
  mayBeTrimmed: boolean;

  /** @param after `$`, or an id. */
  constructor(subscription: Subscription, key: string, after: string) {
    this.subscription = subscription;
    this.key = key;
    this.id = after;
    this.mayBeTrimmed = after !== '$' && after !== '0-0';
  }
}

export class StreamReader {
  readonly #clock: Clock;
  readonly #commands: RedisClient;
  readonly #blocking: RedisClient;
  readonly #dropped: () => void;
  readonly #cursors = new Set<StreamCursor>();
  #isRunning = false;
  #isStopped = false;
  /** Of the blocking connection: CLIENT UNBLOCK. */
  #clientId: RedisValue = null;
  /** The blocking command that has no answer. */
  #blockedCall: number | undefined;
  #calls = 0;
  readonly #idleWaiters: Waiters<void> = new Waiters();

  /**
   * @param makeBlocking Makes the client of the blocking connection.
   * @param dropped Called when the reactor has stopped.
   */
  constructor(
    clock: Clock,
    commands: RedisClient,
    makeBlocking: MakeBlocking,
    dropped: () => void,
  ) {
    this.#dropped = dropped;
    this.#clock = clock;
    this.#commands = commands;
    this.#blocking = makeBlocking((id) => {
      this.#clientId = id;
    });
  }

  add(cursor: StreamCursor): void {
    this.#cursors.add(cursor);
    cursor.subscription.onRoom = () => {
      if (cursor.state === 'full') void this.#pull(cursor);
    };
    this.#blocking.startService();
    void this.#start(cursor);
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
  }

  remove(cursor: StreamCursor): void {
    this.#cursors.delete(cursor);
    if (this.#cursors.size === 0) this.#idleWaiters.fireAll((waiter) => waiter.callback(undefined));
  }

  /** The connection for commands was lost. */
  lost(): void {
    for (const { subscription } of this.#cursors) subscription.interrupted();
  }

  /** It is back: cursors continue. */
  opened(): void {
    for (const cursor of this.#cursors) {
      cursor.mayBeTrimmed = cursor.id !== '$';
      if (cursor.state !== 'starting') cursor.subscription.confirmed(true);
      if (cursor.state === 'idle') void this.#pull(cursor);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#idleWaiters.fireAll((waiter) => waiter.callback(undefined));
    this.#unblock();
    await this.#blocking.stopService();
  }

  /** Finds the position of `$`, so that nothing is missed from then on. */
  async #start(cursor: StreamCursor): Promise<void> {
    while (this.#has(cursor)) {
      try {
        if (cursor.id === '$') {
          const last = await this.#commands.call(['XREVRANGE', cursor.key, '+', '-', 'COUNT', 1]);
          cursor.id = entriesOf(last)[0]?.id ?? '0-0';
        }
        cursor.subscription.confirmed(true);
        await this.#pull(cursor);
        return;
      } catch (error) {
        if (!(await this.#goesOn(cursor, error))) return;
      }
    }
  }

  /** After a failed command. @returns False if it will always fail, or the reactor has stopped. */
  async #goesOn({ subscription }: StreamCursor, error: unknown): Promise<boolean> {
    if (!isRefusal(error)) return this.#pause();
    void subscription.end(new SubscriptionRefusedError(subscription.pattern, error));
    return false;
  }

  /** Takes pages until the queue is full, or everything was read. */
  async #pull(cursor: StreamCursor): Promise<void> {
    cursor.state = 'pulling';
    while (this.#has(cursor)) {
      const { subscription, key } = cursor;
      const count = Math.min(PAGE, subscription.room);
      if (count <= 0) {
        cursor.state = 'full';
        cursor.mayBeTrimmed = true;
        return;
      }
      try {
        if (cursor.mayBeTrimmed) await this.#checkTrimmed(cursor);
        const page = await this.#commands.call([
          'XRANGE',
          key,
          `(${cursor.id}`,
          '+',
          'COUNT',
          count,
        ]);
        const entries = entriesOf(page);
        for (const entry of entries) {
          cursor.id = entry.id;
          const message = messageOfEntry(subscription.pattern, entry);
          if (message !== undefined) subscription.deliver(message);
        }
        if (entries.length < count) break;
      } catch (error) {
        if (!(await this.#goesOn(cursor, error))) return;
      }
    }
    if (!this.#has(cursor)) return;
    cursor.state = 'idle';
    this.#unblock();
    this.#idleWaiters.fireAll((waiter) => waiter.callback(undefined));
  }

  async #checkTrimmed(cursor: StreamCursor): Promise<void> {
    const first = entriesOf(
      await this.#commands.call(['XRANGE', cursor.key, '-', '+', 'COUNT', 1]),
    )[0];
    cursor.mayBeTrimmed = false;
    if (first !== undefined && cursor.id !== '0-0' && isLater(first.id, cursor.id)) {
      cursor.subscription.gap({ reason: 'trimmed', count: undefined });
    }
  }

  /** The blocking command, again and again. */
  async #run(): Promise<void> {
    while (!this.#isStopped && this.#cursors.size > 0) {
      const idle = this.#idleKeys();
      if (idle.size === 0) {
        await this.#someIdle();
        continue;
      }
      const streams = [...idle.keys(), ...idle.values()];
      try {
        this.#calls += 1;
        this.#blockedCall = this.#calls;
        const found = await this.#blocking.call([
          'XREAD',
          'COUNT',
          1,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          ...streams,
        ]);
        this.#blockedCall = undefined;
        if (found instanceof Map) await this.#wake(found);
      } catch (error) {
        this.#blockedCall = undefined;
        if (!(await this.#pause())) return;
        if (isRefusal(error)) await this.#checkIdle();
      }
    }
    this.#isRunning = false;
  }

  /** Fulfilled when a cursor has become idle, or there is none any more. */
  #someIdle(): Promise<void> {
    return this.#idleWaiters.add().toPromise();
  }

  /** The least cursor of each stream with idle ones. */
  #idleKeys(): Map<string, string> {
    const idle = new Map<string, string>();
    for (const { key, id, state } of this.#cursors) {
      const least = idle.get(key);
      if (state === 'idle' && (least === undefined || isLater(least, id))) idle.set(key, id);
    }
    return idle;
  }

  /** One of the streams is refused: reading each alone finds it. */
  async #checkIdle(): Promise<void> {
    const idle = [...this.#cursors].filter(({ state }) => state === 'idle');
    await Promise.all(idle.map((cursor) => this.#pull(cursor)));
  }

  async #wake(found: ReadonlyMap<string, RedisValue>): Promise<void> {
    const pulls: Promise<void>[] = [];
    for (const cursor of this.#cursors) {
      if (cursor.state === 'idle' && found.has(cursor.key)) pulls.push(this.#pull(cursor));
    }
    await Promise.all(pulls);
  }

  /**
   * A new idle cursor is not among those that the blocking command waits for. The server may receive this before that command, because it has
   * another connection: then it is sent again.
   */
  #unblock(call: number | undefined = this.#blockedCall): void {
    if (call === undefined || call !== this.#blockedCall || this.#clientId === null) return;
    if (!this.#commands.running) return;
    try {
      this.#commands.call(['CLIENT', 'UNBLOCK', String(this.#clientId)]).addCallbacks(
        (count) => {
          if (count === 0) this.#clock.callLater(UNBLOCK_AGAIN_MS, () => this.#unblock(call));
        },
        () => undefined,
      );
    } catch {
      // Too much is unanswered: the command ends by itself.
    }
  }

  #has(cursor: StreamCursor): boolean {
    return !this.#isStopped && this.#cursors.has(cursor);
  }

  #pause(): Promise<boolean> {
    return pause(this.#clock, this.#dropped);
  }
}

/** Waits before a failed command is repeated. @returns False if the reactor has stopped; then `dropped` was called. */
export function pause(clock: Clock, dropped: () => void): Promise<boolean> {
  const waited = new Deferred<boolean>();
  const drop = (): void => {
    dropped();
    waited.callback(false);
  };
  try {
    clock.callLater(RETRY_MS, () => waited.callback(true)).whenDropped(drop);
  } catch {
    drop();
  }
  return waited.toPromise();
}
