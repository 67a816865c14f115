/**
 * The side of a thread that is called: runs one call at a time, in the order in which they arrive, and answers each.
 *
 * Theory of operation. Messages arrive as events of the thread's loop. A function that computes keeps the loop from running, so
 * it could never learn that it was cancelled; and one that waits for an answer would wait forever. The sender therefore counts
 * its messages in shared memory, and both take messages from the port themselves when that number has changed.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { CancelledError } from '../defer/errors.js';
import { isThenable } from '../defer/thenable.js';
import { packError, unpackError } from '../internal/remote-error.js';
import { SENT_ERRORS, ThreadFunctionError, ThreadMessageError } from './errors.js';
import {
  type CallMessage,
  type FromThread,
  type OutcomeMessage,
  SENT,
  type ToThread,
} from './messages.js';
import { transfersOf } from './transfers.js';

type Exports = Readonly<Record<string, unknown>>;

/** The call that is running. */
interface RunningCall {
  readonly message: CallMessage;
  cancelled: boolean;
  /** Made when the function asks for its signal. */
  controller: AbortController | undefined;
}

interface Request {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Callee {
  readonly #port: MessagePort;
  readonly #cells: Int32Array;
  readonly #modules: Map<string, Exports> = new Map();
  readonly #queue: CallMessage[] = [];
  readonly #requests: Map<number, Request> = new Map();
  #current: RunningCall | undefined;
  /** The number of messages when the port was emptied last. */
  #seen = 0;
  #lastRequest = 0;

  constructor(port: MessagePort, cells: Int32Array) {
    this.#port = port;
    this.#cells = cells;
    port.on('message', (message: ToThread) => {
      this.#receive(message);
      this.#runCalls();
    });
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  isCancelled(): boolean {
    if (Atomics.load(this.#cells, SENT) !== this.#seen) this.#receiveAll();
    return this.#current?.cancelled === true;
  }

  signal(): AbortSignal {
    const call = this.#current as RunningCall;
    call.controller ??= new AbortController();
    if (this.isCancelled()) call.controller.abort(new CancelledError());
    return call.controller.signal;
  }

  request(name: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => this.#request(name, args, { resolve, reject }));
  }

  block(name: string, args: readonly unknown[]): unknown {
    let outcome: { readonly value: unknown } | { readonly error: Error } | undefined;
    const id = this.#request(name, args, {
      resolve: (value) => {
        outcome = { value };
      },
      reject: (error) => {
        outcome = { error };
      },
    });
    for (;;) {
      this.#receiveAll();
      if (outcome !== undefined || this.#current?.cancelled === true) break;
      Atomics.wait(this.#cells, SENT, this.#seen);
    }
    this.#requests.delete(id);
    if (outcome === undefined) throw new CancelledError();
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  #request(name: string, args: readonly unknown[], request: Request): number {
    const id = ++this.#lastRequest;
    const call = (this.#current as RunningCall).message.id;
    try {
      this.#send({ type: 'request', id, call, name, args });
    } catch (cause) {
      throw new ThreadMessageError('arguments', name, { cause });
    }
    this.#requests.set(id, request);
    return id;
  }

  /** Takes all messages from the port. `#seen` is read first: a message that arrives meanwhile is looked for again. */
  #receiveAll(): void {
    this.#seen = Atomics.load(this.#cells, SENT);
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#receive(received.message as ToThread);
    }
  }

  #receive(message: ToThread): void {
    switch (message.type) {
      case 'call':
        this.#queue.push(message);
        return;
      case 'cancel':
        this.#cancel(message.id);
        return;
      case 'result':
      case 'failure':
        this.#answered(message);
    }
  }

  #cancel(id: number): void {
    const call = this.#current;
    if (call?.message.id === id) {
      call.cancelled = true;
      call.controller?.abort(new CancelledError());
      return;
    }
    const index = this.#queue.findIndex((message) => message.id === id);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    this.#send({ type: 'result', id, value: undefined });
  }

  #answered(message: OutcomeMessage): void {
    const request = this.#requests.get(message.id);
    this.#requests.delete(message.id);
    if (message.type === 'result') request?.resolve(message.value);
    else request?.reject(unpackError(message.error, SENT_ERRORS));
  }

  #runCalls(): void {
    while (this.#current === undefined) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      this.#current = { message, cancelled: false, controller: undefined };
      this.#run(message);
    }
  }

  /** Ends with `#current` undefined, unless the call waits for a promise. */
  #run(message: CallMessage): void {
    let outcome: unknown;
    try {
      const exported = this.#modules.get(message.module);
      outcome = exported === undefined ? this.#load(message) : invoke(exported, message);
      if (!isThenable(outcome)) {
        this.#answer(message, outcome);
        return;
      }
    } catch (error) {
      this.#fail(message, error);
      return;
    }
    // Then it settles once, whatever its `then` does.
    Promise.resolve(outcome).then(
      (value) => {
        this.#answer(message, value);
        this.#runCalls();
      },
      (error) => {
        this.#fail(message, error);
        this.#runCalls();
      },
    );
  }

  async #load(message: CallMessage): Promise<unknown> {
    const { module, name } = message;
    let exported: Exports;
    try {
      exported = (await import(module)) as Exports;
    } catch (cause) {
      throw new ThreadFunctionError(module, name, { cause });
    }
    this.#modules.set(module, exported);
    return invoke(exported, message);
  }

  #answer({ id, name }: CallMessage, result: unknown): void {
    const value = this.#current?.cancelled ? undefined : result;
    this.#current = undefined;
    try {
      this.#send({ type: 'result', id, value }, transfersOf(value));
    } catch (cause) {
      const error = packError(new ThreadMessageError('result', name, { cause }));
      this.#send({ type: 'failure', id, error });
    }
  }

  #fail({ id }: CallMessage, error: unknown): void {
    this.#current = undefined;
    this.#send({ type: 'failure', id, error: packError(error) });
  }

  #send(message: FromThread, transfer: Parameters<MessagePort['postMessage']>[1] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

function invoke(exported: Exports, { module, name, args }: CallMessage): unknown {
  const called = exported[name];
  if (typeof called !== 'function') throw new ThreadFunctionError(module, name);
  return called(...args);
}
