/** `ropewalk/testing`: tools for tests of protocols, transports and reactors. */

export { AccumulatingProtocol } from './accumulating-protocol.js';
export { type CaptureLogsOptions, captureLogs, type LogCapture } from './captured-logs.js';
export { checkEachTest, type EachTestOptions, type TestHooks } from './check-each-test.js';
export {
  type AdoptionContractOptions,
  adoptionContract,
} from './contracts/adoption/adoption-contract.js';
export { clockContract } from './contracts/clock/clock-contract.js';
export type { ClockStage, MakeClock } from './contracts/clock/clock-stage.js';
export type { ContractCase, ContractStage } from './contracts/contract-case.js';
export { decoderContract } from './contracts/decoder/decoder-contract.js';
export type {
  DecoderContractOptions,
  PullDecoder,
  RefusedInput,
  UnendingInput,
} from './contracts/decoder/pull-decoder.js';
export {
  type DescriptorsContractOptions,
  descriptorsContract,
} from './contracts/descriptors/descriptors-contract.js';
export { type PipeContractOptions, pipeContract } from './contracts/pipes/pipe-contract.js';
export {
  type ProcessContractOptions,
  processContract,
} from './contracts/processes/process-contract.js';
export {
  type PubSubContractOptions,
  pubSubContract,
} from './contracts/pubsub/pubsub-contract.js';
export type { MakePubSubStage, PubSubStage } from './contracts/pubsub/pubsub-stage.js';
export { introspectionContract } from './contracts/reactor/introspection-contract.js';
export { lifeContract } from './contracts/reactor/life-contract.js';
export { namesContract } from './contracts/reactor/names-contract.js';
export { reactorContract } from './contracts/reactor/reactor-contract.js';
export {
  clocksOver,
  inRealTime,
  type MakeReactorStage,
  pairsOver,
  type ReactorStage,
  type RealTimeOptions,
} from './contracts/reactor/reactor-stage.js';
export { tcpContract } from './contracts/reactor/tcp-contract.js';
export { threadPoolContract } from './contracts/reactor/thread-pool-contract.js';
export { threadsContract } from './contracts/reactor/threads-contract.js';
export type { MakePair, TransportContractOptions } from './contracts/transport/scene.js';
export { transportContract } from './contracts/transport/transport-contract.js';
export { udpContract } from './contracts/udp/udp-contract.js';
export type { UDPContractOptions } from './contracts/udp/udp-scene.js';
export { type UNIXContractOptions, unixContract } from './contracts/unix/unix-contract.js';
export {
  type UNIXDatagramContractOptions,
  unixDatagramContract,
} from './contracts/unix-datagram/unix-datagram-contract.js';
export { assertNoResult, failureResultOf, successResultOf } from './deferred-results.js';
export { everySplit } from './every-split.js';
export {
  FileWrapper,
  type FileWrapperOptions,
  type WritableFile,
} from './file-wrapper.js';
export { IOPump, type JoinOptions, joinProtocols } from './io-pump.js';
export {
  captureLoggedErrors,
  flushLoggedErrors,
  type LoggedError,
  type LoggedErrorCapture,
} from './logged-errors.js';
export {
  type LoopbackAsyncOptions,
  type LoopbackTCPOptions,
  loopbackAsync,
  loopbackTCP,
  loopbackUNIX,
} from './loopback.js';
export type { LoopbackReasons } from './loopback-ends.js';
export { ManualClock } from './manual-clock.js';
export type { SentDatagram } from './memory-datagram-socket.js';
export { MemoryReactor, type MemoryReactorOptions } from './memory-reactor.js';
export type {
  MemoryClient,
  MemoryServer,
  MemoryTCPClient,
  MemoryTCPServer,
  MemoryUDPPort,
  MemoryUNIXClient,
  MemoryUNIXServer,
} from './memory-records.js';
export { MemoryTransport, type MemoryTransportOptions } from './memory-transport.js';
export { collapsingPumpPolicy, identityPumpPolicy, type PumpPolicy } from './pump-policy.js';
export {
  RaisingMemoryReactor,
  type RaisingMemoryReactorOptions,
} from './raising-memory-reactor.js';
export {
  leaveReactorAlone,
  type ReactorLeak,
  ReactorWatch,
  type WatchedReactor,
} from './reactor-watch.js';
export type { SimulatedConnection } from './simulation/connection.js';
export type { Until } from './simulation/driver.js';
export {
  SimulationLimitError,
  SimulationStuckError,
  TestTransportStateError,
} from './simulation/errors.js';
export {
  CALM,
  CHOPPY,
  type MillisecondRange,
  type SimulationFaults,
  STORMY,
} from './simulation/faults.js';
export { SeededRandom } from './simulation/random.js';
export {
  type Scenario,
  type SimulateOptions,
  SimulationFailedError,
  simulate,
} from './simulation/simulate.js';
export type { SimulatedReactor } from './simulation/simulated-reactor.js';
export { Simulation, type SimulationOptions } from './simulation/simulation.js';
export type { Trace, TraceLevel } from './simulation/trace.js';
export {
  type DialogueRunOptions,
  type EventsRunOptions,
  runTranscript,
} from './transcripts/run-transcript.js';
export {
  type DialogueTranscript,
  type EventsTranscript,
  parseTranscripts,
  readTranscripts,
  type Transcript,
  TranscriptSyntaxError,
} from './transcripts/transcript.js';
export { type Leftovers, UncleanTestError } from './unclean-test-error.js';
