/** Runs the calls of a JSON-RPC text and writes the answers. */
import { Deferred } from '../defer/deferred.js';
import { CancelledError } from '../defer/errors.js';
import { isThenable } from '../defer/thenable.js';
import type { JSONRPCCalls } from '../protocols/json-rpc/connection.js';
import { InvalidJSONRPCMessageError, JSONRPCLimitError } from '../protocols/json-rpc/errors.js';
import type {
  JSONRPCErrorObject,
  JSONRPCId,
  JSONRPCInvalid,
  JSONRPCNotification,
  JSONRPCRequest,
} from '../protocols/json-rpc/events.js';
import {
  serializeJSONRPCBatch,
  serializeJSONRPCError,
  serializeJSONRPCResult,
} from '../protocols/json-rpc/serializer.js';
import { RPC_FAULT, type RPCFaultError } from './errors.js';
import { type CallSource, faultOf, type RunSettings, runMethod } from './run-method.js';

type Call = JSONRPCRequest | JSONRPCNotification;

/**
 * The calls of a batch run at the same time, and their answers have its order.
 * @param signal Aborted if the caller is gone.
 * @returns The answer; undefined if there is none, because all are notifications, or the caller is gone.
 */
export async function answerCalls(
  settings: RunSettings,
  { isBatch, messages }: JSONRPCCalls,
  source: CallSource,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const all = messages.map((message) => answerMessage(settings, message, source, signal));
  // A promise for each message would cost more than most methods.
  const texts = all.some(isThenable) ? await Promise.all(all) : (all as (string | undefined)[]);
  return signal?.aborted === true ? undefined : joined(isBatch, texts);
}

/** The answer to calls of which none runs: each request gets the error. @returns As {@link answerCalls}. */
export function refuseCalls(
  { isBatch, messages }: JSONRPCCalls,
  error: JSONRPCErrorObject,
): string | undefined {
  const all = messages.map((message) => {
    if (message.type === 'invalid') return answerInvalid(message);
    return message.type === 'request' ? serializeJSONRPCError(message.id, error) : undefined;
  });
  return joined(isBatch, all);
}

/** Section 6 of JSON-RPC 2.0: a batch is answered by one array, or by nothing if that were empty. */
function joined(isBatch: boolean, all: readonly (string | undefined)[]): string | undefined {
  const answers = all.filter((answer) => answer !== undefined);
  if (answers.length === 0) return undefined;
  return isBatch ? serializeJSONRPCBatch(answers) : answers[0];
}

function answerInvalid({ id, problem }: JSONRPCInvalid): string {
  const message = `invalid request: ${problem}`;
  return serializeJSONRPCError(id, { code: RPC_FAULT.invalidRequest, message });
}

/** At once unless the method returns a promise. */
function answerMessage(
  settings: RunSettings,
  message: JSONRPCCalls['messages'][number],
  source: CallSource,
  signal: AbortSignal | undefined,
): string | undefined | Promise<string | undefined> {
  if (message.type === 'invalid') return answerInvalid(message);
  try {
    const result = runMethod(settings, message.method, message.params, source, signal);
    return result instanceof Deferred
      ? answerLater(result, message, source)
      : resultText(message, result);
  } catch (error) {
    return errorText(message, error, source);
  }
}

async function answerLater(
  running: Deferred<unknown>,
  call: Call,
  source: CallSource,
): Promise<string | undefined> {
  try {
    return resultText(call, await running);
  } catch (error) {
    return errorText(call, error, source);
  }
}

function resultText(call: Call, result: unknown): string | undefined {
  return call.type === 'request' ? serializeJSONRPCResult(call.id, result) : undefined;
}

/** Undefined if nobody receives it. */
function errorText(call: Call, error: unknown, source: CallSource): string | undefined {
  const fault = faultOf(error, call.method, source);
  if (call.type === 'notification' || fault instanceof CancelledError) return undefined;
  return faultText(call.id, fault, call.method, source);
}

/** The data of a fault need not be JSON. */
function faultText(
  id: JSONRPCId,
  { faultCode, faultText: message, data }: RPCFaultError,
  method: string,
  source: CallSource,
): string {
  try {
    return serializeJSONRPCError(id, { code: faultCode, message, data });
  } catch (error) {
    faultOf(error, method, source);
    return serializeJSONRPCError(id, { code: faultCode, message });
  }
}

/** The answer to a text that is not JSON-RPC. @throws any other error. */
export function answerError(error: unknown): string {
  if (error instanceof JSONRPCLimitError) {
    return serializeJSONRPCError(null, { code: RPC_FAULT.invalidRequest, message: error.message });
  }
  if (!(error instanceof InvalidJSONRPCMessageError)) throw error;
  return serializeJSONRPCError(null, { code: error.answer, message: error.message });
}
