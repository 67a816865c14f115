/** `ropewalk run`: loads a program and runs its services until a signal. */
import { constants } from 'node:os';
import { sep } from 'node:path';

import type { Application } from '../application/application.js';
import { type ApplicationEvent, runApplication } from '../application/run-application.js';
import { Service } from '../application/service.js';
import { SystemdNotifier } from '../application/systemd-notifier.js';
import { RopewalkError } from '../core/errors/base.js';
import { ReactorNotRunningError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import { messageOf } from '../core/text-of.js';
import type { TakenListeners } from '../handover/take-listeners.js';
import { inspected } from '../internal/inspected.js';
import type { Logger } from '../logger/logger.js';
import { createReactor } from '../reactor/create-reactor.js';
import type { BuiltIn } from './built-in.js';
import { useEndpointPlugins } from './plugin-endpoints.js';
import { pluginText } from './plugins.js';
import { RunLog } from './run-log.js';
import { parseRunOptions, RUN_USAGE, type RunOptions } from './run-options.js';
import { PIDFile, PIDFileError } from './run-pid-file.js';
import { servicePlugin } from './run-plugin.js';
import { PortRecorder } from './run-ports.js';
import { dropPrivileges } from './run-privileges.js';
import {
  applicationOf,
  loadProgram,
  type Program,
  reactorOf,
  syntaxErrorIn,
} from './run-program.js';
import { StartTimeoutError, StartWatch } from './run-start.js';
import { Inheritance, Upgrades } from './run-upgrade.js';
import { runInWorkers } from './run-workers.js';
import { UsageError } from './usage-error.js';

const FAILED = 1;
const WRONG_ARGUMENTS = 2;

/**
 * Runs a program until it stops.
 * @param builtIn A program of this package, for a command of its own.
 * @returns 0 for help. Otherwise the process ends, with an exit code or by the signal that stopped the program.
 * @throws UsageError
 */
export async function runRun(args: readonly string[], builtIn?: BuiltIn): Promise<number> {
  const given = parseRunOptions(args, builtIn);
  if (given === undefined) {
    process.stdout.write(builtIn?.usage ?? RUN_USAGE);
    return 0;
  }
  const plugin = servicePlugin(given.file);
  const options = plugin === undefined ? given : { ...given, file: plugin.file };
  useEndpointPlugins(process.cwd());
  if (options.umask !== undefined) process.umask(options.umask);
  const inheritance = new Inheritance(process.env);
  let pidFile: PIDFile | undefined;
  let signal: NodeJS.Signals | undefined;
  using watch = new StartWatch(options, builtIn?.name ?? given.file, () => pidFile?.remove());
  try {
    const program = await loadProgram(options.file);
    checkChoices(options, program);
    // A successor takes over the file when it is ready.
    if (options.pidFile !== undefined && inheritance.path === undefined) {
      pidFile = PIDFile.acquire(options.pidFile);
    }
    const log = new RunLog(options, true);
    if (plugin !== undefined) log.logger.info('plug-in {plugin}', { plugin: pluginText(plugin) });
    if (options.workers > 0) {
      // The workers have the limit.
      watch[Symbol.dispose]();
      signal = await runInWorkers(options, log, () => pidFile?.remove());
    } else {
      const run = new Run(options, inheritance, log, pidFile);
      signal = await run.run(program, watch);
    }
    await log.close();
  } catch (error) {
    const code = reportFailure(error, builtIn?.name ?? options.file);
    pidFile?.remove();
    return await exit(code);
  }
  pidFile?.remove();
  return await exitBy(signal);
}

/** @returns The exit code. */
function reportFailure(error: unknown, name: string): number {
  const wrong = isUsageError(error);
  const text = wrong ? error.message : failureText(error, name);
  process.stderr.write(`ropewalk: ${text}\n`);
  return wrong ? WRONG_ARGUMENTS : FAILED;
}

/** Ends the process by the signal that stopped the program, or with code 0. */
async function exitBy(signal: NodeJS.Signals | undefined): Promise<never> {
  if (signal === undefined) return await exit(0);
  await writtenOut(process.stdout);
  process.kill(process.pid, signal);
  return await exit(128 + constants.signals[signal]);
}

/** Neither timers of the program nor its own handler of a signal keep the process alive. */
async function exit(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) await writtenOut(stream);
  process.exit(code);
}

/** @throws UsageError */
function checkChoices({ file, reactor, workers }: RunOptions, program: Program): void {
  if (typeof program === 'function') return;
  const needs = `needs ${file} to export a function (reactor, arguments)`;
  if (workers > 0) throw new UsageError(`--workers ${needs}`);
  if (reactor !== undefined && reactorOf(program) !== undefined) {
    throw new UsageError(`--reactor ${needs}: the exported application has a reactor`);
  }
}

/** In this process. */
class Run {
  readonly #options: RunOptions;
  readonly #inheritance: Inheritance;
  readonly #log: RunLog;
  readonly #logger: Logger;
  #pidFile: PIDFile | undefined;
  #failure: unknown;

  constructor(
    options: RunOptions,
    inheritance: Inheritance,
    log: RunLog,
    pidFile: PIDFile | undefined,
  ) {
    this.#options = options;
    this.#inheritance = inheritance;
    this.#log = log;
    this.#logger = log.logger;
    this.#pidFile = pidFile;
  }

  /** @returns The signal that stopped it. @throws the error of the start. */
  async run(program: Program, watch: StartWatch): Promise<NodeJS.Signals | undefined> {
    const { reactor: kind } = this.#options;
    const reactor = reactorOf(program) ?? createReactor(kind === undefined ? {} : { kind });
    const taken = await this.#inheritance.take(reactor);
    try {
      return await this.#runOn(reactor, taken, program, watch);
    } finally {
      taken?.[Symbol.dispose]();
      this.#pidFile?.remove();
    }
  }

