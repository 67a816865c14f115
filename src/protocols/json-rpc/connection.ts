/**
 * The legal sequences of JSON-RPC between two peers, each of which may call the other: numbers requests, and finds the request that an
 * answer belongs to. It is text in, events out.
 */
import { checkInteger } from '../../internal/check.js';
import { InvalidJSONRPCMessageError, JSONRPCOverloadError } from './errors.js';
import type {
  JSONRPCErrorAnswer,
  JSONRPCId,
  JSONRPCInvalid,
  JSONRPCNotification,
  JSONRPCParams,
  JSONRPCRequest,
  JSONRPCResult,
} from './events.js';
import { type JSONRPCLimits, type ResolvedLimits, resolveLimits } from './limits.js';
import { parseWithin } from './parser.js';
import { serializeJSONRPCRequest } from './serializer.js';

/** Calls of the peer that came together. */
export interface JSONRPCCalls {
  readonly isBatch: boolean;
  /** Invalid messages are answered with -32600. */
  readonly messages: readonly (JSONRPCRequest | JSONRPCNotification | JSONRPCInvalid)[];
}

/** The answer to a call, with the token of the call. */
export interface JSONRPCAnswer<Token> {
  readonly token: Token;
  readonly message: JSONRPCResult | JSONRPCErrorAnswer;
}

export interface JSONRPCReceived<Token> {
  /** Undefined if there are none. */
  readonly calls: JSONRPCCalls | undefined;
  readonly answers: readonly JSONRPCAnswer<Token>[];
}

const DEFAULT_MAX_UNANSWERED = 1_000;

/** @typeParam Token What the caller knows its calls by, such as a Deferred. */
export class JSONRPCConnection<Token> {
  readonly #limits: ResolvedLimits;
  readonly #maxUnanswered: number;
  readonly #unanswered = new Map<JSONRPCId, Token>();
  #lastId = 0;

  /**
   * @param maxUnanswered Most calls that may be unanswered, 1 or more.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(limits?: JSONRPCLimits, maxUnanswered: number = DEFAULT_MAX_UNANSWERED) {
    this.#limits = resolveLimits(limits);
    this.#maxUnanswered = checkInteger('maxUnanswered', maxUnanswered, 1, Number.MAX_SAFE_INTEGER);
  }

  /** The number of unanswered calls. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /**
   * @returns The text to send.
   * @throws JSONRPCOverloadError, and as {@link serializeJSONRPCRequest}.
   */
  call(method: string, params: JSONRPCParams | undefined, token: Token): string {
    if (this.#unanswered.size >= this.#maxUnanswered) {
      throw new JSONRPCOverloadError(this.#maxUnanswered);
    }
    const id = this.#lastId + 1;
    const text = serializeJSONRPCRequest(id, method, params);
    this.#lastId = id;
    this.#unanswered.set(id, token);
    return text;
  }

  /** The caller does not wait for an answer any more: a late one is dropped. */
  forget(token: Token): void {
    for (const [id, each] of this.#unanswered) {
      if (each === token) this.#unanswered.delete(id);
    }
  }

  /** The connection has ended. @returns The tokens of unanswered calls. */
  takeUnanswered(): Token[] {
    const tokens = [...this.#unanswered.values()];
    this.#unanswered.clear();
    return tokens;
  }

  /**
   * Reads a text of the peer.
   * @throws InvalidJSONRPCMessageError, JSONRPCLimitError it is not JSON-RPC, or an answer to a call that was never made.
   */
  receive(text: string | Uint8Array): JSONRPCReceived<Token> {
    const { isBatch, messages } = parseWithin(text, this.#limits);
    const calls: (JSONRPCRequest | JSONRPCNotification | JSONRPCInvalid)[] = [];
    const answers: JSONRPCAnswer<Token>[] = [];
    // All are checked before the first call is answered: if one is refused, its calls stay unanswered.
    for (const message of messages) {
      if (message.type === 'result' || message.type === 'error') this.#check(message);
    }
    for (const message of messages) {
      if (message.type !== 'result' && message.type !== 'error') calls.push(message);
      else {
        const token = this.#take(message.id);
        if (token !== undefined) answers.push({ token, message });
      }
    }
    return { calls: calls.length === 0 ? undefined : { isBatch, messages: calls }, answers };
  }

  #check(message: JSONRPCResult | JSONRPCErrorAnswer): void {
    const { id } = message;
    if (id === null) {
      const { code, message: text } = (message as JSONRPCErrorAnswer).error;
      throw new InvalidJSONRPCMessageError(
        `the peer could not read a message: ${code} ${JSON.stringify(text.slice(0, 128))}`,
      );
    }
    if (typeof id !== 'number' || id < 1 || id > this.#lastId) {
      throw new InvalidJSONRPCMessageError('an answer has the id of no call');
    }
  }

  /** Undefined if the call was forgotten, or was answered before. */
  #take(id: JSONRPCId | null): Token | undefined {
    if (id === null) return undefined;
    const token = this.#unanswered.get(id);
    this.#unanswered.delete(id);
    return token;
  }
}
