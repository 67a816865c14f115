/** Runs programs for their output or exit code. */
import type { Clock } from '../core/clock.js';
import {
  type ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
  ProcessTerminated,
} from '../core/errors/processes.js';
import { ProcessProtocol } from '../core/process.js';
import type { ReactorProcesses } from '../core/reactor-processes.js';
import { Deferred } from '../defer/deferred.js';
import {
  checkAbortSignal,
  checkBoolean,
  checkData,
  checkInteger,
  checkMilliseconds,
  checkReactorWith,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { leadsGroup, PROGRAM_OPTIONS, type ProgramOptions } from '../internal/program-options.js';
import { ProcessFailedError, ProcessOutputLimitError } from './errors.js';

/** The facets of a reactor that run programs. */
export type ProcessReactor = Clock & ReactorProcesses;

export interface RunProcessOptions extends ProgramOptions {
  /** Written to the standard input, which then ends. Default nothing. */
  readonly input?: Uint8Array | string;
  /** Limit of both outputs together; a program that writes more is killed. Default 16 MiB. */
  readonly maxBytes?: number;
  /** A program that has not ended after this time is killed. Default no limit. */
  readonly timeoutMs?: number;
  /** Kills the program when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface ProcessOutputOptions extends RunProcessOptions {
  /** Whether the standard error output is part of the result, in the order in which both arrive. Default false. */
  readonly errorToo?: boolean;
}

/** Both outputs of a program that exited. */
export interface ProcessOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Its exit code. */
  readonly exitCode: number;
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

const OPTIONS: OptionNames<RunProcessOptions> = {
  ...PROGRAM_OPTIONS,
  input: true,
  maxBytes: true,
  timeoutMs: true,
  signal: true,
};
const OUTPUT_OPTIONS: OptionNames<ProcessOutputOptions> = { ...OPTIONS, errorToo: true };

/**
 * Runs a program and fires with its standard output. Cancelling the Deferred kills the program, and its process group if it was
 * started with one of its own.
 *
 * The Deferred fires when the program has exited and its outputs are closed. It fails with
 *
 * - ProcessFailedError: it did not exit with code 0;
 * - ProcessOutputLimitError: it wrote more than `maxBytes`;
 * - TimeoutError: `timeoutMs` has passed;
 * - CancelledError: it was cancelled, or `signal` was aborted.
 *
 * @throws SpawnError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 * @example const commit = await getProcessOutput(reactor, 'git', { args: ['rev-parse', 'HEAD'], env: null });
 */
export function getProcessOutput(
  reactor: ProcessReactor,
  executable: string,
  options: ProcessOutputOptions = {},
): Deferred<Buffer> {
  checkOptions('getProcessOutput', options, OUTPUT_OPTIONS);
  const { errorToo = false, ...others } = options;
  checkBoolean('errorToo', errorToo);
  return run(reactor, executable, others, errorToo, (ended) => {
    if (ended.reason instanceof ProcessDone) return ended.stdout;
    throw ended.failed();
  });
}

/**
 * Runs a program and fires with its exit code; what it writes is dropped. Fails as {@link getProcessOutput} does, and with a
 * ProcessFailedError only if a signal ended it.
 * @throws as getProcessOutput
 */
export function getProcessValue(
  reactor: ProcessReactor,
  executable: string,
  options: RunProcessOptions = {},
): Deferred<number> {
  checkOptions('getProcessValue', options, OPTIONS);
  return run(reactor, executable, options, 'drop', (ended) => ended.exitCode);
}

/**
 * Runs a program and fires with its outputs and exit code. Fails as {@link getProcessOutput} does, and with a ProcessFailedError
 * only if a signal ended it.
 * @throws as getProcessOutput
 */
export function getProcessOutputAndValue(
  reactor: ProcessReactor,
  executable: string,
  options: RunProcessOptions = {},
): Deferred<ProcessOutput> {
  checkOptions('getProcessOutputAndValue', options, OPTIONS);
  return run(reactor, executable, options, false, (ended) => {
    const { stdout, stderr, exitCode } = ended;
    return { stdout, stderr, exitCode };
  });
}

/** How the two outputs are kept: apart, as one, or not at all. */
type Keeping = boolean | 'drop';

function run<T>(
  reactor: ProcessReactor,
  executable: string,
  options: RunProcessOptions,
  keeping: Keeping,
  resultOf: (ended: CollectedOutput) => T,
): Deferred<T> {
  checkReactorWith('spawnProcess', reactor);
  const { input, maxBytes = DEFAULT_MAX_BYTES, timeoutMs, signal, ...spawning } = options;
  if (input !== undefined) checkData(input);
  checkInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
  // Checked before the start: an error would leave the program running.
  if (timeoutMs !== undefined) checkMilliseconds('timeoutMs', timeoutMs);
  if (signal !== undefined) checkAbortSignal('signal', signal);
  const output = new CollectedOutput(executable, maxBytes, keeping, leadsGroup(spawning));
  const reads = keeping === 'drop' ? 'ignore' : 'r';
  const result = output.ended.addCallback(() => resultOf(output));
  reactor.spawnProcess(output, executable, {
    ...spawning,
    childDescriptors: { 0: input === undefined ? 'ignore' : 'w', 1: reads, 2: reads },
  });
  if (input !== undefined) {
    output.transport.write(input);
    output.transport.closeStdin();
  }
  if (timeoutMs !== undefined) result.addTimeout(timeoutMs, reactor);
  if (signal !== undefined) result.cancelOn(signal);
  return result;
}

/** Collects the output of a program, up to a limit. */
class CollectedOutput extends ProcessProtocol {
  readonly ended: Deferred<void> = new Deferred(() => this.kill());
  readonly #executable: string;
  readonly #maxBytes: number;
  readonly #keeping: Keeping;
  readonly #leadsGroup: boolean;
  readonly #parts: [out: Buffer[], err: Buffer[]] = [[], []];
  #bytes = 0;
  #reason: ProcessClosed = new ProcessDone();

  constructor(executable: string, maxBytes: number, keeping: Keeping, leadsGroup: boolean) {
    super();
    this.#executable = executable;
    this.#maxBytes = maxBytes;
    this.#keeping = keeping;
    this.#leadsGroup = leadsGroup;
  }

  get reason(): ProcessClosed {
    return this.#reason;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#parts[0]);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#parts[1]);
  }

  /** @throws ProcessFailedError a signal ended it */
  get exitCode(): number {
    const reason = this.#reason;
    if (reason instanceof ProcessDone) return 0;
    if (reason instanceof ProcessTerminated && reason.exitCode !== undefined)
      return reason.exitCode;
    throw this.failed();
  }

  failed(): ProcessFailedError {
    return new ProcessFailedError(this.#executable, this.#reason, this.stdout, this.stderr);
  }

  override childDataReceived(number: number, data: Buffer): void {
    if (this.ended.fired) return;
    this.#bytes += data.length;
    if (this.#bytes > this.#maxBytes) {
      this.kill();
      this.ended.errback(new ProcessOutputLimitError(this.#executable, this.#maxBytes));
      return;
    }
    this.#parts[number === 2 && this.#keeping === false ? 1 : 0].push(data);
  }

  override processEnded(reason: ProcessClosed): void {
    this.#reason = reason;
    if (!this.ended.fired) this.ended.callback();
  }

  /** Its pipes are closed too: a grandchild may hold them open. */
  kill(): void {
    try {
      this.transport.signalProcess('SIGKILL', { group: this.#leadsGroup });
    } catch (error) {
      if (!(error instanceof ProcessExitedAlreadyError)) throw error;
    }
    for (const number of [0, 1, 2]) this.transport.pipe(number)?.abortConnection();
  }
}