  async #runOn(
    reactor: Reactor,
    taken: TakenListeners | undefined,
    program: Program,
    watch: StartWatch,
  ): Promise<NodeJS.Signals | undefined> {
    const { file, args, account, drainMs, unreadyMs } = this.#options;
    const recorder = new PortRecorder(reactor, taken);
    const notifier = SystemdNotifier.fromEnvironment(reactor);
    const application = await applicationOf(program, file, reactor, args);
    if (this.#log.hasFile) application.addService(new LogReopening(this.#log));
    const started = (): void => this.#started(reactor, application, recorder, taken, watch);
    using upgrades = new Upgrades(reactor, recorder.ports, this.#inheritance, this.#logger, {
      superseded: (pid) => {
        this.#pidFile?.forget();
        recorder.disown();
        void notifier?.mainProcess(pid);
        stop(reactor);
      },
    });
    watch.loaded((error) => this.#fail(reactor, error));
    using _files = recorder.removingFilesAtExit();
    const { signal, stopError } = await runApplication(application, {
      drainMs,
      unreadyMs,
      notifier,
      ...(account === undefined ? {} : { dropPrivileges: () => dropPrivileges(account) }),
      onEvent: (event) => {
        if (event.type === 'draining') upgrades.stop();
        if (event.type === 'started') started();
        else this.#logEvent(event);
        if (event.type !== 'killed') return;
        recorder.removeFiles();
        this.#pidFile?.remove();
      },
    });
    if (this.#failure !== undefined) throw this.#failure;
    if (stopError !== undefined) this.#logger.failure('while stopping', stopError);
    return signal;
  }

  #started(
    reactor: Reactor,
    application: Application,
    recorder: PortRecorder,
    taken: TakenListeners | undefined,
    watch: StartWatch,
  ): void {
    watch[Symbol.dispose]();
    this.#logStart(application, recorder);
    if (taken !== undefined) void this.#replace(reactor, taken, recorder);
  }

  #fail(reactor: Reactor, error: unknown): void {
    this.#failure = error;
    stop(reactor);
  }

  /** This process has started and is a successor. */
  async #replace(reactor: Reactor, taken: TakenListeners, recorder: PortRecorder): Promise<void> {
    try {
      await taken.ready();
      recorder.own();
      const { pidFile } = this.#options;
      if (pidFile !== undefined) this.#pidFile = PIDFile.takeOver(pidFile);
    } catch (error) {
      this.#fail(reactor, error);
    }
  }

  #logStart(application: Application, { ports }: PortRecorder): void {
    const addresses = Object.values(ports).map((port) => String(port.getHost()));
    this.#logger.info('{name} started, process {pid}, {reactor} reactor; listening: {addresses}', {
      name: application.name,
      pid: process.pid,
      reactor: application.reactor.kind,
      addresses: addresses.join(', ') || 'none',
    });
  }

  #logEvent(event: Exclude<ApplicationEvent, { type: 'started' }>): void {
    if (event.type === 'reloaded') {
      if (event.error === undefined) this.#logger.info('reloaded');
      else this.#logger.error('the reload failed, the program continues');
    } else if (event.type === 'killed') {
      this.#logger.warn('{signal}: ended before the services had stopped', { ...event });
    } else if (event.type === 'draining') {
      const { signal = 'stopping', drainMs } = event;
      this.#logger.info('{signal}: draining for up to {drainMs} ms', { signal, drainMs });
    } else {
      this.#logger.info('stopped: {finished} connections finished, {aborted} aborted', {
        ...event.figures,
        durationMs: Math.round(event.durationMs),
      });
    }
  }
}

/** Opens the log file again at SIGHUP. */
class LogReopening extends Service {
  readonly #log: RunLog;

  constructor(log: RunLog) {
    super();
    this.#log = log;
  }

  reloadService(): void {
    this.#log.reopen();
  }
}

function stop(reactor: Reactor): void {
  try {
    reactor.stop();
  } catch (error) {
    // It is stopping already.
    if (!(error instanceof ReactorNotRunningError)) throw error;
  }
}

/** Errors of worker processes arrive as copies, with the name and the code of their class. */
function isUsageError(error: unknown): error is Error {
  return error instanceof UsageError || (error instanceof Error && error.name === 'UsageError');
}

function isOurs(error: unknown): error is Error {
  if (error instanceof RopewalkError) return true;
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_CANNOT_LISTEN';
}

const MISSING_MODULE: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/** Its message names the module, and the file that imports it; the stack is only that of Node's loader. */
function isMissingModule(error: unknown): boolean {
  return error instanceof Error && MISSING_MODULE.includes((error as NodeJS.ErrnoException).code);
}

function relativePaths(text: string): string {
  return text.replaceAll(`${process.cwd()}${sep}`, '');
}

function failureText(error: unknown, file: string): string {
  if (error instanceof PIDFileError) return error.message;
  if (error instanceof StartTimeoutError) return `cannot start ${file}: ${error.message}`;
  if (error instanceof SyntaxError) {
    return `cannot load ${file}: ${syntaxErrorIn(file) ?? inspected(error)}`;
  }
  if (isOurs(error)) return `cannot start ${file}: ${messageOf(error)}`;
  if (isMissingModule(error)) return `cannot load ${file}: ${relativePaths(messageOf(error))}`;
  return `cannot start ${file}: ${inspected(error)}`;
}

function writtenOut(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
