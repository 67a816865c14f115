/** The options of processes, threads and workers. */
import { serveUpgradable, takeListeners } from '../../src/handover/index.js';
import {
  createReactor,
  ProcessEndpoint,
  ProcessProtocol,
  Protocol,
  type Reactor,
} from '../../src/index.js';
import {
  getProcessOutput,
  getProcessOutputAndValue,
  getProcessValue,
  ProcessMonitor,
} from '../../src/process/index.js';
import { ChildProcess } from '../../src/reactor/processes/child-process.js';
import { Thread, ThreadPool, threadModule } from '../../src/threads/index.js';
import { runWorkers } from '../../src/workers/index.js';
import { SharedPorts } from '../../src/workers/shared-ports.js';
import { WorkerGroup } from '../../src/workers/worker-group.js';
import { and, type Call, memory } from './option-calls.js';

const spawned = (options: (o: never) => object): Call =>
  memory((reactor, o) => reactor.spawnProcess(new ProcessProtocol(), '/x', options(o)));

/** A process that was not started. */
const child = (): ChildProcess =>
  new ChildProcess({} as never, {} as never, {} as never, new ProcessProtocol(), () => {});

/** Nothing is called in it. */
const thread = new Thread({ execArgv: ['--none'] });

const sharedPorts = (reactor: Reactor): SharedPorts =>
  new SharedPorts(reactor, { ports: {}, claimPorts: false, workers: 1 } as never, () => {});

export const PROCESS_CALLS: Readonly<Record<string, readonly Call[]>> = {
  RestartOptions: [(restart) => runWorkers('/m.js', { restart })],
  RunWorkersOptions: [(o) => runWorkers('/m.js', o)],
  MonitoredProcessOptions: [memory((r, o) => new ProcessMonitor(r).addProcess('x', '/x', o))],
  ProcessEndpointOptions: [memory((reactor, o) => new ProcessEndpoint(reactor, '/x', o))],
  ProcessMonitorOptions: [memory((reactor, o) => new ProcessMonitor(reactor, o))],
  ProcessOutputOptions: [memory((reactor, o) => getProcessOutput(reactor, '/x', o))],
  PtyOptions: [spawned((pty) => ({ pty }))],
  ResourceLimits: [spawned((limits) => ({ limits }))],
  RunProcessOptions: [
    memory((reactor, o) => getProcessValue(reactor, '/x', o)),
    memory((reactor, o) => getProcessOutputAndValue(reactor, '/x', o)),
  ],
  SignalOptions: [(o) => child().signalProcess('SIGTERM', o)],
  SpawnOptions: [memory((reactor, o) => reactor.spawnProcess(new ProcessProtocol(), '/x', o))],
  TerminalSize: [(o) => child().setTerminalSize(and(o, { columns: 1, rows: 1 }))],
  TakeListenersOptions: [memory((reactor, o) => takeListeners(reactor, '/x', o))],
  ThreadCallOptions: [(o) => thread.call(new URL('file:///m.js'), 'f', [], o)],
  ThreadModuleOptions: [(o) => threadModule('/m.js', o)],
  ThreadOptions: [(o) => new Thread(o)],
  ThreadPoolOptions: [
    (o) => new ThreadPool(o),
    (threadPool) => createReactor({ kind: 'node', threadPool }),
  ],
  UpgradableOptions: [memory((reactor, o) => serveUpgradable(reactor, '/x', {}, o))],
  WorkerListenOptions: [memory((reactor, o) => sharedPorts(reactor).listenTCP(0, Protocol, o))],
  WorkerReactorOptions: [(reactor) => runWorkers('/m.js', { reactor })],
  WorkerStopOptions: [(o) => WorkerGroup.prototype.stop.call({} as WorkerGroup, o)],
};
