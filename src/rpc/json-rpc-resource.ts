/** A server of JSON-RPC over HTTP as a resource. */
import type { Clock } from '../core/clock.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { JSONRPCConnection } from '../protocols/json-rpc/connection.js';
import { type JSONRPCLimits, LIMITS, resolveLimits } from '../protocols/json-rpc/limits.js';
import type { Resource, WebContext } from '../web/web-context.js';
import { bodyOf, clientGone, refusesRequest } from './http-body.js';
import { answerCalls, answerError } from './json-rpc-answers.js';
import type { RPCMethods } from './methods.js';
import type { RunSettings } from './run-method.js';
import { type RPCServerOptions, runSettings, SERVER_NAMES } from './settings.js';

export interface JSONRPCResourceOptions extends RPCServerOptions, JSONRPCLimits {}

const OPTIONS: OptionNames<JSONRPCResourceOptions> = { ...SERVER_NAMES, ...LIMITS };
const TYPES = ['application/json', 'application/json-rpc', 'application/jsonrequest'];

/**
 * Answers calls by JSON-RPC 2.0: POST with `application/json`, single calls and batches. Errors of JSON-RPC have the status 200; a
 * text with notifications only is answered with 204.
 *
 * @example root.putChild('rpc', new JSONRPCResource(reactor, new RPCMethods().add('add', (a: number, b: number) => a + b)));
 */
export class JSONRPCResource implements Resource {
  readonly #settings: RunSettings;
  readonly #maxBytes: number;
  /** One for all requests: a client over HTTP is called by nobody, so its answers belong to no call. */
  readonly #connection: JSONRPCConnection<never>;

  /**
   * @param clock The reactor, or the manual clock of a test: times methods.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, methods: RPCMethods, options: JSONRPCResourceOptions = {}) {
    checkOptions('JSONRPCResource', options, OPTIONS);
    this.#settings = runSettings(clock, methods, options);
    const limits = resolveLimits(pickOptions(options, LIMITS));
    this.#maxBytes = limits.maxBytes;
    this.#connection = new JSONRPCConnection(limits);
  }

  async render(context: WebContext): Promise<string | undefined> {
    if (refusesRequest(context, TYPES)) return undefined;
    const bytes = await bodyOf(context, this.#maxBytes);
    const text = await this.#answer(bytes, context);
    const { response } = context;
    if (context.signal.aborted) throw clientGone();
    if (text !== undefined) response.setField('Content-Type', 'application/json');
    else {
      response.status = 204;
      response.send();
    }
    return text;
  }

  async #answer(bytes: Uint8Array, context: WebContext): Promise<string | undefined> {
    const { remoteAddress } = context.request;
    try {
      const { calls } = this.#connection.receive(bytes);
      if (calls === undefined) return undefined;
      const source = { web: context, peer: undefined, remoteAddress };
      return await answerCalls(this.#settings, calls, source, context.signal);
    } catch (error) {
      return answerError(error);
    }
  }
}
