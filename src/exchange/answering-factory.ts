/** The base of the factories of answering servers: their limits and counters. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { RemoteProtocolError } from '../core/errors/base.js';
import type { Protocol } from '../core/protocol.js';
import type { FrameDecoder } from '../framing/frame-decoder.js';
import { checkClock } from '../internal/check.js';
import type { OptionNames } from '../internal/options.js';
import { CountingFactory, checkMaxConnections } from '../policies/counting-factory.js';
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

export abstract class AnsweringFactory<Question>
  extends CountingFactory
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
  /** @internal */
  protected readonly maxConnections: number;

  /** The options have been checked for unknown names. */
  constructor(clock: Clock, options: AnsweringOptions) {
    super();
    checkClock('clock', clock);
    const {
      questionTimeoutMs = DEFAULT_QUESTION_TIMEOUT_MS,
      answerTimeoutMs = DEFAULT_ANSWER_TIMEOUT_MS,
    } = options;
    this.questionTimeoutMs = checkTimeout('questionTimeoutMs', questionTimeoutMs);
    this.answerTimeoutMs = checkTimeout('answerTimeoutMs', answerTimeoutMs);
    this.maxConnections = checkMaxConnections(options.maxConnections);
    const shortest = Math.min(questionTimeoutMs, answerTimeoutMs);
    this.timeouts = new IdleTimeouts(clock, { tickMs: Math.min(1_000, shortest / 16) });
  }

  /** @internal */
  protected override makeProtocol(): Protocol {
    return new AnsweringProtocol(this);
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
}
