/** The entry point `ropewalk/process`: runs programs for their output, and keeps programs running. */
export { ProcessFailedError, ProcessOutputLimitError } from './errors.js';
export {
  getProcessOutput,
  getProcessOutputAndValue,
  getProcessValue,
  type ProcessOutput,
  type ProcessOutputOptions,
  type ProcessReactor,
  type RunProcessOptions,
} from './process-result.js';
