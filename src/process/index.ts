/** The entry point `ropewalk/process`: runs programs for their output, and keeps programs running. */
export { ProcessFailedError, ProcessOutputLimitError } from './errors.js';
export type {
  MonitoredProcessOptions,
  ProcessEvent,
  ProcessLine,
  ProcessMonitorOptions,
  ProcessState,
} from './monitor-options.js';
export { ProcessMonitor, type ProcessStatus } from './process-monitor.js';
export {
  getProcessOutput,
  getProcessOutputAndValue,
  getProcessValue,
  type ProcessOutput,
  type ProcessOutputOptions,
  type ProcessReactor,
  type RunProcessOptions,
} from './process-result.js';
