/** The entry point `ropewalk/threads`: functions of modules, called in other threads. */
export type { OfferedFunctions, ThreadCallOptions } from './call-options.js';
export {
  NotInThreadError,
  type ThreadEnd,
  ThreadExitedError,
  ThreadFunctionError,
  ThreadMessageError,
} from './errors.js';
export {
  blockingCallFromThread,
  callFromThread,
  callSignal,
  isCallCancelled,
  withTransfer,
} from './inside.js';
export { Thread } from './thread.js';
export {
  type FunctionArguments,
  type FunctionName,
  type FunctionResult,
  ThreadModule,
  type ThreadModuleOptions,
  threadModule,
} from './thread-module.js';
export type { ThreadOptions } from './thread-settings.js';
