/** A server of XML-RPC as a resource. */
import type { Clock } from '../core/clock.js';
import { CancelledError } from '../defer/errors.js';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { decodeXML } from '../protocols/xml/encoding.js';
import { InvalidXMLError } from '../protocols/xml/errors.js';
import { InvalidXMLRPCMessageError, XMLRPCLimitError } from '../protocols/xml-rpc/errors.js';
import type { XMLRPCCall, XMLRPCInput } from '../protocols/xml-rpc/events.js';
import {
  LIMITS,
  type ResolvedLimits,
  resolveLimits,
  type XMLRPCLimits,
} from '../protocols/xml-rpc/limits.js';
import { parseXMLRPCCall } from '../protocols/xml-rpc/parser.js';
import {
  SERIALIZER_NAMES,
  serializeXMLRPCFault,
  serializeXMLRPCResult,
  type XMLRPCSerializerOptions,
} from '../protocols/xml-rpc/serializer.js';
import type { Resource, WebContext } from '../web/web-context.js';
import { RPC_FAULT, RPCFaultError } from './errors.js';
import { bodyOf, charsetOf, clientGone, refusesRequest } from './http-body.js';
import type { RPCMethods } from './methods.js';
import { type CallSource, faultOf, type RunSettings, runMethod } from './run-method.js';
import { type RPCServerOptions, runSettings, SERVER_NAMES } from './settings.js';

export interface XMLRPCResourceOptions
  extends RPCServerOptions,
    XMLRPCLimits,
    XMLRPCSerializerOptions {
  /** Most calls of a `system.multicall`: 0 or more. Default 50. */
  readonly maxBatch?: number;
}

const OPTIONS: OptionNames<XMLRPCResourceOptions> = {
  ...SERVER_NAMES,
  ...LIMITS,
  ...SERIALIZER_NAMES,
  maxBatch: true,
};
const MULTICALL = 'system.multicall';
const TYPES = ['text/xml', 'application/xml'];
const DEFAULT_MAX_BATCH = 50;

/**
 * Answers calls by XML-RPC: POST with `text/xml` or `application/xml`, in the encodings of {@link decodeXML}.
 *
 * @example root.putChild('RPC2', new XMLRPCResource(reactor, new RPCMethods().add('add', (a: number, b: number) => a + b)));
 */
export class XMLRPCResource implements Resource {
  readonly #settings: RunSettings;
  readonly #limits: ResolvedLimits;
  readonly #serializer: XMLRPCSerializerOptions;
  /** Undefined without introspection. */
  readonly #maxBatch: number | undefined;

  /**
   * @param clock The reactor, or the manual clock of a test: times methods.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, methods: RPCMethods, options: XMLRPCResourceOptions = {}) {
    checkOptions('XMLRPCResource', options, OPTIONS);
    const { maxBatch = DEFAULT_MAX_BATCH, introspection } = options;
    checkInteger('maxBatch', maxBatch, 0, Number.MAX_SAFE_INTEGER);
    this.#settings = runSettings(clock, methods, options);
    this.#limits = resolveLimits(pickOptions(options, LIMITS));
    this.#serializer = pickOptions(options, SERIALIZER_NAMES);
    this.#maxBatch = introspection === true ? maxBatch : undefined;
    // Checks its options now, not at the first call.
    serializeXMLRPCResult(0, this.#serializer);
  }

  async render(context: WebContext): Promise<string | undefined> {
    if (refusesRequest(context, TYPES)) return undefined;
    const charset = charsetOf(context.request.field('content-type'));
    const bytes = await bodyOf(context, this.#limits.maxBytes);
    const text = await this.#answer(bytes, charset, context);
    context.response.setField('Content-Type', 'text/xml; charset=utf-8');
    return text;
  }

  async #answer(
    bytes: Uint8Array,
    charset: string | undefined,
    context: WebContext,
  ): Promise<string> {
    const { remoteAddress } = context.request;
    const source: CallSource = { web: context, peer: undefined, remoteAddress };
    let name = 'of a malformed call';
    try {
      const call = this.#parsed(bytes, charset);
      name = call.method;
      const result = await this.#run(call, source, context.signal);
      return serializeXMLRPCResult((result ?? null) as XMLRPCInput, this.#serializer);
    } catch (error) {
      const fault = faultOf(error, name, source);
      if (fault instanceof CancelledError) throw clientGone();
      return serializeXMLRPCFault(fault.faultCode, fault.faultText);
    }
  }

  /** @throws RPCFaultError */
  #parsed(bytes: Uint8Array, charset: string | undefined): XMLRPCCall {
    try {
      return parseXMLRPCCall(decodeXML(bytes, charset), this.#limits);
    } catch (error) {
      if (error instanceof InvalidXMLError) {
        throw new RPCFaultError(RPC_FAULT.malformed, error.message);
      }
      if (error instanceof XMLRPCLimitError || error instanceof InvalidXMLRPCMessageError) {
        const isMalformed = error instanceof InvalidXMLRPCMessageError && error.isMalformed;
        const code = isMalformed ? RPC_FAULT.malformed : RPC_FAULT.invalidRequest;
        throw new RPCFaultError(code, error.message);
      }
      throw error;
    }
  }

  #run(call: XMLRPCCall, source: CallSource, signal: AbortSignal): unknown {
    if (call.method === MULTICALL && this.#maxBatch !== undefined) {
      return this.#multicall(call.params, this.#maxBatch, source, signal);
    }
    return runMethod(this.#settings, call.method, call.params, source, signal);
  }

  /** One after another, as other servers do. */
  async #multicall(
    params: readonly unknown[],
    maxBatch: number,
    source: CallSource,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const [calls] = params;
    if (params.length !== 1 || !Array.isArray(calls) || calls.length > maxBatch) {
      const text = `${MULTICALL} has one parameter, an array of at most ${maxBatch} calls`;
      throw new RPCFaultError(RPC_FAULT.invalidParams, text);
    }
    const results: unknown[] = [];
    for (const call of calls as unknown[]) {
      results.push(await this.#part(call, source, signal));
    }
    return results;
  }

  async #part(call: unknown, source: CallSource, signal: AbortSignal): Promise<unknown> {
    const { methodName, params } = (call ?? {}) as Record<string, unknown>;
    const name = typeof methodName === 'string' ? methodName : '';
    try {
      if (name === '' || !Array.isArray(params) || name === MULTICALL) {
        throw new RPCFaultError(RPC_FAULT.invalidParams, 'a call has no name or no parameters');
      }
      const result = await runMethod(this.#settings, name, params, source, signal);
      const value = (result ?? null) as XMLRPCInput;
      // A result that cannot be sent is a fault of this call only.
      serializeXMLRPCResult(value, this.#serializer);
      return [value];
    } catch (error) {
      const fault = faultOf(error, name, source);
      if (fault instanceof CancelledError) throw fault;
      return { faultCode: fault.faultCode, faultString: fault.faultText };
    }
  }
}
