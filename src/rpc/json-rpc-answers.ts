/** Runs the calls of a JSON-RPC text and writes the answers. */
import { CancelledError } from '../defer/errors.js';
import type { JSONRPCCalls } from '../protocols/json-rpc/connection.js';
import { InvalidJSONRPCMessageError, JSONRPCLimitError } from '../protocols/json-rpc/errors.js';
import type { JSONRPCId } from '../protocols/json-rpc/events.js';
import {
  serializeJSONRPCBatch,
  serializeJSONRPCError,
  serializeJSONRPCResult,
} from '../protocols/json-rpc/serializer.js';
import { RPC_FAULT, type RPCFaultError } from './errors.js';
import { type CallSource, faultOf, type RunSettings, runMethod } from './run-method.js';

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
  const all = await Promise.all(
    messages.map((message) => answerMessage(settings, message, source, signal)),
  );
  const answers = all.filter((answer) => answer !== undefined);
  if (answers.length === 0 || signal?.aborted === true) return undefined;
  return isBatch ? serializeJSONRPCBatch(answers) : answers[0];
}

async function answerMessage(
  settings: RunSettings,
  message: JSONRPCCalls['messages'][number],
  source: CallSource,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (message.type === 'invalid') {
    const text = `invalid request: ${message.problem}`;
    return serializeJSONRPCError(message.id, { code: RPC_FAULT.invalidRequest, message: text });
  }
  const { method, params } = message;
  const id = message.type === 'request' ? message.id : undefined;
  try {
    const result = await runMethod(settings, method, params, source, signal);
    return id === undefined ? undefined : serializeJSONRPCResult(id, result);
  } catch (error) {
    const fault = faultOf(error, method, source);
    if (id === undefined || fault instanceof CancelledError) return undefined;
    return faultText(id, fault, method, source);
  }
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
