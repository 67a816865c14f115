/** An error of each class of the package, and the classes by entry point. */

import * as databases from '../../src/adbapi/errors.js';
import * as databasesEntry from '../../src/adbapi/index.js';
import * as services from '../../src/application/errors.js';
import * as servicesEntry from '../../src/application/index.js';
import * as cgiErrors from '../../src/cgi/errors.js';
import * as cgiEntry from '../../src/cgi/index.js';
import { IPv4Address } from '../../src/core/address.js';
import * as argumentErrors from '../../src/core/errors/arguments.js';
import * as base from '../../src/core/errors/base.js';
import * as connecting from '../../src/core/errors/connecting.js';
import * as connection from '../../src/core/errors/connection.js';
import * as datagram from '../../src/core/errors/datagram.js';
import * as listening from '../../src/core/errors/listening.js';
import * as names from '../../src/core/errors/names.js';
import * as processes from '../../src/core/errors/processes.js';
import * as reactor from '../../src/core/errors/reactor.js';
import * as tls from '../../src/core/errors/tls.js';
import * as credErrors from '../../src/cred/errors.js';
import * as credEntry from '../../src/cred/index.js';
import * as dashboard from '../../src/dashboard/errors.js';
import * as dashboardEntry from '../../src/dashboard/index.js';
import * as deferErrors from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import * as notAnError from '../../src/defer/not-an-error.js';
import * as endpoints from '../../src/endpoints/errors.js';
import * as answers from '../../src/exchange/errors.js';
import * as fileErrors from '../../src/files/errors.js';
import * as filesEntry from '../../src/files/index.js';
import * as foreignErrors from '../../src/foreign/errors.js';
import * as foreignEntry from '../../src/foreign/index.js';
import * as framing from '../../src/framing/errors.js';
import * as handover from '../../src/handover/errors.js';
import * as handoverEntry from '../../src/handover/index.js';
import * as httpAgent from '../../src/http/agent/errors.js';
import * as httpClient from '../../src/http/client/errors.js';
import * as httpBodies from '../../src/http/errors.js';
import * as http2Streams from '../../src/http/http2/errors.js';
import * as httpEntry from '../../src/http/index.js';
import * as index from '../../src/index.js';
import { systemError } from '../../src/internal/system-error.js';
import * as logs from '../../src/logger/errors.js';
import * as logsEntry from '../../src/logger/index.js';
import * as policies from '../../src/policies/errors.js';
import * as running from '../../src/process/errors.js';
import * as processEntry from '../../src/process/index.js';
import * as fingerErrors from '../../src/protocols/finger/errors.js';
import * as fingerEntry from '../../src/protocols/finger/index.js';
import * as http from '../../src/protocols/http/errors.js';
import * as http2 from '../../src/protocols/http2/errors.js';
import * as identErrors from '../../src/protocols/ident/errors.js';
import * as identEntry from '../../src/protocols/ident/index.js';
import * as jsonRpcErrors from '../../src/protocols/json-rpc/errors.js';
import * as memcacheErrors from '../../src/protocols/memcache/errors.js';
import * as memcacheEntry from '../../src/protocols/memcache/index.js';
import * as postfixErrors from '../../src/protocols/postfix/errors.js';
import * as postfixEntry from '../../src/protocols/postfix/index.js';
import * as proxyProtocol from '../../src/protocols/proxy-protocol/errors.js';
import * as redisErrors from '../../src/protocols/redis/errors.js';
import * as redisEntry from '../../src/protocols/redis/index.js';
import * as simpleErrors from '../../src/protocols/simple/errors.js';
import * as simpleEntry from '../../src/protocols/simple/index.js';
import * as socksErrors from '../../src/protocols/socks/errors.js';
import * as socksEntry from '../../src/protocols/socks/index.js';
import * as websocket from '../../src/protocols/websocket/errors.js';
import * as xmlErrors from '../../src/protocols/xml/errors.js';
import * as xmlEntry from '../../src/protocols/xml/index.js';
import * as xmlRpcErrors from '../../src/protocols/xml-rpc/errors.js';
import * as pubsubErrors from '../../src/pubsub/errors.js';
import * as pubsubEntry from '../../src/pubsub/index.js';
import * as rpcErrors from '../../src/rpc/errors.js';
import * as rpcEntry from '../../src/rpc/index.js';
import * as stdio from '../../src/stdio/errors.js';
import * as task from '../../src/task/errors.js';
import * as threads from '../../src/threads/errors.js';
import * as threadsEntry from '../../src/threads/index.js';
import * as sites from '../../src/web/errors.js';
import * as webEntry from '../../src/web/index.js';
import * as sessionErrors from '../../src/web/sessions/session-errors.js';
import * as proxies from '../../src/web-proxy/errors.js';
import * as proxiesEntry from '../../src/web-proxy/index.js';
import * as webSockets from '../../src/websocket/errors.js';
import * as webSocketEntry from '../../src/websocket/index.js';
import * as workers from '../../src/workers/errors.js';
import * as workersEntry from '../../src/workers/index.js';

