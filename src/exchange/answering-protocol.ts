/**
 * A server's connection on which questions are answered one after another, each when the one before is answered. The family gives the
 * decoder, reads a question from its frame, and makes the answer; this protocol waits for it, with timeouts and backpressure.
 */
import type { Address } from '../core/address.js';
import { RemoteProtocolError } from '../core/errors/base.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { isInstance } from '../core/text-of.js';
import { TimeoutError } from '../defer/errors.js';
import { isThenable } from '../defer/thenable.js';
import type { FrameDecoder } from '../framing/frame-decoder.js';
import { FrameReceiver } from '../framing/frame-receiver.js';
import { reportError } from '../internal/error-report.js';
import { Deadline } from '../policies/deadline.js';
import type { IdleTimeouts } from '../policies/idle-timeouts.js';

export type Answer = Buffer | PromiseLike<Buffer>;

/** The factory of answering connections, as far as they use it. */
export interface AnsweringServer<Question> {
  readonly timeouts: IdleTimeouts;
  /** Time for a whole question to arrive, and for the last answer to be sent. */
  readonly questionTimeoutMs: number;
  /** Time for `answer`. */
  readonly answerTimeoutMs: number;
  /** Whether the connection ends with the first answer. */
  readonly answersOnce: boolean;
  /** A name for reports of errors. */
  readonly where: string;
  makeDecoder(): FrameDecoder;
  /** @param frame Yours to keep. @throws RemoteProtocolError */
  readQuestion(frame: Buffer): Question;
  answer(question: Question, peer: Address, host: Address): Answer;
  /** The answer if `answer` failed: `error` was reported, unless it is a TimeoutError. */
  failureAnswer(question: Question): Buffer;
  /** The answer to a malformed question, after which the connection ends. Undefined: it ends without one. */
  refusalAnswer(error: RemoteProtocolError): Buffer | undefined;
  connectionEnded(): void;
}

/** One exists for each connection, so its private fields are TypeScript's: see StreamTransport. */
export class AnsweringProtocol<Question> extends FrameReceiver {
  override readonly appliesBackpressure: boolean = true;
  private readonly server: AnsweringServer<Question>;
  private deadline: Deadline | undefined = undefined;
  /** The question and answer that is being waited for. */
  private pending:
    | { readonly question: Question; readonly answer: PromiseLike<Buffer> }
    | undefined = undefined;
  /** The peer has finished sending. */
  private ended = false;

  constructor(server: AnsweringServer<Question>) {
    super(server.makeDecoder());
    this.server = server;
  }

  override connectionMade(): MaybeAsync {
    this.deadline = new Deadline(this.server.timeouts, this.transport, () => this.timedOut());
    this.deadline.set(this.server.questionTimeoutMs);
  }

  override frameReceived(frame: Buffer): MaybeAsync {
    const { server, transport } = this;
    let question: Question;
    try {
      question = server.readQuestion(frame);
    } catch (error) {
      if (!isInstance(error, RemoteProtocolError)) throw error;
      return this.frameError(error);
    }
    try {
      const answer = server.answer(question, transport.getPeer(), transport.getHost());
      if (isThenable(answer)) this.wait(question, answer);
      else this.send(answer);
    } catch (error) {
      this.failed(question, error);
    }
  }

  override frameError(error: RemoteProtocolError): MaybeAsync {
    const refusal = this.server.refusalAnswer(error);
    if (refusal === undefined) throw error;
    this.transport.write(refusal);
    this.transport.loseConnection();
    this.deadline?.set(this.server.questionTimeoutMs);
  }

  /** Answers what was asked before the end, then closes. */
  readConnectionLost(): void {
    this.ended = true;
    if (this.pending === undefined) this.transport.loseConnection();
  }

  override connectionLost(_reason: Error): MaybeAsync {
    this.deadline?.set(null);
    this.abandon();
    this.server.connectionEnded();
  }

  private wait(question: Question, answer: PromiseLike<Buffer>): void {
    const pending = { question, answer };
    this.pending = pending;
    this.pauseProducing();
    this.deadline?.set(this.server.answerTimeoutMs);
    answer.then(
      (bytes) => this.settled(pending, () => this.send(bytes)),
      (error) => this.settled(pending, () => this.failed(question, error)),
    );
  }

  private settled(pending: object, then: () => void): void {
    if (this.pending !== pending) return;
    this.pending = undefined;
    then();
    this.resumeProducing();
    if (this.ended && this.pending === undefined) this.transport.loseConnection();
  }

  private send(answer: Buffer): void {
    this.transport.write(answer);
    if (this.server.answersOnce) this.transport.loseConnection();
    this.deadline?.set(this.server.questionTimeoutMs);
  }

  private failed(question: Question, error: unknown): void {
    if (!isInstance(error, TimeoutError))
      reportError(error, this.server.where, this.transport.getPeer());
    this.send(this.server.failureAnswer(question));
  }

  private timedOut(): void {
    const { pending } = this;
    if (pending === undefined) {
      this.deadline?.close();
      return;
    }
    this.abandon();
    this.failed(pending.question, new TimeoutError(this.server.answerTimeoutMs));
    this.transport.loseConnection();
  }

  private abandon(): void {
    const { pending } = this;
    this.pending = undefined;
    (pending?.answer as { cancel?: () => void } | undefined)?.cancel?.();
  }
}
