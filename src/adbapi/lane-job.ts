/** The jobs that a lane hands to its connections. */
import { Deferred } from '../defer/deferred.js';
import { Entry, type LinkedList } from '../defer/linked-list.js';
import type { DriverConnection } from './database-driver.js';

/** A job that waits for a connection. */
export abstract class LaneJob {
  /** Whether it needs a connection of its own. */
  abstract readonly exclusive: boolean;
  /** When it began to wait, on the clock of the pool. */
  waitsSince = 0;
  readonly #entry: Entry<LaneJob> = new Entry<LaneJob>(this);
  #queue: LinkedList<LaneJob> | undefined;

  /** @param ended To be called once, when the connection is free again. */
  abstract start(connection: DriverConnection, ended: () => void): void;
  abstract fail(error: Error): void;

  join(queue: LinkedList<LaneJob>, now: number): void {
    this.waitsSince = now;
    this.#queue = queue;
    queue.push(this.#entry);
  }

  leave(): void {
    this.#queue?.remove(this.#entry);
  }
}

/** A connection that is lent for exclusive use. */
export interface Lease {
  readonly connection: DriverConnection;
  /** Gives it back: to be called once. */
  readonly release: () => void;
}

/** A request for a connection for exclusive use. */
export class LeaseJob extends LaneJob {
  override readonly exclusive = true;
  readonly deferred: Deferred<Lease> = new Deferred<Lease>(() => this.leave());

  override start(connection: DriverConnection, ended: () => void): void {
    this.deferred.callback({ connection, release: ended });
  }

  override fail(error: Error): void {
    this.deferred.errback(error);
  }
}
