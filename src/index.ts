/** Ropewalk's root door: reactors and the contracts they keep. */

export {
  type Address,
  type AddressType,
  type HostPort,
  IPv4Address,
  IPv6Address,
} from './core/address.js';
export type { Clock, DelayedCall } from './core/clock.js';
export type { Connector } from './core/connector.js';
export type { Descriptor, ReadDescriptor, WriteDescriptor } from './core/descriptor.js';
export {
  AcceptError,
  AddonNotLoadedError,
  AlreadyCalledError,
  AlreadyCancelledError,
  CannotListenError,
  CONNECTION_DONE,
  ConnectBindError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  ConnectionRefusedError,
  ConnectorStateError,
  ConnectTimeoutError,
  DNSLookupError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  LocalProtocolError,
  NoRouteError,
  ProducerRegisteredError,
  ReactorAlreadyRunningError,
  ReactorDisposedError,
  ReactorNotRunningError,
  RemoteProtocolError,
  RopewalkError,
  type SystemError,
  TCPTimedOutError,
  UnsupportedError,
} from './core/errors.js';
export {
  type BuildProtocol,
  ClientFactory,
  type ClientProtocolFactory,
  Factory,
  type FactoryLike,
  type ProtocolFactory,
} from './core/factory.js';
export type { ListeningPort } from './core/listening-port.js';
export type { Consumer, PullProducer, PushProducer } from './core/producer.js';
export { Protocol, type ProtocolHandlers, type StreamProtocol } from './core/protocol.js';
export type { ErrorReporter, Reactor, ReactorStatistics, RunOptions } from './core/reactor.js';
export type { SystemEventPhase, SystemEvents, SystemEventTrigger } from './core/system-event.js';
export type {
  ConnectTCPOptions,
  KeepAliveOptions,
  ListenTCPOptions,
  TCPOptions,
} from './core/tcp-options.js';
export {
  HIGH_WATER_MARK_BYTES,
  LARGE_WRITE_BYTES,
  type TCPTransport,
  type Transport,
} from './core/transport.js';
export { getDebugging, setDebugging } from './defer/debugging.js';
export { type CallbackResult, type Canceller, Deferred } from './defer/deferred.js';
export {
  AllFailedError,
  AlreadyFiredError,
  CancelledError,
  FirstError,
  NotAcquiredError,
  NotAnErrorError,
  NotPausedError,
  QueueOverflowError,
  QueueUnderflowError,
  TimeoutError,
} from './defer/errors.js';
export { type ErrorClass, type ErrorKind, type ErrorOf, Failure } from './defer/failure.js';
export { type Coroutine, ensureDeferred, inlineCallbacks } from './defer/inline-callbacks.js';
export { fail, maybeDeferred, succeed } from './defer/succeed.js';
export {
  reportUnhandledFailures,
  takeUnhandledFailures,
  type UnhandledFailure,
} from './defer/unhandled.js';
export type { ErrorReport } from './internal/error-report.js';
export {
  type CreateReactorOptions,
  createReactor,
  getReactor,
  installReactor,
} from './reactor/create-reactor.js';