const core = {
  ...argumentErrors,
  ...base,
  ...connecting,
  ...connection,
  ...datagram,
  ...listening,
  ...names,
  ...processes,
  ...reactor,
  ...tls,
};

const root = {
  ...core,
  ...deferErrors,
  ...notAnError,
  ...endpoints,
  ...framing,
  ...policies,
  ...proxyProtocol,
  ...stdio,
  ...task,
};
const web = { ...http, ...httpBodies, ...httpAgent, ...httpClient };
const sockets = { ...websocket, ...webSockets };

const { WATCH_DONE: _only, ...files } = fileErrors;

/** The errors of each entry point. */
export const ENTRY_POINTS: readonly [name: string, exported: object, errors: object][] = [
  ['ropewalk', index, root],
  ['ropewalk/adbapi', databasesEntry, databases],
  ['ropewalk/cred', credEntry, credErrors],
  ['ropewalk/logger', logsEntry, logs],
  ['ropewalk/dashboard', dashboardEntry, dashboard],
  ['ropewalk/files', filesEntry, files],
  ['ropewalk/foreign', foreignEntry, foreignErrors],
  ['ropewalk/handover', handoverEntry, handover],
  ['ropewalk/http', httpEntry, web],
  ['ropewalk/web-proxy', proxiesEntry, proxies],
  ['ropewalk/web', webEntry, { ...sites, ...sessionErrors }],
  ['ropewalk/process', processEntry, running],
  [
    'ropewalk/finger',
    fingerEntry,
    { ...fingerErrors, AnswerTooLongError: answers.AnswerTooLongError },
  ],
  ['ropewalk/memcache', memcacheEntry, memcacheErrors],
  ['ropewalk/redis', redisEntry, redisErrors],
  ['ropewalk/pubsub', pubsubEntry, pubsubErrors],
  [
    'ropewalk/ident',
    identEntry,
    { ...identErrors, AnswerIncompleteError: answers.AnswerIncompleteError },
  ],
  [
    'ropewalk/simple',
    simpleEntry,
    { ...simpleErrors, AnswerTooLongError: answers.AnswerTooLongError },
  ],
  [
    'ropewalk/postfix',
    postfixEntry,
    { ...postfixErrors, AnswerIncompleteError: answers.AnswerIncompleteError },
  ],
  ['ropewalk/socks', socksEntry, socksErrors],
  ['ropewalk/xml', xmlEntry, xmlErrors],
  ['ropewalk/cgi', cgiEntry, cgiErrors],
  ['ropewalk/rpc', rpcEntry, { ...rpcErrors, ...jsonRpcErrors, ...xmlRpcErrors }],
  ['ropewalk/application', servicesEntry, services],
  ['ropewalk/threads', threadsEntry, threads],
  ['ropewalk/workers', workersEntry, workers],
  ['ropewalk/websocket', webSocketEntry, sockets],
];

export const errors = {
  ...root,
  ...web,
  ...proxies,
  ...sites,
  ...sessionErrors,
  ...sockets,
  ...http2,
  ...http2Streams,
  ...credErrors,
  ...dashboard,
  ...databases,
  ...files,
  ...foreignErrors,
  ...handover,
  ...logs,
  ...running,
  ...answers,
  ...fingerErrors,
  ...memcacheErrors,
  ...redisErrors,
  ...pubsubErrors,
  ...identErrors,
  ...simpleErrors,
  ...postfixErrors,
  ...socksErrors,
  ...xmlErrors,
  ...cgiErrors,
  ...rpcErrors,
  ...jsonRpcErrors,
  ...xmlRpcErrors,
  ...services,
  ...threads,
  ...workers,
};

