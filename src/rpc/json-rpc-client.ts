/** A client of JSON-RPC over HTTP. */
import type { Clock } from '../core/clock.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { Deferred } from '../defer/deferred.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { InvalidJSONRPCMessageError } from '../protocols/json-rpc/errors.js';
import type {
  JSONRPCErrorAnswer,
  JSONRPCParams,
  JSONRPCResult,
} from '../protocols/json-rpc/events.js';
import { type JSONRPCLimits, LIMITS, resolveLimits } from '../protocols/json-rpc/limits.js';
import { parseJSONRPC } from '../protocols/json-rpc/parser.js';
import {
  serializeJSONRPCBatch,
  serializeJSONRPCRequest,
} from '../protocols/json-rpc/serializer.js';
import { RPCFaultError } from './errors.js';
import {
  CLIENT_NAMES,
  HTTPCalls,
  type RPCCallOptions,
  type RPCClientOptions,
} from './http-call.js';
import { type RemoteInterface, type RemoteMethods, remoteMethods } from './typed.js';

export interface JSONRPCClientOptions extends RPCClientOptions, JSONRPCLimits {}

const OPTIONS: OptionNames<JSONRPCClientOptions> = { ...CLIENT_NAMES, ...LIMITS };

/** A call of a batch. */
export interface JSONRPCBatchCall {
  readonly method: string;
  readonly params?: JSONRPCParams;
}

/** The outcome of a call of a batch. */
export type JSONRPCOutcome =
  | { readonly status: 'fulfilled'; readonly value: unknown }
  | { readonly status: 'rejected'; readonly reason: RPCFaultError };

/** Calls methods of one server. Made by {@link jsonRpcClient}. */
export class JSONRPCClient implements AsyncDisposable {
  readonly #calls: HTTPCalls;
  readonly #limits: Required<JSONRPCLimits>;

  /** @internal */
  constructor(calls: HTTPCalls, limits: JSONRPCLimits) {
    this.#calls = calls;
    this.#limits = resolveLimits(limits);
  }

  /**
   * Calls a method.
   *
   * @param params Positional, or by name. Default none.
   * @returns Fires with the result. Fails with an RPCFaultError, which is the server's answer; an RPCResponseError, an
   * InvalidJSONRPCMessageError or a JSONRPCLimitError, if the answer is none; an HTTPLimitError, if it is longer than `maxBytes`; or as
   * `HTTPConnectionPool.request` does, with an HTTPResponseTimeoutError after `timeoutMs`. Cancelling it aborts the connection. A call
   * is never sent twice.
   * @throws InvalidJSONRPCValueError a parameter is not JSON.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  call(method: string, params?: JSONRPCParams, options: RPCCallOptions = {}): Deferred<unknown> {
    const content = serializeJSONRPCRequest(1, method, params);
    return this.#calls.call(method, content, options, this.#limits.maxBytes, (bytes) => {
      const { isBatch, messages } = parseJSONRPC(bytes, this.#limits);
      const [answer] = messages;
      if (isBatch || answer === undefined) throw new InvalidJSONRPCMessageError('it is a batch');
      if (answer.type === 'error') throw faultOf(answer);
      if (answer.type === 'result' && answer.id === 1) return answer.result;
      throw new InvalidJSONRPCMessageError('it is not the answer to the call');
    });
  }

  /** Calls a method whose result is not sent. @returns Fires when the server has answered with 204 or 200. Otherwise as {@link call}. */
  notify(method: string, params?: JSONRPCParams, options: RPCCallOptions = {}): Deferred<void> {
    const content = serializeJSONRPCRequest(undefined, method, params);
    const { maxBytes } = this.#limits;
    return this.#calls.call(method, content, options, maxBytes, () => undefined, true);
  }

  /**
   * Sends several calls at once. The server may run them in any order, or at the same time.
   * @returns Fires with the outcomes, in the order of the calls. Otherwise as {@link call}.
   * @throws as {@link call}.
   */
  batch(
    calls: readonly JSONRPCBatchCall[],
    options: RPCCallOptions = {},
  ): Deferred<JSONRPCOutcome[]> {
    const texts = calls.map(({ method, params }, i) =>
      serializeJSONRPCRequest(i + 1, method, params),
    );
    const content = serializeJSONRPCBatch(texts);
    const limits = { ...this.#limits, maxBatch: Math.max(calls.length, this.#limits.maxBatch) };
    return this.#calls.call('a batch', content, options, limits.maxBytes, (bytes) =>
      outcomesOf(
        parseJSONRPC(bytes, limits).messages as (JSONRPCResult | JSONRPCErrorAnswer)[],
        calls.length,
      ),
    );
  }

  /** The methods of the server as an object: see `XMLRPCClient.methods`. Parameters are positional. */
  methods<I extends RemoteInterface>(): RemoteMethods<I> {
    return remoteMethods<I>((method, params) => this.call(method, params));
  }

  /** Closes the connections, unless the pool is another's. */
  async close(): Promise<void> {
    await this.#calls.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** @throws RPCFaultError the server could not read the batch. @throws InvalidJSONRPCMessageError a call has no answer, or another id. */
function outcomesOf(
  messages: readonly (JSONRPCResult | JSONRPCErrorAnswer)[],
  count: number,
): JSONRPCOutcome[] {
  const outcomes = new Map<unknown, JSONRPCOutcome>();
  for (const message of messages) {
    if (message.type === 'error' && message.id === null) throw faultOf(message);
    const isError = message.type === 'error';
    if (!isError && message.type !== 'result') {
      throw new InvalidJSONRPCMessageError('a part of the batch is not an answer');
    }
    outcomes.set(
      message.id,
      isError
        ? { status: 'rejected', reason: faultOf(message) }
        : { status: 'fulfilled', value: message.result },
    );
  }
  return Array.from({ length: count }, (_, i) => {
    const outcome = outcomes.get(i + 1);
    if (outcome === undefined) throw new InvalidJSONRPCMessageError('a call has no answer');
    return outcome;
  });
}

/** @internal The fault of an answer. A code beyond 32 bits is cut to the limit. */
export function faultOf({ error: { code, message, data } }: JSONRPCErrorAnswer): RPCFaultError {
  return new RPCFaultError(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, code)), message, data);
}

/**
 * A client of the JSON-RPC 2.0 server at a URL.
 *
 * @example await using client = jsonRpcClient(reactor, 'http://127.0.0.1:8080/rpc');
 * console.log(await client.call('add', [1, 2]));
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function jsonRpcClient(
  reactor: Clock & ReactorTCP,
  url: string | URL,
  options: JSONRPCClientOptions = {},
): JSONRPCClient {
  checkOptions('jsonRpcClient', options, OPTIONS);
  const http = pickOptions(options, CLIENT_NAMES);
  const calls = new HTTPCalls(reactor, url, http, ['application/json', 'application/json-rpc']);
  return new JSONRPCClient(calls, pickOptions(options, LIMITS));
}
