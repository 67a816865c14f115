/** The options of ropewalk/testing: see unknown-options.test.ts. */
import { Protocol } from '../../src/index.js';
import { MockAgent, type MockRoute } from '../../src/testing/http.js';
import {
  adoptionContract,
  captureLogs,
  checkEachTest,
  decoderContract,
  descriptorsContract,
  FileWrapper,
  inRealTime,
  joinProtocols,
  loopbackAsync,
  loopbackTCP,
  ManualClock,
  MemoryReactor,
  MemoryTransport,
  pairsOver,
  parseTranscripts,
  pipeContract,
  processContract,
  pubSubContract,
  RaisingMemoryReactor,
  runTranscript,
  Simulation,
  simulate,
  type Transcript,
  transportContract,
  udpContract,
  unixContract,
  unixDatagramContract,
} from '../../src/testing/index.js';
import { and, type Call, memory } from './option-calls.js';

const WIRE = ['## Nothing', '```wire', '', '```', '```events', '```'].join('\n');
const DIALOGUE = ['## Hello', '```dialogue', 'S: hello', '```'].join('\n');

const transcriptOf = (text: string): Transcript => {
  const [transcript] = parseTranscripts(text, 'made-up.md');
  if (transcript === undefined) throw new Error('no transcript');
  return transcript;
};

const clock = new ManualClock();

const route = (): MockRoute => new MockAgent(clock).on('GET', 'http://a/');

/** Of each options type of ropewalk/testing, all calls that take it. */
export const TESTING_CALLS: Readonly<Record<string, readonly Call[]>> = {
  AdoptionContractOptions: [
    (o) =>
      adoptionContract(
        inRealTime(() => new MemoryReactor()),
        () => new MemoryReactor(),
        o,
      ),
  ],
  MockAgentOptions: [(o) => new MockAgent(clock, o)],
  MockReply: [
    async (o) => {
      const agent = new MockAgent(clock);
      agent.on('GET', 'http://a/').reply(() => o);
      await agent.get('http://a/');
    },
  ],
  MockFault: [(o) => route().reset(o), (o) => route().stall(o)],
  CaptureLogsOptions: [(o) => captureLogs(o)],
  PipeContractOptions: [
    (o) =>
      pipeContract(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
  PubSubContractOptions: [(o) => pubSubContract(() => undefined as never, o)],
  ProcessContractOptions: [
    (o) =>
      processContract(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
  UDPContractOptions: [
    (o) =>
      udpContract(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
  DecoderContractOptions: [(o) => decoderContract(o)],
  DescriptorsContractOptions: [
    (o) =>
      descriptorsContract(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
  DialogueRunOptions: [
    (o) => {
      const protocol = (): Protocol => new Protocol();
      return runTranscript(transcriptOf(DIALOGUE), and(o, { side: 'client', protocol }));
    },
  ],
  EachTestOptions: [(o) => checkEachTest({ beforeEach() {}, afterEach() {} }, o)],
  EventsRunOptions: [(o) => runTranscript(transcriptOf(WIRE), and(o, { decode: () => [] }))],
  FileWrapperOptions: [(o) => new FileWrapper({ write() {}, end() {} } as never, o)],
  JoinOptions: [(o) => joinProtocols(new Protocol(), new Protocol(), o)],
  LoopbackAsyncOptions: [(o) => loopbackAsync(clock, new Protocol(), new Protocol(), o)],
  LoopbackTCPOptions: [
    memory((reactor, o) => loopbackTCP(reactor, new Protocol(), new Protocol(), o)),
  ],
  MemoryReactorOptions: [(o) => new MemoryReactor(o)],
  MemoryTransportOptions: [(o) => new MemoryTransport(o)],
  'MemoryUDPPort.receive': [
    memory((reactor, o) => {
      reactor.listenUDP(0, () => {});
      reactor.udpPorts[0]?.receive('x', undefined, o);
    }),
  ],
  PairOptions: [
    (o) =>
      pairsOver(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
  RaisingMemoryReactorOptions: [(o) => new RaisingMemoryReactor(o)],
  RealTimeOptions: [(o) => inRealTime(() => new MemoryReactor(), o)],
  SimulateOptions: [(o) => simulate(() => {}, o)],
  SimulationFaults: [
    (faults) => new Simulation({ faults }),
    (faults) => simulate(() => {}, { runs: 1, faults }),
  ],
  SimulationOptions: [(o) => new Simulation(o)],
  TransportContractOptions: [
    (o) => transportContract(pairsOver(inRealTime(() => new MemoryReactor())), o),
  ],
  UNIXDatagramContractOptions: [
    (o) =>
      unixDatagramContract(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
  UNIXContractOptions: [
    (o) =>
      unixContract(
        inRealTime(() => new MemoryReactor()),
        o,
      ),
  ],
};
