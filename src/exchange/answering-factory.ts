/** The base of the factories of answering servers: their limits and counters. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { RemoteProtocolError } from '../core/errors/base.js';
import { Factory } from '../core/factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { FrameDecoder } from '../framing/frame-decoder.js';
import { checkClock, checkInteger } from '../internal/check.js';
import type { OptionNames } from '../internal/options.js';
import { checkTimeout, IdleTimeouts } from '../policies/idle-timeouts.js';
import { type Answer, AnsweringProtocol, type AnsweringServer } from './answering-protocol.js';

/** The limits of all answering servers. */
export interface AnsweringOptions {
  /** Time for a whole question to arrive, and for the peer to read the answer. Default 60,000. */
  readonly questionTimeoutMs?: number;
  /** Time for the answer to be made. The result is then no longer waited for; a Deferred is cancelled. Default 30,000. */
  readonly answerTimeoutMs?: number;
  /** Connections at a time; further ones are closed. Default 1,000. */
  readonly maxConnections?: number;
}

export const ANSWERING_OPTIONS: OptionNames<AnsweringOptions> = {
  questionTimeoutMs: true,
  answerTimeoutMs: true,
  maxConnections: true,
};

const DEFAULT_QUESTION_TIMEOUT_MS = 60_000;
const DEFAULT_ANSWER_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_CONNECTIONS = 1_000;

export abstract class AnsweringFactory<Question>
  extends Factory
  implements AnsweringServer<Question>
{
  /** @internal */
  readonly timeouts: IdleTimeouts;
  /** @internal */
  readonly questionTimeoutMs: number;
  /** @internal */
  readonly answerTimeoutMs: number;
  /** @internal */
  abstract readonly answersOnce: boolean;
  /** @internal */
  abstract readonly where: string;
  readonly #maxConnections: number;
  #connectionCount = 0;
  #refusedCount = 0;

  /** The options have been checked for unknown names. */
  constructor(clock: Clock, options: AnsweringOptions) {
    super();
    checkClock('clock', clock);
    const {
      questionTimeoutMs = DEFAULT_QUESTION_TIMEOUT_MS,
      answerTimeoutMs = DEFAULT_ANSWER_TIMEOUT_MS,
      maxConnections = DEFAULT_MAX_CONNECTIONS,
    } = options;
    this.questionTimeoutMs = checkTimeout('questionTimeoutMs', questionTimeoutMs);
    this.answerTimeoutMs = checkTimeout('answerTimeoutMs', answerTimeoutMs);
    this.#maxConnections = checkInteger('maxConnections', maxConnections, 1, 2 ** 31 - 1);
    const shortest = Math.min(questionTimeoutMs, answerTimeoutMs);
    this.timeouts = new IdleTimeouts(clock, { tickMs: Math.min(1_000, shortest / 16) });
  }

  /** The number of open connections. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** The number of connections that were closed because of `maxConnections`. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  override buildProtocol(_address: Address): StreamProtocol | null {
    if (this.#connectionCount >= this.#maxConnections) {
      this.#refusedCount++;
      return null;
    }
    this.#connectionCount++;
    const protocol = new AnsweringProtocol(this);
    protocol.factory = this;
    return protocol;
  }

  /** @internal */
  abstract makeDecoder(): FrameDecoder;
  /** @internal */
  abstract readQuestion(frame: Buffer): Question;
  /** @internal */
  abstract answer(question: Question, peer: Address, host: Address): Answer;
  /** @internal */
  abstract failureAnswer(question: Question): Buffer;
  /** @internal */
  abstract refusalAnswer(error: RemoteProtocolError): Buffer | undefined;

  /** @internal */
  connectionEnded(): void {
    this.#connectionCount--;
  }
}
