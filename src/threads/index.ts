/** The entry point `ropewalk/threads`: functions of modules, called in other threads. */
export type {
  FunctionArguments,
  FunctionName,
  FunctionResult,
  OfferedFunctions,
  ThreadCallOptions,
  ThreadModule,
} from '../core/thread-functions.js';
export type {
  ThreadPoolCall,
  ThreadPoolLike,
  ThreadPoolStatistics,
} from '../core/thread-pool.js';
export {
  callInThread,
  callMultipleInThread,
  deferToThread,
  deferToThreadPool,
} from './defer-to-thread.js';
export {
  NotInThreadError,
  type ThreadEnd,
  ThreadExitedError,
  ThreadFunctionError,
  ThreadMessageError,
  ThreadPoolFullError,
  ThreadPoolStoppedError,
} from './errors.js';
export {
  blockingCallFromThread,
  callFromThread,
  callSignal,
  isCallCancelled,
  withTransfer,
} from './inside.js';
export type { ThreadPoolOptions } from './pool-settings.js';
export { Thread } from './thread.js';
export { type ThreadModuleOptions, threadModule } from './thread-module.js';
export { ThreadPool } from './thread-pool.js';
export type { ThreadOptions } from './thread-settings.js';
