/** A client of XML-RPC. */
import type { Clock } from '../core/clock.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { Deferred } from '../defer/deferred.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { decodeXML } from '../protocols/xml/encoding.js';
import { InvalidXMLError } from '../protocols/xml/errors.js';
import { InvalidXMLRPCMessageError } from '../protocols/xml-rpc/errors.js';
import type { XMLRPCInput, XMLRPCValue } from '../protocols/xml-rpc/events.js';
import { LIMITS, resolveLimits, type XMLRPCLimits } from '../protocols/xml-rpc/limits.js';
import { parseXMLRPCResponse } from '../protocols/xml-rpc/parser.js';
import {
  SERIALIZER_NAMES,
  serializeXMLRPCCall,
  serializeXMLRPCResult,
  type XMLRPCSerializerOptions,
} from '../protocols/xml-rpc/serializer.js';
import { RPCFaultError } from './errors.js';
import { charsetOf } from './http-body.js';
import {
  CLIENT_NAMES,
  HTTPCalls,
  type RPCCallOptions,
  type RPCClientOptions,
} from './http-call.js';
import { type RemoteInterface, type RemoteMethods, remoteMethods } from './typed.js';

export interface XMLRPCClientOptions
  extends RPCClientOptions,
    XMLRPCLimits,
    XMLRPCSerializerOptions {}

const OPTIONS: OptionNames<XMLRPCClientOptions> = {
  ...CLIENT_NAMES,
  ...LIMITS,
  ...SERIALIZER_NAMES,
};

/** Calls methods of one server. Made by {@link xmlRpcClient}. */
export class XMLRPCClient implements AsyncDisposable {
  readonly #calls: HTTPCalls;
  readonly #limits: Required<XMLRPCLimits>;
  readonly #serializer: XMLRPCSerializerOptions;

  /** @internal */
  constructor(calls: HTTPCalls, limits: XMLRPCLimits, serializer: XMLRPCSerializerOptions) {
    this.#calls = calls;
    this.#limits = resolveLimits(limits);
    this.#serializer = serializer;
    serializeXMLRPCResult(0, serializer);
  }

  /**
   * Calls a method.
   *
   * @returns Fires with the result. Fails with an RPCFaultError, which is the server's answer; an RPCResponseError, an
   * InvalidXMLRPCMessageError or an XMLRPCLimitError, if the answer is none; an HTTPLimitError, if it is longer than `maxBytes`; or as
   * `HTTPConnectionPool.request` does, with an HTTPResponseTimeoutError after `timeoutMs`. Cancelling it aborts the connection. A call
   * is never sent twice.
   * @throws InvalidXMLRPCValueError a parameter cannot be sent.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  call(
    method: string,
    params: readonly XMLRPCInput[] = [],
    options: RPCCallOptions = {},
  ): Deferred<XMLRPCValue> {
    const content = serializeXMLRPCCall(method, params, this.#serializer);
    return this.#calls.call(method, content, options, this.#limits.maxBytes, (bytes, contentType) =>
      this.#read(bytes, contentType),
    );
  }

  /**
   * The methods of the server as an object.
   * @example const { add } = client.methods<{ add(a: number, b: number): number }>();
   * console.log(await add(1, 2));
   */
  methods<I extends RemoteInterface>(): RemoteMethods<I> {
    return remoteMethods<I>((method, params) =>
      this.call(method, params as readonly XMLRPCInput[]),
    );
  }

  /** Closes the connections, unless the pool is another's. */
  async close(): Promise<void> {
    await this.#calls.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #read(bytes: Uint8Array, contentType: string | undefined): XMLRPCValue {
    const message = parseXMLRPCResponse(textOf(bytes, charsetOf(contentType)), this.#limits);
    if (message.type === 'result') return message.value;
    throw new RPCFaultError(message.faultCode, message.faultString);
  }
}

function textOf(bytes: Uint8Array, charset: string | undefined): string {
  try {
    return decodeXML(bytes, charset);
  } catch (cause) {
    if (!(cause instanceof InvalidXMLError)) throw cause;
    throw new InvalidXMLRPCMessageError(cause.problem, true, { cause });
  }
}

/**
 * A client of the XML-RPC server at a URL.
 *
 * @example await using client = xmlRpcClient(reactor, 'http://127.0.0.1:8080/RPC2');
 * console.log(await client.call('add', [1, 2]));
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function xmlRpcClient(
  reactor: Clock & ReactorTCP,
  url: string | URL,
  options: XMLRPCClientOptions = {},
): XMLRPCClient {
  checkOptions('xmlRpcClient', options, OPTIONS);
  const http = pickOptions(options, CLIENT_NAMES);
  const calls = new HTTPCalls(reactor, url, http, ['text/xml', 'application/xml']);
  const limits = pickOptions(options, LIMITS);
  return new XMLRPCClient(calls, limits, pickOptions(options, SERIALIZER_NAMES));
}
