/** Runs one call: finds the method, checks the parameters, limits the time, and turns every error into a fault. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { Deferred } from '../defer/deferred.js';
import { CancelledError, TimeoutError } from '../defer/errors.js';
import { isThenable } from '../defer/thenable.js';
import { reportError } from '../internal/error-report.js';
import type { WebContext } from '../web/web-context.js';
import { RPC_FAULT, RPCFaultError } from './errors.js';
import type { RPCCaller, RPCContext, RPCMethod, RPCMethods } from './methods.js';
import { hasForm } from './signatures.js';

/** Where calls come from. */
export interface CallSource {
  readonly web: WebContext | undefined;
  readonly peer: RPCCaller | undefined;
  readonly remoteAddress: Address | undefined;
}

/** How calls run. */
export interface RunSettings {
  readonly clock: Clock;
  readonly methods: RPCMethods;
  readonly timeoutMs: number;
}

/** Parameters by position or by name. */
export type Params = readonly unknown[] | Readonly<Record<string, unknown>> | undefined;

/**
 * @param signal Aborted if the caller is gone.
 * @returns The result, or a Deferred if the method returned a promise. The Deferred fires with the result, and fails with an RPCFaultError,
 * or with a CancelledError if the signal was aborted.
 * @throws RPCFaultError, CancelledError thrown by the method. All other errors were reported, and are a fault without details.
 */
export function runMethod(
  settings: RunSettings,
  name: string,
  params: Params,
  source: CallSource,
  signal: AbortSignal | undefined,
): unknown {
  const { clock, methods, timeoutMs } = settings;
  const method = methods.find(name);
  if (method === undefined) {
    throw new RPCFaultError(RPC_FAULT.methodNotFound, `method ${name} not found`);
  }
  const controller = method.withContext ? new AbortController() : undefined;
  let result: unknown;
  try {
    const values = positional(method, params);
    const context = contextOf(name, source, controller);
    result = context === undefined ? method.call(...values) : method.call(context, ...values);
    if (!isThenable(result)) return result;
  } catch (error) {
    throw faultOf(error, name, source);
  }
  const running = Deferred.fromPromise(result);
  if (signal !== undefined) running.cancelOn(signal);
  return running.addTimeout(timeoutMs, clock).addErrback(({ value }) => {
    controller?.abort(value);
    throw faultOf(value, name, source);
  });
}

function contextOf(
  method: string,
  { web, peer, remoteAddress }: CallSource,
  controller: AbortController | undefined,
): RPCContext | undefined {
  return controller && { method, web, peer, remoteAddress, signal: controller.signal };
}

/** @throws RPCFaultError they are not parameters of the method. */
function positional(method: RPCMethod, params: Params): readonly unknown[] {
  const values = Array.isArray(params) ? params : byName(method, params);
  const { signatures, minParams, params: names } = method;
  if (signatures !== undefined && !hasForm(values, signatures)) {
    throw invalidParams('the parameters match no signature of the method');
  }
  if (values.length < minParams) {
    const isByName = names === undefined && !Array.isArray(params);
    const hint = isByName ? ', whose names are unknown: pass an array' : '';
    throw invalidParams(`the method has ${minParams} parameters${hint}`);
  }
  if (names !== undefined && values.length > names.length) {
    throw invalidParams(`the method has at most ${names.length} parameters`);
  }
  return values;
}

function byName({ params: names }: RPCMethod, params: Params): readonly unknown[] {
  if (params === undefined) return [];
  if (names === undefined) return [params];
  const given = params as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw invalidParams('a parameter has an unknown name');
  }
  const last = names.findLastIndex((name) => Object.hasOwn(given, name));
  return names
    .slice(0, last + 1)
    .map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
}

function invalidParams(text: string): RPCFaultError {
  return new RPCFaultError(RPC_FAULT.invalidParams, text);
}

/** The fault of any error; reported unless a method threw a fault. A CancelledError is returned as it is: nobody receives the answer. */
export function faultOf(
  error: unknown,
  name: string,
  { remoteAddress, web }: CallSource,
): RPCFaultError | CancelledError {
  if (error instanceof RPCFaultError || error instanceof CancelledError) return error;
  if (error instanceof TimeoutError) {
    return new RPCFaultError(RPC_FAULT.timeout, 'the method took too long');
  }
  const about = web === undefined ? undefined : `request ${web.id}`;
  reportError(error, `the remote method ${name}`, remoteAddress, about);
  return new RPCFaultError(RPC_FAULT.internal, 'internal error');
}