const report = {
  message: 'm',
  databaseCode: 'XX000',
  sql: 'SELECT 1',
  undone: 'statement',
} as const;

export type ErrorClass = new (...args: never[]) => Error & { code?: string };

/** One of each, made as the reactors make them. */
export const MADE: Readonly<Record<string, Error & { code: string }>> = {
  ConnectionDone: new errors.ConnectionDone(),
  ConnectionLost: new errors.ConnectionLost(),
  ConnectionAborted: new errors.ConnectionAborted(),
  ConnectError: new errors.ConnectError('m', { host: 'h', port: 1 }),
  ConnectBindError: new errors.ConnectBindError('m', { host: 'h', port: 1 }),
  DNSLookupError: new errors.DNSLookupError('m', { host: 'h', port: 1 }),
  NoRouteError: new errors.NoRouteError('m', { host: 'h', port: 1 }),
  ConnectionRefusedError: new errors.ConnectionRefusedError('m', { host: 'h', port: 1 }),
  TCPTimedOutError: new errors.TCPTimedOutError('m', { host: 'h', port: 1 }),
  ConnectTimeoutError: new errors.ConnectTimeoutError('m', { host: 'h', port: 1 }),
  ConnectingCancelledError: new errors.ConnectingCancelledError('m', { host: 'h', port: 1 }),
  CannotListenError: new errors.CannotListenError({ interface: '127.0.0.1', port: 80 }),
  ConnectionDetached: new errors.ConnectionDetached(),
  NotListeningError: new errors.NotListeningError(),
  LogEventsDroppedError: new errors.LogEventsDroppedError('app.log', 5),
  LogLoopError: new errors.LogLoopError(100),
  LogNotWrittenError: new errors.LogNotWrittenError('app.log', { cause: new Error('m') }),
  DescriptorError: new errors.DescriptorError('a socket', 7),
  SerialPortError: new errors.SerialPortError('/dev/ttyS0', systemError('open', 'ENOENT')),
  DescriptorLimitError: new errors.DescriptorLimitError(256),
  LentBytesTransferredError: new errors.LentBytesTransferredError('dataReceived'),
  NotConnectedError: new errors.NotConnectedError('write', 'connectionMade'),
  UnsentBytesError: new errors.UnsentBytesError(1),
  TooManyUnsentBytesError: new errors.TooManyUnsentBytesError(2, 1, 'total'),
  MessageLengthError: new errors.MessageLengthError(70_000, undefined),
  DatagramTruncatedError: new errors.DatagramTruncatedError(8192, undefined),
  DatagramReceiveError: new errors.DatagramReceiveError(new Error('m')),
  DatagramNotSentError: new errors.DatagramNotSentError(undefined, new Error('m')),
  InvalidAddressError: new errors.InvalidAddressError('m'),
  AlreadyConnectedError: new errors.AlreadyConnectedError(),
  MulticastJoinError: new errors.MulticastJoinError('239.1.1.1'),
  ServiceParentError: new errors.ServiceParentError('m'),
  ServiceStartCancelledError: new errors.ServiceStartCancelledError('web'),
  ServiceStopError: new errors.ServiceStopError([new Error('m'), new Error('n')]),
  EmbeddingClosedError: new errors.EmbeddingClosedError(),
  FunctionNotFoundError: new errors.FunctionNotFoundError('libx.so', 'f'),
  ThreadEndingError: new errors.ThreadEndingError(),
  TurnRefusedError: new errors.TurnRefusedError('turn'),
  ForeignDescriptorError: new errors.ForeignDescriptorError('GLib', 17),
  ForeignLibraryError: new errors.ForeignLibraryError('GLib', 'm', new Error('m')),
  ForeignLoopBusyError: new errors.ForeignLoopBusyError('GLib', 'thread'),
  FileWatchError: new errors.FileWatchError('/x', systemError('open', 'EACCES')),
  WatchDone: new errors.WatchDone(),
  WatchLimitError: new errors.WatchLimitError('maxDirectories', 100),
  WatchLostError: new errors.WatchLostError('/x', 'removed'),
  HandoverError: new errors.HandoverError('m'),
  HandoverProtocolError: new errors.HandoverProtocolError('m'),
  NameNotFoundError: new errors.NameNotFoundError('m', 'h'),
  NameLookupFailedError: new errors.NameLookupFailedError('m', 'h'),
  NameLookupTimeoutError: new errors.NameLookupTimeoutError('h', 1),
  TooManyLookupsError: new errors.TooManyLookupsError('h', 1),
  InvalidHostNameError: new errors.InvalidHostNameError('m', 'h'),
  SystemCallRetriedError: new errors.SystemCallRetriedError(new Error('no space left')),
  AcceptError: new errors.AcceptError(new Error('too many open files')),
  ConnectorStateError: new errors.ConnectorStateError('m'),
  AlreadyCalledError: new errors.AlreadyCalledError(),
  AlreadyCancelledError: new errors.AlreadyCancelledError(),
  ReactorAlreadyRunningError: new errors.ReactorAlreadyRunningError(),
  ReactorNotRunningError: new errors.ReactorNotRunningError(),
  ReactorDisposedError: new errors.ReactorDisposedError(),
  ReactorStoppingError: new errors.ReactorStoppingError(),
  ProducerRegisteredError: new errors.ProducerRegisteredError(),
  UnsupportedError: new errors.UnsupportedError('feature', 'why'),
  AddonNotLoadedError: new errors.AddonNotLoadedError('m'),
  MissingPackageError: new errors.MissingPackageError('f', ['p']),
  TLSContextError: new errors.TLSContextError('m'),
  NativeTLSUnavailableError: new errors.NativeTLSUnavailableError('why'),
  TransportUpgradedError: new errors.TransportUpgradedError('write'),
  PlaintextBeforeTLSError: new errors.PlaintextBeforeTLSError(1),
  TLSHandshakeError: new errors.TLSHandshakeError('m', { reason: 'WRONG_VERSION_NUMBER' }),
  TLSCertificateError: new errors.TLSCertificateError({ reason: 'expired', detail: 'm' }),
  TLSTruncatedError: new errors.TLSTruncatedError(true),
  TLSHandshakeTimeoutError: new errors.TLSHandshakeTimeoutError(1),
  TooManyHandshakesError: new errors.TooManyHandshakesError(1),
  AlreadyFiredError: new errors.AlreadyFiredError(),
  AlreadyLockingError: new errors.AlreadyLockingError('/lock'),
  CancelledError: new errors.CancelledError(),
  DashboardExposedError: new errors.DashboardExposedError(new IPv4Address('TCP', '0.0.0.0', 1)),
  ReactorStoppedError: new errors.ReactorStoppedError(),
  TimeoutError: new errors.TimeoutError(1),
  NotPausedError: new errors.NotPausedError(),
  NotAnErrorError: new errors.NotAnErrorError(5),
  FirstError: new errors.FirstError(new Failure(new Error('m')), 0),
  AllFailedError: new errors.AllFailedError([new Failure(new Error('m'))]),
  NotAcquiredError: new errors.NotAcquiredError('m'),
  QueueOverflowError: new errors.QueueOverflowError(1),
  QueueUnderflowError: new errors.QueueUnderflowError(1),
  QueueClosedError: new errors.QueueClosedError(),
  AnswerIncompleteError: new errors.AnswerIncompleteError(1),
  AnswerTooLongError: new errors.AnswerTooLongError(1, 'maxAnswerBytes'),
  InvalidFingerQueryError: new errors.InvalidFingerQueryError('m'),
  InvalidMemcacheRequestError: new errors.InvalidMemcacheRequestError('m'),
  MemcacheOverloadError: new errors.MemcacheOverloadError('maxUnanswered', 1),
  MemcacheNotStartedError: new errors.MemcacheNotStartedError(),
  InvalidMemcacheReplyError: new errors.InvalidMemcacheReplyError('m'),
  MemcacheUnknownCommandError: new errors.MemcacheUnknownCommandError('mg'),
  MemcacheClientError: new errors.MemcacheClientError('set', 'm'),
  MemcacheServerError: new errors.MemcacheServerError('set', 'm'),
  MemcacheTimeoutError: new errors.MemcacheTimeoutError('get', 1, true),
  MemcacheConnectionLostError: new errors.MemcacheConnectionLostError('get', true),
  MemcacheUnavailableError: new errors.MemcacheUnavailableError('s', new Error('m')),
  MemcacheValueError: new errors.MemcacheValueError('m', 0),
  PublishError: new errors.PublishError('a', true, new Error('m')),
  PubSubClosedError: new errors.PubSubClosedError(),
  PubSubOverloadError: new errors.PubSubOverloadError('maxUnconfirmed', 1),
  PubSubTimeoutError: new errors.PubSubTimeoutError(1),
  SlowSubscriberError: new errors.SlowSubscriberError('a', 'maxQueued', 1),
  SubscriptionRefusedError: new errors.SubscriptionRefusedError('a', new Error('m')),
  InvalidRedisCommandError: new errors.InvalidRedisCommandError('m'),
  InvalidRedisReplyError: new errors.InvalidRedisReplyError('m'),
  RedisConnectionLostError: new errors.RedisConnectionLostError('GET', true),
  RedisNotStartedError: new errors.RedisNotStartedError(),
  RedisOverloadError: new errors.RedisOverloadError('maxUnanswered', 1),
  RedisServerError: new errors.RedisServerError('ERR m'),
  RedisTimeoutError: new errors.RedisTimeoutError('GET', 1, true),
  RedisUnavailableError: new errors.RedisUnavailableError('s'),
  IdentRefusedError: new errors.IdentRefusedError('NO-USER'),
  InvalidIdentMessageError: new errors.InvalidIdentMessageError('m'),
  InvalidTimeAnswerError: new errors.InvalidTimeAnswerError(3),
  InvalidTableMessageError: new errors.InvalidTableMessageError('m'),
  TableLookupError: new errors.TableLookupError('m'),
  InvalidSocksMessageError: new errors.InvalidSocksMessageError('m'),
  MissingWrapperError: new errors.MissingWrapperError('sessionOf', 'withSessions'),
  SessionStoreError: new errors.SessionStoreError({ cause: new Error('down') }),
  SessionTooLargeError: new errors.SessionTooLargeError('cart', 70_000, 65_536),
  RouteConflictError: new errors.RouteConflictError('GET', '/:b', '/:a'),
  SocksAuthenticationError: new errors.SocksAuthenticationError('methods', { host: 'h', port: 1 }),
  SocksConnectError: new errors.SocksConnectError('not allowed', { host: 'h', port: 1 }),
  SocksRefusedError: new errors.SocksRefusedError('m'),
  SocksSequenceError: new errors.SocksSequenceError('m'),
  InvalidCGIOutputError: new errors.InvalidCGIOutputError('m'),
  InvalidXMLError: new errors.InvalidXMLError('m', 5),
  XMLLimitError: new errors.XMLLimitError('maxDepth', 1, 5),
  InvalidXMLOutputError: new errors.InvalidXMLOutputError('text'),
  InvalidXMLRPCMessageError: new errors.InvalidXMLRPCMessageError('m'),
  InvalidXMLRPCValueError: new errors.InvalidXMLRPCValueError('m', '[0]'),
  XMLRPCLimitError: new errors.XMLRPCLimitError('maxBytes', 1),
  InvalidJSONRPCMessageError: new errors.InvalidJSONRPCMessageError('m'),
  InvalidJSONRPCValueError: new errors.InvalidJSONRPCValueError('m'),
  JSONRPCLimitError: new errors.JSONRPCLimitError('maxBytes', 1),
  JSONRPCOverloadError: new errors.JSONRPCOverloadError(1),
  RPCFaultError: new errors.RPCFaultError(1, 'm'),
  RPCResponseError: new errors.RPCResponseError('add', 500, 'text/html'),
  RPCConnectionLostError: new errors.RPCConnectionLostError(),
  InvalidProxyHeaderError: new errors.InvalidProxyHeaderError('why', 1),
  ProxyHeaderTooLongError: new errors.ProxyHeaderTooLongError(4_096, 5_000, 'maxHeaderBytes'),
  ProxyHeaderChecksumError: new errors.ProxyHeaderChecksumError(1, 2),
  ProxyHeaderTimeoutError: new errors.ProxyHeaderTimeoutError(5_000),
  UntrustedProxyError: new errors.UntrustedProxyError('192.0.2.1:1'),
  InvalidHTTPMessageError: new errors.InvalidHTTPMessageError('server', 'bare-lf'),
  HTTPLimitError: new errors.HTTPLimitError('client', 'maxFields', 100),
  HPACKError: new errors.HPACKError('index'),
  HTTP2ProtocolError: new errors.HTTP2ProtocolError('padding', 1),
  HTTP2LimitError: new errors.HTTP2LimitError('maxPings', 100, 0),
  HTTP2SequenceError: new errors.HTTP2SequenceError('m'),
  HTTP2SettingsTimeoutError: new errors.HTTP2SettingsTimeoutError(1),
  HTTP2StreamResetError: new errors.HTTP2StreamResetError(8),
  HTTP2UnprocessedError: new errors.HTTP2UnprocessedError(7),
  IncompleteHTTPMessageError: new errors.IncompleteHTTPMessageError('client'),
  InvalidHTTPOutputError: new errors.InvalidHTTPOutputError('method', 'm'),
  HTTPStatusError: new errors.HTTPStatusError(404),
  HTTPTimeoutError: new errors.HTTPTimeoutError('headTimeoutMs', 1),
  DestinationRefusedError: new errors.DestinationRefusedError('a', 1, 'm'),
  HTTPResponseTimeoutError: new errors.HTTPResponseTimeoutError('headTimeoutMs', 1),
  HTTPPoolClosedError: new errors.HTTPPoolClosedError(),
  HTTPPoolFullError: new errors.HTTPPoolFullError(1),
  DecodedRatioError: new errors.DecodedRatioError(1),
  HTTPRedirectError: new errors.HTTPRedirectError('limit', 'http://a/', 'http://b/', 20),
  InvalidJSONError: new errors.InvalidJSONError(new SyntaxError('m')),
  HTTPTunnelError: new errors.HTTPTunnelError({ host: 'a', port: 443 }, 407, 'Who', ['Basic']),
  NoHTTPResponseError: new errors.NoHTTPResponseError(true),
  UpgradeRequiredError: new errors.UpgradeRequiredError('shout/1'),
  HTTPSequenceError: new errors.HTTPSequenceError('m'),
  HTTPContentLengthError: new errors.HTTPContentLengthError(1, 2),
  AlreadyListenedError: new errors.AlreadyListenedError(3),
  InvalidEndpointError: new errors.InvalidEndpointError('tcp:', 'm'),
  NoInheritedSocketError: new errors.NoInheritedSocketError('m'),
  NoProtocolError: new errors.NoProtocolError('m', { host: 'h', port: 1 }),
  UnknownEndpointTypeError: new errors.UnknownEndpointTypeError(
    'x:',
    'client',
    'x',
    ['tcp'],
    'tcp',
  ),
  LineTooLongError: new errors.LineTooLongError(1),
  FrameTooLongError: new errors.FrameTooLongError(1, 2),
  InvalidFrameLengthError: new errors.InvalidFrameLengthError(-1, 'why'),
  InvalidNetstringError: new errors.InvalidNetstringError('m'),
  StringTooLongError: new errors.StringTooLongError(1, 2),
  TransferStoppedError: new errors.TransferStoppedError(1),
  TaskDoneError: new errors.TaskDoneError(),
  TaskStoppedError: new errors.TaskStoppedError(),
  TaskFailedError: new errors.TaskFailedError(new Error('m')),
  SchedulerStoppedError: new errors.SchedulerStoppedError(),
  LoopingCallStateError: new errors.LoopingCallStateError('m'),
  ExitError: new errors.ExitError(2),
  ProcessDone: new errors.ProcessDone(),
  ProcessTerminated: new errors.ProcessTerminated(1, undefined),
  ProcessAbandoned: new errors.ProcessAbandoned(),
  ProcessExitedAlreadyError: new errors.ProcessExitedAlreadyError(),
  SpawnError: new errors.SpawnError('/x', 'why', { cause: new Error('m') }),
  ProcessFailedError: new errors.ProcessFailedError(
    '/x',
    new errors.ProcessTerminated(1, undefined),
    Buffer.alloc(0),
    Buffer.alloc(0),
  ),
  ProcessOutputLimitError: new errors.ProcessOutputLimitError('/x', 1),
  StatementError: new errors.StatementError(report),
  ConstraintError: new errors.ConstraintError(report),
  DatabaseBusyError: new errors.DatabaseBusyError(report),
  TransactionConflictError: new errors.TransactionConflictError(report),
  DatabaseFullError: new errors.DatabaseFullError(report),
  DatabaseCorruptError: new errors.DatabaseCorruptError(report),
  DatabaseFailureError: new errors.DatabaseFailureError(report),
  DatabaseConnectionLostError: new errors.DatabaseConnectionLostError(report, false),
  DatabaseConnectError: new errors.DatabaseConnectError('d', new Error('m')),
  StatementTimeoutError: new errors.StatementTimeoutError('SELECT 1', 1),
  PoolExhaustedError: new errors.PoolExhaustedError('maxWaiting', 1, 1, 0),
  PoolClosedError: new errors.PoolClosedError(),
  TransactionEndedError: new errors.TransactionEndedError('transaction'),
  TransactionAbortedError: new errors.TransactionAbortedError(new Error('m')),
  UnauthorizedLoginError: new errors.UnauthorizedLoginError(),
  TooManyLoginsError: new errors.TooManyLoginsError('maxPerPeer', 5, 1),
  UnhandledCredentialsError: new errors.UnhandledCredentialsError('password', []),
  NoAvatarError: new errors.NoAvatarError(['mailbox'], undefined),
  InvalidCredentialsError: new errors.InvalidCredentialsError('m'),
  StaleNonceError: new errors.StaleNonceError('m'),
  CredentialsSequenceError: new errors.CredentialsSequenceError('m'),
  CredentialsFileError: new errors.CredentialsFileError('/etc/users', 'why', 1),
  UnsupportedHashError: new errors.UnsupportedHashError('yescrypt', 'why'),
  UnsuitablePasswordError: new errors.UnsuitablePasswordError('m'),
  InvalidCheckerError: new errors.InvalidCheckerError('m'),
  UnknownCheckerTypeError: new errors.UnknownCheckerTypeError(['memory'], 'memory'),
  ThreadExitedError: new errors.ThreadExitedError('t', {
    asked: false,
    exitCode: 1,
    error: undefined,
  }),
  ThreadFunctionError: new errors.ThreadFunctionError('file:///m.js', 'f'),
  ThreadMessageError: new errors.ThreadMessageError('result', 'f', { cause: new Error('m') }),
  ThreadPoolFullError: new errors.ThreadPoolFullError(1),
  ThreadPoolStoppedError: new errors.ThreadPoolStoppedError(),
  NotInThreadError: new errors.NotInThreadError('callSignal'),
  WorkerStartError: new errors.WorkerStartError(0, new Error('m')),
  WorkerModuleError: new errors.WorkerModuleError('file:///m.js'),
  WorkerExitedError: new errors.WorkerExitedError(0, {
    exitCode: 1,
    signal: null,
    error: undefined,
  }),
  WorkerHungError: new errors.WorkerHungError(0, 1_000),
  WorkersStoppedError: new errors.WorkersStoppedError(),
  DecodedBodyTooLargeError: new errors.DecodedBodyTooLargeError(1),
  InvalidContentCodingError: new errors.InvalidContentCodingError('gzip', 'why'),
  UnsupportedContentCodingError: new errors.UnsupportedContentCodingError('x', 'gzip'),
  InvalidFormError: new errors.InvalidFormError('why'),
  FormTooLargeError: new errors.FormTooLargeError('maxFields', 1),
  FileTruncatedError: new errors.FileTruncatedError(1),
  WebSocketFrameError: new errors.WebSocketFrameError('why'),
  WebSocketTextError: new errors.WebSocketTextError('message'),
  WebSocketCompressionError: new errors.WebSocketCompressionError('why'),
  WebSocketMessageTooLongError: new errors.WebSocketMessageTooLongError(1),
  WebSocketFloodError: new errors.WebSocketFloodError('maxFragments', 1),
  WebSocketRequestError: new errors.WebSocketRequestError(400, 'why'),
  WebSocketResponseError: new errors.WebSocketResponseError(200, 'why'),
  WebSocketBackpressureError: new errors.WebSocketBackpressureError(1),
  WebSocketClosedError: new errors.WebSocketClosedError(1006, '', false, new Error('why')),
  WebSocketReceiveError: new errors.WebSocketReceiveError(),
  WebSocketTimeoutError: new errors.WebSocketTimeoutError('pongTimeoutMs', 1),
  WebSocketNotOpenError: new errors.WebSocketNotOpenError('send', 'closed'),
  WebSocketFragmentError: new errors.WebSocketFragmentError('m'),
  InvalidArgumentTypeError: new errors.InvalidArgumentTypeError('a', 'b', 1),
  InvalidArgumentValueError: new errors.InvalidArgumentValueError('a', 'b', 1),
  UnknownOptionError: new errors.UnknownOptionError('f', 'b', ['a']),
};
