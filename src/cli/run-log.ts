/** The log of `ropewalk run`: events of the program and of the package, as text or JSON. */
import { messageOf } from '../core/text-of.js';
import { type ErrorReport, errorChannel } from '../internal/error-report.js';
import { LogEventsDroppedError, LogNotWrittenError } from '../logger/errors.js';
import { globalLogBeginner } from '../logger/global.js';
import { jsonLinesObserver } from '../logger/json-lines.js';
import { LogFile } from '../logger/log-file.js';
import { Logger } from '../logger/logger.js';
import { logReportedErrors } from '../logger/reported-errors.js';
import { textObserver } from '../logger/text-observer.js';
import type { RunOptions } from './run-options.js';

export type LogChoices = Pick<RunOptions, 'logFormat' | 'logFile'>;

export class RunLog {
  readonly logger: Logger = new Logger({ namespace: 'ropewalk.run' });
  readonly #file: LogFile | undefined;

  /** Begins to log. @param reports Whether errors that the package reports are logged too; workers pass them to their parent. */
  constructor({ logFormat, logFile }: LogChoices, reports: boolean) {
    this.#file = logFile === undefined ? undefined : new LogFile(logFile);
    const sink = this.#file ?? process.stdout;
    const observer = logFormat === 'json' ? jsonLinesObserver(sink) : textObserver(sink);
    globalLogBeginner.beginLoggingTo([observer]);
    if (this.#file !== undefined) errorChannel.subscribe(printLogErrors);
    if (reports) logReportedErrors();
  }

  /** A program that rotates log files has renamed it. */
  reopen(): void {
    this.#file?.reopen();
  }

  get hasFile(): boolean {
    return this.#file !== undefined;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** A full disk cannot be reported in the log that it concerns. */
function printLogErrors(message: unknown): void {
  const { error } = message as ErrorReport;
  if (!(error instanceof LogNotWrittenError || error instanceof LogEventsDroppedError)) return;
  process.stderr.write(`ropewalk: ${messageOf(error)}\n`);
}
