/** The messages of a service to the socket of its manager. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { ReactorUNIXDatagram } from '../core/reactor-unix-datagram.js';
import { Deferred } from '../defer/deferred.js';
import { reportError } from '../internal/error-report.js';
import {
  type DatagramLinkListener,
  RECONNECT_MS,
  UNIXDatagramLink,
} from '../internal/unix-datagram-link.js';

/** The most messages that are kept while the receiver is gone. The oldest are dropped. */
export const MAX_UNSENT_MESSAGES = 64;
/** How often a message is sent, once in a second, before it is dropped. */
export const MAX_ATTEMPTS = 30;
/** Time that closing waits for unsent messages, in milliseconds. */
export const CLOSE_TIMEOUT_MS = 1_000;

interface Message {
  readonly text: string;
  /** Fires when the system has it, or it was dropped. */
  readonly done: Deferred<void>;
  attempts: number;
  written: boolean;
}

/** Keeps messages until the system has them. A message may arrive twice if the receiver is restarted. */
export class NotifySocket implements DatagramLinkListener {
  readonly #clock: Clock;
  readonly #link: UNIXDatagramLink;
  readonly #empty: Deferred<void>[] = [];
  #messages: Message[] = [];
  #retry: DelayedCall | undefined;
  #failing = false;

  /** @throws UnsupportedError the reactor has no UNIX datagrams. */
  constructor(reactor: ReactorUNIXDatagram & Clock, path: string) {
    this.#clock = reactor;
    this.#link = new UNIXDatagramLink(reactor, path, this);
    try {
      this.#link.connect();
    } catch (error) {
      if (error instanceof UnsupportedError) throw error;
      this.failed(error);
    }
  }

  send(text: string): Deferred<void> {
    const message: Message = { text, done: new Deferred(), attempts: 0, written: false };
    if (this.#messages.length === MAX_UNSENT_MESSAGES) this.#messages.shift()?.done.callback();
    this.#messages.push(message);
    this.#write();
    return message.done;
  }

  close(): Deferred<void> {
    const empty = new Deferred<void>();
    if (this.#messages.length === 0) empty.callback();
    else {
      const end = (): void => {
        if (!empty.fired) empty.callback();
      };
      const limit = this.#clock.callLater(CLOSE_TIMEOUT_MS, end);
      limit.whenDropped(end);
      empty.addCallback(() => {
        if (limit.active()) limit.cancel();
      });
      this.#empty.push(empty);
    }
    return empty.addCallback(() => {
      if (this.#retry?.active()) this.#retry.cancel();
      return this.#link.close();
    });
  }

  failed(error: unknown): void {
    if (!this.#failing) reportError(error, 'notify systemd');
    this.#failing = true;
    for (const message of this.#messages) message.written = false;
    this.#dropWhere(({ attempts }) => attempts >= MAX_ATTEMPTS);
    if (this.#messages.length > 0) this.#retryLater();
  }

  works(): void {
    this.#failing = false;
  }

  sent(): void {
    this.#dropWhere(({ written }) => written);
  }

  readonly #write = (): void => {
    for (const message of [...this.#messages]) {
      if (message.written) continue;
      message.attempts += 1;
      try {
        message.written = this.#link.send(message.text);
      } catch (error) {
        reportError(error, 'notify systemd');
        this.#dropWhere((each) => each === message);
        continue;
      }
      if (message.written) continue;
      this.#dropWhere(({ attempts }) => attempts >= MAX_ATTEMPTS);
      if (this.#messages.length > 0) this.#retryLater();
      return;
    }
  };

  #retryLater(): void {
    if (this.#retry?.active()) return;
    this.#retry = this.#clock.callLater(RECONNECT_MS, this.#write);
  }

  #dropWhere(ended: (message: Message) => boolean): void {
    const done = this.#messages.filter(ended);
    if (done.length === 0) return;
    this.#messages = this.#messages.filter((message) => !done.includes(message));
    for (const message of done) message.done.callback();
    if (this.#messages.length > 0) return;
    for (const empty of this.#empty.splice(0)) if (!empty.fired) empty.callback();
  }
}
