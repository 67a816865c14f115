/**
 * The entry point `ropewalk/rpc`: XML-RPC and JSON-RPC 2.0, servers as resources of `ropewalk/web`, clients over the pool of
 * `ropewalk/http`, JSON-RPC over WebSocket in both directions, and the codecs, without sockets.
 */
export * from '../protocols/json-rpc/index.js';
export * from '../protocols/xml-rpc/index.js';
export { RPC_FAULT, RPCConnectionLostError, RPCFaultError, RPCResponseError } from './errors.js';
export type { RPCCallOptions, RPCClientOptions } from './http-call.js';
export {
  type JSONRPCBatchCall,
  JSONRPCClient,
  type JSONRPCClientOptions,
  type JSONRPCOutcome,
  jsonRpcClient,
} from './json-rpc-client.js';
export { JSONRPCPeer, type JSONRPCPeerOptions } from './json-rpc-peer.js';
export { JSONRPCResource, type JSONRPCResourceOptions } from './json-rpc-resource.js';
export {
  type ConnectJSONRPCOptions,
  connectJsonRpc,
  type JSONRPCWebSocketOptions,
  JSONRPCWebSocketResource,
} from './json-rpc-web-socket.js';
export {
  type RPCCaller,
  type RPCContext,
  type RPCFunction,
  type RPCMethodOptions,
  RPCMethods,
} from './methods.js';
export type { RPCServerOptions } from './settings.js';
export type { RPCType } from './signatures.js';
export type { RemoteInterface, RemoteMethods } from './typed.js';
export { XMLRPCClient, type XMLRPCClientOptions, xmlRpcClient } from './xml-rpc-client.js';
export { XMLRPCResource, type XMLRPCResourceOptions } from './xml-rpc-resource.js';
