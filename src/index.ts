/** Ropewalk's root entry point: reactors and the contracts they keep, Deferreds, tasks, framing, policies. */

export { type BackoffOptions, backoffPolicy, type RetryPolicy } from './clients/backoff-policy.js';
export {
  ClientService,
  type ClientServiceOptions,
  type WhenConnectedOptions,
} from './clients/client-service.js';
export type { ClientState } from './clients/client-states.js';
export {
  ReconnectingClientFactory,
  type ReconnectingClientOptions,
} from './clients/reconnecting-client-factory.js';
export {
  type Address,
  type AddressType,
  HostnameAddress,
  type HostPort,
  type IPAddress,
  type IPAddressType,
  IPv4Address,
  IPv6Address,
  PipeAddress,
  type SocketAddress,
  UNIXAddress,
} from './core/address.js';
export type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptOptions,
  AdoptPipeOptions,
  AdoptPortOptions,
  PipeDirection,
  SerialOptions,
} from './core/adopt-options.js';
export type { Clock, DelayedCall } from './core/clock.js';
export type { Connector } from './core/connector.js';
export {
  type ConnectUNIXDatagramOptions,
  type DatagramDetails,
  type DatagramHandlers,
  type DatagramOptions,
  DatagramProtocol,
  type DatagramProtocolLike,
  type DatagramReceiver,
  type DatagramTransport,
  type DatagramTransportFor,
  type DestinationOf,
  type ListenUDPOptions,
  type ListenUNIXDatagramOptions,
  type MulticastMembership,
  type SendOptions,
  type UDPTransport,
  type UNIXDatagramTransport,
} from './core/datagram.js';
export type { Descriptor, ReadDescriptor, WriteDescriptor } from './core/descriptor.js';
export type { Destination } from './core/destination.js';
export type { ErrorReporter } from './core/error-reporter.js';
export {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from './core/errors/arguments.js';
export {
  LocalProtocolError,
  RemoteProtocolError,
  RopewalkError,
  type SystemError,
} from './core/errors/base.js';
export {
  ConnectBindError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectorStateError,
  ConnectTimeoutError,
  DNSLookupError,
  NoRouteError,
  TCPTimedOutError,
} from './core/errors/connecting.js';
export {
  CONNECTION_DONE,
  ConnectionAborted,
  ConnectionClosed,
  ConnectionDetached,
  ConnectionDone,
  ConnectionLost,
  DescriptorLimitError,
  LentBytesTransferredError,
  NotConnectedError,
  ProducerRegisteredError,
  UnsentBytesError,
} from './core/errors/connection.js';
export {
  AlreadyConnectedError,
  DatagramError,
  DatagramNotSentError,
  DatagramReceiveError,
  DatagramTruncatedError,
  InvalidAddressError,
  MessageLengthError,
  MulticastJoinError,
} from './core/errors/datagram.js';
export {
  AcceptError,
  CannotListenError,
  DescriptorError,
  NotListeningError,
  SystemCallRetriedError,
} from './core/errors/listening.js';
export {
  InvalidHostNameError,
  NameLookupFailedError,
  NameLookupTimeoutError,
  NameNotFoundError,
  NameResolutionError,
  TooManyLookupsError,
} from './core/errors/names.js';
export {
  ProcessAbandoned,
  ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
  ProcessTerminated,
  SpawnError,
} from './core/errors/processes.js';
export {
  AddonNotLoadedError,
  AlreadyCalledError,
  AlreadyCancelledError,
  ReactorAlreadyRunningError,
  ReactorDisposedError,
  ReactorNotRunningError,
  ReactorStoppingError,
  UnsupportedError,
} from './core/errors/reactor.js';
export {
  MissingPackageError,
  NativeTLSUnavailableError,
  PlaintextBeforeTLSError,
  type TLSCertificateDetails,
  TLSCertificateError,
  type TLSCertificateFault,
  TLSContextError,
  type TLSFaultDetails,
  TLSHandshakeError,
  TLSHandshakeTimeoutError,
  TLSTruncatedError,
  TooManyHandshakesError,
  TransportUpgradedError,
} from './core/errors/tls.js';
export { type BuildProtocol, ClientFactory, Factory, type FactoryLike } from './core/factory.js';
export type { ListeningPort, StopListeningOptions } from './core/listening-port.js';
export type { MaybeAsync } from './core/maybe-async.js';
export type {
  AddressFamily,
  HostAddress,
  NameResolver,
  ResolveOptions,
} from './core/name-resolver.js';
export {
  type ProcessHandlers,
  ProcessProtocol,
  type ProcessProtocolLike,
  type ProcessReceiver,
  type ProcessTransport,
  type SignalOptions,
} from './core/process.js';
export type { Consumer, PullProducer, PushProducer } from './core/producer.js';
export { Protocol, type ProtocolHandlers } from './core/protocol.js';
export type { ClientProtocolFactory, ProtocolFactory } from './core/protocol-factory.js';
export type { Reactor } from './core/reactor.js';
export type { ReactorAdoption } from './core/reactor-adoption.js';
export type { ReactorDescriptors } from './core/reactor-descriptors.js';
export type {
  ConnectionReport,
  ReactorIntrospection,
  ReactorStatistics,
  ReactorTotals,
  TurnHistogram,
} from './core/reactor-introspection.js';
export type { ReactorLife, RunOptions } from './core/reactor-life.js';
export type { ReactorNames } from './core/reactor-names.js';
export type { ReactorPipes } from './core/reactor-pipes.js';
export type { ReactorProcesses } from './core/reactor-processes.js';
export type { ReactorTCP } from './core/reactor-tcp.js';
export type { ReactorThreads } from './core/reactor-threads.js';
export type { ReactorUDP } from './core/reactor-udp.js';
export type { ReactorUNIX } from './core/reactor-unix.js';
export type { ReactorUNIXDatagram } from './core/reactor-unix-datagram.js';
export type {
  ChildDescriptor,
  PtyOptions,
  ResourceLimits,
  SpawnOptions,
} from './core/spawn-options.js';
export type {
  ProtocolOf,
  StreamClientEndpoint,
  StreamServerEndpoint,
} from './core/stream-endpoint.js';
export type { StreamProtocol } from './core/stream-protocol.js';
export type { SystemEventPhase, SystemEvents, SystemEventTrigger } from './core/system-event.js';
export type {
  ConnectTCPOptions,
  KeepAliveOptions,
  ListenTCPOptions,
  TCPOptions,
} from './core/tcp-options.js';
export type { TerminalSize } from './core/terminal-size.js';
export type {
  StartTLSOptions,
  TLSConnection,
  TLSEngineKind,
  TLSRole,
  TLSVersion,
} from './core/tls.js';
export {
  type DetachedConnection,
  HIGH_WATER_MARK_BYTES,
  LARGE_WRITE_BYTES,
  MAX_WAITING_DESCRIPTORS,
  type PipeTransport,
  type SocketTransport,
  type TCPTransport,
  type TLSContext,
  type Transport,
  type UNIXTransport,
} from './core/transport.js';
export type {
  ConnectUNIXOptions,
  ListenUNIXOptions,
  PeerCredentials,
  UNIXPathOptions,
} from './core/unix-options.js';
export { getDebugging, setDebugging } from './defer/debugging.js';
export { type CallbackResult, type Canceller, Deferred } from './defer/deferred.js';
export {
  type DeferredListOptions,
  deferredList,
  type ListFailure,
  type ListOutcome,
  type ListResults,
  type ThenableList,
} from './defer/deferred-list.js';
export {
  AllFailedError,
  AlreadyFiredError,
  AlreadyLockingError,
  CancelledError,
  FirstError,
  NotAcquiredError,
  NotPausedError,
  QueueClosedError,
  QueueOverflowError,
  QueueUnderflowError,
  ReactorStoppedError,
  TimeoutError,
} from './defer/errors.js';
export { type ErrorClass, type ErrorKind, type ErrorOf, Failure } from './defer/failure.js';
export { DeferredFilesystemLock, type FilesystemLockOptions } from './defer/filesystem-lock.js';
export { gatherResults } from './defer/gather-results.js';
export { type Coroutine, ensureDeferred, inlineCallbacks } from './defer/inline-callbacks.js';
export { DeferredLock } from './defer/lock.js';
export { logError } from './defer/log-error.js';
export { NotAnErrorError } from './defer/not-an-error.js';
export { DeferredQueue, type DeferredQueueOptions } from './defer/queue.js';
export { type RaceResult, race } from './defer/race.js';
export { DeferredSemaphore } from './defer/semaphore.js';
export { fail, maybeDeferred, succeed } from './defer/succeed.js';
export {
  reportUnhandledFailures,
  takeUnhandledFailures,
  type UnhandledFailure,
} from './defer/unhandled.js';
export { AdoptedServerEndpoint, type AdoptedServerEndpointOptions } from './endpoints/adopted.js';
export { connectProtocol } from './endpoints/connect-protocol.js';
export { EndpointArguments, type EndpointValues } from './endpoints/endpoint-arguments.js';
export { quoteStringArgument } from './endpoints/endpoint-syntax.js';
export type { EndpointContext, EndpointReactor, EndpointType } from './endpoints/endpoint-type.js';
export {
  AlreadyListenedError,
  InvalidEndpointError,
  NoInheritedSocketError,
  NoProtocolError,
  UnknownEndpointTypeError,
} from './endpoints/errors.js';
export {
  clientFromString,
  type EndpointStringOptions,
  serverFromString,
} from './endpoints/from-string.js';
export { ProcessEndpoint, type ProcessEndpointOptions } from './endpoints/process.js';
export {
  ProxyProtocolClientEndpoint,
  ProxyProtocolServerEndpoint,
} from './endpoints/proxy-protocol.js';
export { StandardIOEndpoint } from './endpoints/stdio.js';
export { SystemdServerEndpoint, type SystemdServerEndpointOptions } from './endpoints/systemd.js';
export { HostnameEndpoint, TCPClientEndpoint, TCPServerEndpoint } from './endpoints/tcp.js';
export { type WrapClientTLSOptions, wrapClientTLS, wrapServerTLS } from './endpoints/tls.js';
export { UNIXClientEndpoint, UNIXServerEndpoint } from './endpoints/unix.js';
export {
  ConsumerToProtocolAdapter,
  ProtocolToConsumerAdapter,
} from './framing/consumer-adapters.js';
export { DelimiterDecoder, type DelimiterDecoderOptions } from './framing/delimiter-decoder.js';
export {
  FrameTooLongError,
  InvalidFrameLengthError,
  InvalidNetstringError,
  LineTooLongError,
  StringTooLongError,
  TransferStoppedError,
} from './framing/errors.js';
export { FileSender, type FileSenderOptions, type SendTransform } from './framing/file-sender.js';
export { FixedLengthDecoder } from './framing/fixed-length-decoder.js';
export type { FrameDecoder } from './framing/frame-decoder.js';
export { FrameReceiver } from './framing/frame-receiver.js';
export {
  Int8StringReceiver,
  Int16StringReceiver,
  Int32StringReceiver,
  IntNStringReceiver,
} from './framing/int-string-receivers.js';
export {
  LengthFieldDecoder,
  type LengthFieldDecoderOptions,
} from './framing/length-field-decoder.js';
export {
  encodeLengthPrefix,
  encodeLengthPrefixed,
  LengthPrefixDecoder,
  type LengthPrefixDecoderOptions,
  type LengthPrefixOptions,
  type PrefixBits,
} from './framing/length-prefix.js';
export { LineDecoder, type LineDecoderOptions, type LineEnding } from './framing/line-decoder.js';
export { LineOnlyReceiver } from './framing/line-only-receiver.js';
export { LineReceiver } from './framing/line-receiver.js';
export {
  encodeNetstring,
  NetstringDecoder,
  type NetstringDecoderOptions,
} from './framing/netstring.js';
export { NetstringReceiver } from './framing/netstring-receiver.js';
export {
  BasicProducerConsumerProxy,
  type BasicProducerConsumerProxyOptions,
  ProducerConsumerProxy,
  type ProducerConsumerProxyOptions,
} from './framing/producer-consumer-proxy.js';
export type { SendSource } from './framing/send-source.js';
export {
  type BlockState,
  StatefulProtocol,
  type StatefulProtocolOptions,
} from './framing/stateful-protocol.js';
export type { ErrorReport } from './internal/error-report.js';
export { BucketFilter, type BucketFilterOptions } from './policies/bucket-filter.js';
export type { ConnectionTimeout } from './policies/connection-timeout.js';
export { Deadline } from './policies/deadline.js';
export { TooManyUnsentBytesError, type UnsentBytesOption } from './policies/errors.js';
export { hexDump } from './policies/hex-dump.js';
export { IdleTimeout } from './policies/idle-timeout.js';
export { IdleTimeouts, type IdleTimeoutsOptions } from './policies/idle-timeouts.js';
export {
  LimitConnectionsByPeerFactory,
  type LimitConnectionsByPeerOptions,
} from './policies/limit-connections-by-peer.js';
export {
  LimitTotalConnectionsFactory,
  type LimitTotalConnectionsOptions,
} from './policies/limit-total-connections.js';
export {
  LimitUnsentBytesFactory,
  type LimitUnsentBytesOptions,
} from './policies/limit-unsent-bytes.js';
export { ProtocolWrapper, type WrapperOwner } from './policies/protocol-wrapper.js';
export { joinEnds, RelayEnd } from './policies/relay.js';
export {
  ShapingFactory,
  type ShapingFactoryOptions,
  type ShapingLimits,
} from './policies/shaping-factory.js';
export { TimeoutFactory, type TimeoutFactoryOptions } from './policies/timeout-factory.js';
export { type Rate, TokenBucket, type TokenBucketOptions } from './policies/token-bucket.js';
export {
  type TrafficDirection,
  TrafficLoggingFactory,
  type TrafficLoggingOptions,
} from './policies/traffic-logging.js';
export {
  UnsentBytesBudget,
  type UnsentBytesBudgetOptions,
} from './policies/unsent-bytes-budget.js';
export { WrappingFactory } from './policies/wrapping-factory.js';
export {
  InvalidProxyHeaderError,
  MAX_PROXY_HEADER_BYTES,
  PROXY_HEADER_TIMEOUT_MS,
  type ProxyHeader,
  ProxyHeaderChecksumError,
  type ProxyHeaderExtras,
  type ProxyHeaderOptions,
  ProxyHeaderParser,
  type ProxyHeaderParserOptions,
  ProxyHeaderTimeoutError,
  ProxyHeaderTooLongError,
  ProxyProtocolClientFactory,
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
  type ProxySSL,
  type ProxyTLV,
  type ProxyVersion,
  proxyHeaderOf,
  serializeProxyHeader,
  type TrustedPeers,
  UntrustedProxyError,
} from './protocols/proxy-protocol/index.js';
export {
  type CreateReactorOptions,
  createReactor,
  getReactor,
  installReactor,
} from './reactor/create-reactor.js';
export { SerialPortError } from './stdio/errors.js';
export { openStdio, type StdioOptions, type StdioReactor } from './stdio/open-stdio.js';
export { openSerialPort, type SerialPortOptions } from './stdio/serial-port.js';
export type { StdioTransport } from './stdio/stdio-transport.js';
export type { CooperativeTask } from './task/cooperative-task.js';
export { Cooperator, type CooperatorOptions, type Work } from './task/cooperator.js';
export { deferLater } from './task/defer-later.js';
export {
  ExitError,
  LoopingCallStateError,
  SchedulerStoppedError,
  TaskDoneError,
  TaskFailedError,
  TaskFinishedError,
  TaskStoppedError,
} from './task/errors.js';
export { LoopingCall } from './task/looping-call.js';
export { type ReactOptions, react } from './task/react.js';
export { type TicksOptions, ticks } from './task/ticks.js';
export { TLSClientContext, type TLSClientOptions } from './tls/client-context.js';
export type { TLSOptions } from './tls/context-options.js';
export {
  TLSClientFactory,
  type TLSClientFactoryOptions,
  TLSServerFactory,
} from './tls/factories.js';
export type { TLSIdentities, TLSIdentityOptions } from './tls/identities.js';
export { type ConnectTLSOptions, connectTLS, listenTLS } from './tls/listen-connect.js';
export { TLSServerContext, type TLSServerOptions } from './tls/server-context.js';
