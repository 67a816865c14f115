/** Starts the bootstrap program in a thread or a process. Mechanics only: the messages are decided elsewhere. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { type FromWorker, fromEnvelope, type ToWorker, toEnvelope } from './messages.js';
import type { WorkerInheritance } from './worker-settings.js';

/** How a worker ended. */
export interface WorkerEnd {
  /** Null if a signal ended it, or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The exception that ended a thread, or the reason why it could not be started. A process prints its exceptions itself. */
  readonly error: Error | undefined;
}

/** Receives the messages of a running worker. */
export interface WorkerListener {
  messageReceived(message: FromWorker): void;
  /** The worker is gone. Called exactly once, last, and never before the spawner has returned. */
  ended(end: WorkerEnd): void;
}

/** A running worker. */
export interface RunningWorker {
  /** The number of its thread or process; -1 if it could not be started. */
  readonly id: number;
  /** Does nothing if the worker is gone. */
  send(message: ToWorker): void;
  /** Ends the worker immediately, whatever it is doing. */
  kill(): void;
}

/** Starts a worker. Never throws: failures are reported by `ended`. */
export type Spawn = (index: number, listener: WorkerListener) => RunningWorker;

/** Beside this file, in dist/ as well as in src/. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const BOOTSTRAP: URL = new URL(`./bootstrap${EXTENSION}`, import.meta.url);

/** @param execArgv Node's flags for the workers. Default: those of this process. */
export function threadSpawner(execArgv: readonly string[] | undefined): Spawn {
  const flags = execArgv && { execArgv: [...execArgv] };
  return orEnded((index, listener) => {
    const thread = new Worker(BOOTSTRAP, { ...flags, name: `ropewalk worker ${index}` });
    let failure: Error | undefined;
    thread.on('message', (envelope) => deliver(envelope, listener));
    thread.on('error', (error) => {
      failure = error;
    });
    thread.on('exit', (exitCode) => {
      listener.ended({ exitCode, signal: null, error: failure });
    });
    return {
      id: thread.threadId,
      send: (message) => thread.postMessage(toEnvelope(message)),
      kill: () => void thread.terminate(),
    };
  });
}

/** @param execArgv As for {@link threadSpawner}. */
export function processSpawner(
  execArgv: readonly string[] | undefined,
  inherit?: () => WorkerInheritance,
): Spawn {
  const flags = execArgv && { execArgv: [...execArgv] };
  return orEnded((_index, listener) => {
    const { descriptors = [], environment = {} } = inherit?.() ?? {};
    const child = fork(fileURLToPath(BOOTSTRAP), [], {
      ...flags,
      serialization: 'advanced',
      env: { ...process.env, ...environment },
      stdio: ['inherit', 'inherit', 'inherit', ...descriptors, 'ipc'],
    });
    child.on('message', (envelope) => deliver(envelope, listener));
    onceGone(child, (end) => listener.ended(end));
    return {
      id: child.pid ?? -1,
      send: (message) => {
        // Sending fails only because the child is gone, which is reported separately.
        if (child.connected) child.send(toEnvelope(message) as object, () => {});
      },
      kill: () => void child.kill('SIGKILL'),
    };
  });
}

/** Reports the end of a process, also of one that could not be started. */
function onceGone(child: ChildProcess, ended: (end: WorkerEnd) => void): void {
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
    if (child.pid === undefined) ended({ exitCode: null, signal: null, error });
  });
  child.on('exit', (exitCode, signal) => {
    // Its last messages may not have been read from the channel yet.
    const gone = (): void => ended({ exitCode, signal, error: failure });
    if (child.connected) child.once('disconnect', gone);
    else gone();
  });
}

function deliver(envelope: unknown, listener: WorkerListener): void {
  const message = fromEnvelope<FromWorker>(envelope);
  if (message !== undefined) listener.messageReceived(message);
}

function orEnded(spawn: Spawn): Spawn {
  return (index, listener) => {
    try {
      return spawn(index, listener);
    } catch (error) {
      queueMicrotask(() => {
        listener.ended({ exitCode: null, signal: null, error: error as Error });
      });
      return { id: -1, send: () => {}, kill: () => {} };
    }
  };
}
