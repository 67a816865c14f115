/**
 * The statements of a connection to SQLite that have no outcome yet.
 *
 * Theory of operation. A message between threads costs more than a short statement. Statements have a port of their own, without
 * the envelope of a call into a thread. Those that are started while the thread is busy are sent together, and so are their
 * outcomes. A slow statement must not delay the outcomes of those before it: the thread then returns these, and the rest is sent
 * again, first.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { toError } from '../../core/text-of.js';
import { Deferred } from '../../defer/deferred.js';
import { unpackError } from '../../internal/remote-error.js';
import type { Thread } from '../../threads/index.js';
import type { StatementCall } from '../database-driver.js';
import { FIRST_SLOT, PIPELINE_DEPTH, SHARED_SLOT } from './cells.js';
import type { Outcome, Request, ThreadLink } from './messages.js';
import { sqliteError, threadEnded } from './result-codes.js';

/** A statement that has no outcome yet. */
class PendingStatement<T> implements StatementCall<T> {
  readonly result: Deferred<T> = new Deferred<T>();
  readonly request: Request;
  readonly sql: string;
  readonly committing: boolean;
  readonly #cells: Int32Array;
  readonly #pick: (outcome: Outcome) => T;
  #ended = false;

  constructor(
    request: Request,
    sql: string,
    committing: boolean,
    cells: Int32Array,
    pick: (outcome: Outcome) => T,
  ) {
    this.request = request;
    this.sql = sql;
    this.committing = committing;
    this.#cells = cells;
    this.#pick = pick;
  }

  get slot(): number {
    return this.request[1];
  }

  cancel(): void {
    if (!this.#ended) Atomics.store(this.#cells, this.slot, 1);
  }

  end(): void {
    this.#ended = true;
  }

  succeed(outcome: Outcome): void {
    this.result.callback(this.#pick(outcome) as never);
  }
}

export class StatementQueue {
  readonly #thread: Thread;
  readonly #port: MessagePort;
  readonly #cells: Int32Array;
  /** The slots of no statement. */
  readonly #free: number[] = Array.from({ length: PIPELINE_DEPTH }, (_, n) => FIRST_SLOT + n);
  /** In their order. */
  #pending: PendingStatement<unknown>[] = [];
  /** Whether new statements have to wait for an answer of the thread. */
  #busy = false;
  /** The number of statements in {@link SHARED_SLOT}. */
  #sharing = 0;
  /** Why statements are not accepted any more. */
  #end: Error | undefined;

  constructor(thread: Thread, { port, cells }: ThreadLink) {
    this.#thread = thread;
    this.#port = port;
    this.#cells = cells;
    port.on('message', (outcomes: readonly Outcome[]) => this.#answered(outcomes));
    // The thread keeps the process alive, so that its end is noticed too.
    port.unref();
  }

  /** The slot of a statement that will be started. */
  takeSlot(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    this.#sharing += 1;
    return SHARED_SLOT;
  }

  start<T>(
    request: Request,
    sql: string,
    committing: boolean,
    pick: (outcome: Outcome) => T,
  ): StatementCall<T> {
    const statement = new PendingStatement(request, sql, committing, this.#cells, pick);
    if (this.#end !== undefined) {
      this.#failSoon([statement], () => threadEnded(new Error('it is closed'), sql, committing));
      return statement;
    }
    this.#pending.push(statement as PendingStatement<unknown>);
    if (!this.#busy) this.#send();
    return statement;
  }

  /** The pending statements fail, and all later ones. */
  close(cause: Error): void {
    this.#end = cause;
    this.#receiveLast();
    this.#port.close();
    const lost = this.#pending;
    this.#pending = [];
    for (const statement of lost) {
      this.#fail(statement, threadEnded(cause, statement.sql, statement.committing));
    }
  }

  #send(): void {
    while (this.#pending.length > 0) {
      try {
        this.#port.postMessage(this.#pending.map(({ request }) => request));
        this.#setBusy(true);
        return;
      } catch (cause) {
        this.#refuse(toError(cause));
      }
    }
    this.#setBusy(false);
  }

  /** Nothing was sent, because a statement has a value that cannot be; or all are too large together. */
  #refuse(cause: Error): void {
    const sendable = this.#pending.filter(isSendable);
    const refused = this.#pending.filter((statement) => !sendable.includes(statement));
    this.#pending = refused.length > 0 ? sendable : [];
    const failed = refused.length > 0 ? refused : sendable;
    this.#failSoon(failed, ({ sql }) => sqliteError(cause, sql));
  }

  /** The thread answers a beginning of what it got, at least one. */
  #answered(outcomes: readonly Outcome[]): void {
    const answered = this.#pending.splice(0, outcomes.length);
    const more = this.#pending.length > 0;
    if (more && this.#end === undefined) this.#send();
    for (let i = 0; i < answered.length; i++) {
      const statement = answered[i] as PendingStatement<unknown>;
      const outcome = outcomes[i] as Outcome;
      if ('error' in outcome) {
        this.#fail(statement, sqliteError(unpackError(outcome.error), statement.sql));
      } else {
        this.#release(statement);
        statement.succeed(outcome);
      }
    }
    // Callbacks have started others, which are now sent together.
    if (!more && this.#end === undefined) this.#send();
  }

  /** The last answers of a thread that has ended. */
  #receiveLast(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#answered(received.message as Outcome[]);
    }
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    if (busy) this.#thread.hold();
    else this.#thread.release();
  }

  #fail(statement: PendingStatement<unknown>, error: Error): void {
    this.#release(statement);
    statement.result.errback(error);
  }

  /** Later: callers expect no outcome before they have their Deferred. */
  #failSoon<T>(
    statements: readonly PendingStatement<T>[],
    errorOf: (statement: PendingStatement<T>) => Error,
  ): void {
    queueMicrotask(() => {
      for (const statement of statements) {
        this.#fail(statement as PendingStatement<unknown>, errorOf(statement));
      }
    });
  }

  #release(statement: PendingStatement<unknown>): void {
    statement.end();
    const { slot } = statement;
    if (slot === SHARED_SLOT) {
      this.#sharing -= 1;
      if (this.#sharing > 0) return;
    } else this.#free.push(slot);
    if (this.#end === undefined) Atomics.store(this.#cells, slot, 0);
  }
}

function isSendable({ request }: PendingStatement<unknown>): boolean {
  try {
    structuredClone(request);
    return true;
  } catch {
    return false;
  }
}
