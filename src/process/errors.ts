/** Errors of programs that are run for their output or exit code. */
import { RopewalkError } from '../core/errors/base.js';
import type { ProcessClosed } from '../core/errors/processes.js';

/** The program failed: it did not exit with code 0. `cause` is its {@link ProcessTerminated}. */
export class ProcessFailedError extends RopewalkError {
  override readonly name = 'ProcessFailedError';
  override readonly code = 'ERR_PROCESS_FAILED';
  readonly executable: string;
  /** Its output. */
  readonly stdout!: Buffer;
  readonly stderr!: Buffer;

  constructor(executable: string, cause: ProcessClosed, stdout: Buffer, stderr: Buffer) {
    const line = firstLine(stderr);
    super(`${JSON.stringify(executable)}: ${cause.message}${line && `: ${line}`}`, { cause });
    this.executable = executable;
    // An error that is printed would show the bytes.
    Object.defineProperty(this, 'stdout', { value: stdout, enumerable: false });
    Object.defineProperty(this, 'stderr', { value: stderr, enumerable: false });
  }
}

/** The program wrote more than `maxBytes`, and was killed. */
export class ProcessOutputLimitError extends RopewalkError {
  override readonly name = 'ProcessOutputLimitError';
  override readonly code = 'ERR_PROCESS_OUTPUT_LIMIT';
  readonly executable: string;
  /** The option that was exceeded. */
  readonly option = 'maxBytes';
  /** Its value in bytes. */
  readonly limit: number;

  constructor(executable: string, limit: number) {
    super(`${JSON.stringify(executable)} wrote more than ${limit} bytes and was killed`);
    this.executable = executable;
    this.limit = limit;
  }
}

const MAX_SHOWN = 200;

/** Control characters are removed: the text comes from another program, and is shown in terminals and logs. */
function firstLine(bytes: Buffer): string {
  const [line = ''] = bytes.toString('utf8', 0, MAX_SHOWN).trimStart().split('\n', 1);
  return line.replace(/\p{Cc}/gu, '').trim();
}
