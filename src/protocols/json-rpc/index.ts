/**
 * The messages of JSON-RPC 2.0 (jsonrpc.org/specification), and the sequences of two peers. Clients and servers are in `ropewalk/rpc`.
 *
 * Omitted: JSON-RPC 1.0; ids that are null or fractions, which the specification discourages.
 */
export {
  type JSONRPCAnswer,
  type JSONRPCCalls,
  JSONRPCConnection,
  type JSONRPCReceived,
} from './connection.js';
export {
  InvalidJSONRPCMessageError,
  InvalidJSONRPCValueError,
  JSONRPCLimitError,
  JSONRPCOverloadError,
} from './errors.js';
export type {
  JSONRPCErrorAnswer,
  JSONRPCErrorObject,
  JSONRPCId,
  JSONRPCInvalid,
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCParams,
  JSONRPCRequest,
  JSONRPCResult,
  JSONRPCText,
} from './events.js';
export type { JSONRPCLimits } from './limits.js';
export { parseJSONRPC } from './parser.js';
export {
  serializeJSONRPCBatch,
  serializeJSONRPCError,
  serializeJSONRPCRequest,
  serializeJSONRPCResult,
} from './serializer.js';
