/** JSON-RPC in both directions over a connection that carries texts, such as a WebSocket. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { RemoteProtocolError } from '../core/errors/base.js';
import { reportRejection } from '../defer/callback-result.js';
import { Deferred } from '../defer/deferred.js';
import { checkAbortSignal, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { JSONRPCConnection } from '../protocols/json-rpc/connection.js';
import type { JSONRPCParams } from '../protocols/json-rpc/events.js';
import { type JSONRPCLimits, LIMITS } from '../protocols/json-rpc/limits.js';
import { serializeJSONRPCRequest } from '../protocols/json-rpc/serializer.js';
import { RPC_FAULT, RPCConnectionLostError } from './errors.js';
import { CALL_NAMES, type RPCCallOptions } from './http-call.js';
import { answerCalls, refuseCalls } from './json-rpc-answers.js';
import { faultOf } from './json-rpc-client.js';
import { type RPCCaller, RPCMethods } from './methods.js';
import type { RunSettings } from './run-method.js';
import { type RPCServerOptions, runSettings, SERVER_NAMES } from './settings.js';
import { type RemoteInterface, type RemoteMethods, remoteMethods } from './typed.js';

export interface JSONRPCPeerOptions extends JSONRPCLimits, RPCServerOptions {
  /** The methods that the other end may call. Default none. */
  readonly methods?: RPCMethods;
  /** Most calls to the other end that may be unanswered, 1 or more. Default 1,000. */
  readonly maxUnanswered?: number;
  /**
   * Most calls of the other end that may run at the same time, 1 or more; others, and batches that would exceed it, are answered with
   * -32002. Default 100.
   */
  readonly maxRunning?: number;
  /** Time from a call to its answer in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number;
}

/** @internal */
export const PEER_NAMES: OptionNames<JSONRPCPeerOptions> = {
  ...LIMITS,
  ...SERVER_NAMES,
  methods: true,
  maxUnanswered: true,
  maxRunning: true,
  callTimeoutMs: true,
};

/** @internal Sends texts, and ends. */
export interface JSONRPCWire {
  send(text: string): unknown;
  close(code?: number, reason?: string): void;
  readonly remoteAddress: Address | undefined;
}

const DEFAULT_MAX_RUNNING = 100;
const DEFAULT_CALL_TIMEOUT_MS = 30_000;
/** RFC 6455 section 7.4.1: the peer broke a rule. */
const POLICY_VIOLATION = 1008;

/** One end of a connection. Made by `jsonRpcSession` and `connectJsonRpc`. */
export class JSONRPCPeer implements RPCCaller {
  readonly #clock: Clock;
  readonly #wire: JSONRPCWire;
  readonly #settings: RunSettings;
  readonly #connection: JSONRPCConnection<Deferred<unknown>>;
  readonly #maxRunning: number;
  readonly #callTimeoutMs: number;
  readonly #gone = new AbortController();
  #running = 0;

  /** @internal @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(clock: Clock, wire: JSONRPCWire, options: JSONRPCPeerOptions = {}) {
    checkOptions('JSONRPCPeer', options, PEER_NAMES);
    const { methods = new RPCMethods(), maxUnanswered } = options;
    const { maxRunning = DEFAULT_MAX_RUNNING, callTimeoutMs = DEFAULT_CALL_TIMEOUT_MS } = options;
    this.#clock = clock;
    this.#wire = wire;
    this.#settings = runSettings(clock, methods, options);
    this.#connection = new JSONRPCConnection(pickOptions(options, LIMITS), maxUnanswered);
    this.#maxRunning = checkInteger('maxRunning', maxRunning, 1, Number.MAX_SAFE_INTEGER);
    this.#callTimeoutMs = checkMilliseconds('callTimeoutMs', callTimeoutMs);
  }

  /** The number of unanswered calls to the other end. */
  get unanswered(): number {
    return this.#connection.unanswered;
  }

  /** Aborted when the connection has ended. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Calls a method of the other end.
   * @returns Fires with the result. Fails with an RPCFaultError, which is the answer; a TimeoutError; an RPCConnectionLostError. If it is
   * cancelled, a late answer is dropped; the method runs on.
   * @throws InvalidJSONRPCValueError a parameter is not JSON. @throws JSONRPCOverloadError
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  call(method: string, params?: JSONRPCParams, options: RPCCallOptions = {}): Deferred<unknown> {
    checkOptions('call', options, CALL_NAMES);
    const { timeoutMs = this.#callTimeoutMs, signal } = options;
    checkMilliseconds('timeoutMs', timeoutMs);
    if (signal !== undefined) checkAbortSignal('signal', signal);
    const answer: Deferred<unknown> = new Deferred(() => this.#connection.forget(answer));
    const text = this.#connection.call(method, params, answer);
    if (this.#gone.signal.aborted) this.#loseCalls();
    else this.#wire.send(text);
    const limited = answer.addTimeout(timeoutMs, this.#clock);
    return signal === undefined ? limited : limited.cancelOn(signal);
  }

  /** Calls a method whose result is not sent. Does nothing once the connection has ended. @throws as {@link call}. */
  notify(method: string, params?: JSONRPCParams): void {
    const text = serializeJSONRPCRequest(undefined, method, params);
    if (!this.#gone.signal.aborted) this.#wire.send(text);
  }

  /** The methods of the other end as an object: see `XMLRPCClient.methods`. */
  methods<I extends RemoteInterface>(): RemoteMethods<I> {
    return remoteMethods<I>((method, params) => this.call(method, params));
  }

  /** Closes the connection. */
  close(): void {
    this.#wire.close();
  }

  /** @internal A text of the other end. One that is not JSON-RPC closes the connection. */
  received(text: string | Uint8Array): void {
    try {
      const { calls, answers } = this.#connection.receive(text);
      for (const { token, message } of answers) {
        if (message.type === 'result') token.callback(message.result);
        else token.errback(faultOf(message));
      }
      if (calls !== undefined) {
        reportRejection(this.#answer(calls), 'a call by JSON-RPC');
      }
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#wire.close(POLICY_VIOLATION, error.message.slice(0, 40));
    }
  }

  /** @internal The connection has ended. */
  lost(reason: Error): void {
    this.#gone.abort(reason);
    this.#loseCalls();
  }

  #loseCalls(): void {
    const cause: unknown = this.#gone.signal.reason;
    for (const token of this.#connection.takeUnanswered()) {
      token.errback(new RPCConnectionLostError({ cause }));
    }
  }

  async #answer(calls: Parameters<typeof answerCalls>[1]): Promise<void> {
    const count = calls.messages.filter(({ type }) => type !== 'invalid').length;
    if (this.#running + count > this.#maxRunning) {
      const error = { code: RPC_FAULT.overload, message: 'too many calls run at the same time' };
      const refusal = refuseCalls(calls, error);
      if (refusal !== undefined) this.#wire.send(refusal);
      return;
    }
    this.#running += count;
    const source = { web: undefined, peer: this, remoteAddress: this.#wire.remoteAddress };
    try {
      const text = await answerCalls(this.#settings, calls, source, this.#gone.signal);
      if (text !== undefined && !this.#gone.signal.aborted) this.#wire.send(text);
    } finally {
      this.#running -= count;
    }
  }
}
