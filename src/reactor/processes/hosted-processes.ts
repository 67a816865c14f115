/** {@link ReactorProcesses} over the processes of any implementation that can start them. */
import { constants } from 'node:os';

import type { SystemError } from '../../core/errors/base.js';
import { SpawnError } from '../../core/errors/processes.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ProcessProtocolLike, ProcessTransport } from '../../core/process.js';
import type { ReactorProcesses } from '../../core/reactor-processes.js';
import type { SpawnOptions } from '../../core/spawn-options.js';
import type { StreamReactor } from '../streams/stream-reactor.js';
import { ChildProcess } from './child-process.js';
import type { ChildProcesses, StartedChild } from './child-processes.js';
import { toProcessReceiver } from './process-receiver.js';
import { type SpawnSettings, spawnSettings } from './spawn-settings.js';

export class HostedProcesses implements ReactorProcesses {
  readonly #reactor: StreamReactor;
  readonly #processes: ChildProcesses | undefined;
  readonly #running = new Set<ChildProcess>();

  constructor(reactor: StreamReactor, processes: ChildProcesses | undefined) {
    this.#reactor = reactor;
    this.#processes = processes;
  }

  /** Processes whose `processEnded` has not been called. */
  get running(): ReadonlySet<ChildProcess> {
    return this.#running;
  }

  spawnProcess(
    protocol: ProcessProtocolLike,
    executable: string,
    options: SpawnOptions = {},
  ): ProcessTransport {
    this.#reactor.checkOpen();
    const receiver = toProcessReceiver(protocol);
    const settings = spawnSettings(executable, options);
    const child = this.#start(settings);
    const process = new ChildProcess(this.#reactor, child, settings, receiver, (ended) =>
      this.#running.delete(ended),
    );
    try {
      process.start();
    } catch (cause) {
      giveUp(child);
      throw spawnError(settings, cause as SystemError);
    }
    this.#running.add(process);
    return process;
  }

  #start(settings: SpawnSettings): StartedChild {
    if (this.#processes === undefined) {
      throw new UnsupportedError('spawnProcess', 'this reactor starts no processes');
    }
    try {
      return this.#processes.start(settings);
    } catch (error) {
      if (error instanceof UnsupportedError) throw error;
      throw spawnError(settings, error as SystemError);
    }
  }
}

/** The process runs, but this process has no room for its pipes. */
function giveUp(child: StartedChild): void {
  for (const pipe of child.pipes) pipe.discard();
  try {
    child.signal(constants.signals.SIGKILL);
  } catch {
    // It has ended, or changed its user.
  }
  child.abandon();
}

function spawnError(settings: SpawnSettings, cause: SystemError): SpawnError {
  return new SpawnError(settings.executable, explain(settings, cause), { cause });
}

/** A command line in place of a program. */
function hasArguments({ executable }: SpawnSettings): boolean {
  return executable.trim().includes(' ');
}

function explain(settings: SpawnSettings, { code, syscall, message }: SystemError): string {
  if (syscall === 'chdir')
    return `its working directory ${JSON.stringify(settings.cwd)}: ${message}`;
  if (syscall !== 'execve' && !syscall?.startsWith('spawn')) return message;
  if (code === 'ENOENT') {
    return settings.executable.includes('/')
      ? `${message}; a script also needs the interpreter of its first line`
      : `${message} in PATH${hasArguments(settings) ? ': arguments belong in args, and no shell is involved' : ''}`;
  }
  if (code === 'E2BIG') return `${message}: args and env are too long together`;
  if (code === 'ENOEXEC') return `${message}; a script needs a first line such as #!/bin/sh`;
  return message;
}
