/** The entry point `ropewalk/workers`: one service in several threads or processes that share its ports. */
export {
  WorkerExitedError,
  WorkerHungError,
  WorkerModuleError,
  WorkerStartError,
  WorkersStoppedError,
} from './errors.js';
export type { WorkerKind, WorkerReactorOptions } from './messages.js';
export type { RestartOptions } from './restart-delays.js';
export { runWorkers } from './run-workers.js';
export type {
  WorkerContext,
  WorkerCounter,
  WorkerListenOptions,
  WorkerMain,
  WorkerStop,
} from './worker-context.js';
export type { WorkerEvent } from './worker-event.js';
export type {
  GroupMetrics,
  WorkerGroup,
  WorkerMetrics,
  WorkerStopOptions,
} from './worker-group.js';
export type { RunWorkersOptions, WorkerInheritance } from './worker-settings.js';
