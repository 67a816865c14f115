/** The options of `ropewalk/rpc`, `ropewalk/cgi` and `ropewalk/xml`. */
import { CGIDirectory, CGIHeadParser, CGIScript, FilteredScript } from '../../src/cgi/index.js';
import { XMLParser } from '../../src/protocols/xml/index.js';
import {
  connectJsonRpc,
  JSONRPCResource,
  JSONRPCWebSocketResource,
  jsonRpcClient,
  parseJSONRPC,
  RPCMethods,
  serializeXMLRPCResult,
  XMLRPCParser,
  XMLRPCResource,
  xmlRpcClient,
} from '../../src/rpc/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { type Call, memory } from './option-calls.js';

const clock = new ManualClock();
const methods = new RPCMethods();
const processes = { ...clock, spawnProcess: () => undefined as never } as never;
const URL = 'http://127.0.0.1:1/';

export const RPC_CALLS: Readonly<Record<string, readonly Call[]>> = {
  XMLParserOptions: [(o) => new XMLParser(o)],
  XMLRPCLimits: [(o) => new XMLRPCParser('call', o)],
  XMLRPCSerializerOptions: [(o) => serializeXMLRPCResult(1, o)],
  JSONRPCLimits: [(o) => parseJSONRPC('1', o)],
  RPCMethodOptions: [(o) => new RPCMethods().add('a', () => 1, o)],
  XMLRPCResourceOptions: [(o) => new XMLRPCResource(clock, methods, o)],
  JSONRPCResourceOptions: [(o) => new JSONRPCResource(clock, methods, o)],
  JSONRPCWebSocketOptions: [(o) => new JSONRPCWebSocketResource(clock, o)],
  ConnectJSONRPCOptions: [memory((reactor, o) => connectJsonRpc(reactor, 'ws://127.0.0.1:1/', o))],
  XMLRPCClientOptions: [memory((reactor, o) => xmlRpcClient(reactor, URL, o))],
  JSONRPCClientOptions: [memory((reactor, o) => jsonRpcClient(reactor, URL, o))],
  RPCCallOptions: [memory((reactor, o) => jsonRpcClient(reactor, URL).call('a', [], o))],
  CGIHeadLimits: [(o) => new CGIHeadParser(o)],
  CGIProcessOptions: [(process) => new CGIScript(processes, '/x', { process })],
  FilteredScriptOptions: [(o) => new FilteredScript(processes, '/bin/sh', '/x', o)],
  CGIOptions: [(o) => new CGIScript(processes, '/x', o)],
  CGIDirectoryOptions: [(o) => new CGIDirectory(processes, '/x', o)],
};
