/**
 * The messages of XML-RPC (xmlrpc.com/spec.md of 1999, with the errata of 2003), as text and bytes. Clients and servers are in
 * `ropewalk/rpc`.
 *
 * Supported extensions: `nil`, `i8`, `i1`, `i2` and `float`, with or without the namespace of Apache XML-RPC. Omitted: its other types.
 */
export { InvalidXMLRPCMessageError, InvalidXMLRPCValueError, XMLRPCLimitError } from './errors.js';
export type {
  XMLRPCCall,
  XMLRPCFaultMessage,
  XMLRPCInput,
  XMLRPCMessage,
  XMLRPCResult,
  XMLRPCStruct,
  XMLRPCValue,
} from './events.js';
export type { XMLRPCLimits } from './limits.js';
export { parseXMLRPCCall, parseXMLRPCResponse, XMLRPCParser } from './parser.js';
export {
  serializeXMLRPCCall,
  serializeXMLRPCFault,
  serializeXMLRPCResult,
  type XMLRPCSerializerOptions,
} from './serializer.js';
export { XMLRPCDateTime, XMLRPCDouble } from './values.js';
