/** Starts the bootstrap program in a thread or a process. Mechanics only: what is said and when is decided elsewhere. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { type FromWorker, fromEnvelope, type ToWorker, toEnvelope } from './messages.js';

/** How a worker ended. */
export interface WorkerEnd {
  /** Null where a signal ended it, or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The exception that ended a thread, or why it could not be started. A process prints its exceptions itself. */
  readonly error: Error | undefined;
}

/** What a running worker tells. */
export interface WorkerListener {
  messageReceived(message: FromWorker): void;
  /** It is gone. Called exactly once, last, and never before the spawner has returned. */
  ended(end: WorkerEnd): void;
}

/** A running worker. */
export interface RunningWorker {
  /** Number of its thread or process; -1 where it could not be started. */
  readonly id: number;
  /** Does nothing where the worker is gone. */
  send(message: ToWorker): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/** Starts a worker. Never throws: what fails is told to `ended`. */
export type Spawn = (index: number, listener: WorkerListener) => RunningWorker;

/** Beside this file, in dist/ as in src/. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const BOOTSTRAP: URL = new URL(`./bootstrap${EXTENSION}`, import.meta.url);

/** @param execArgv Flags of Node for the workers. Default: this process's own. */
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

/** @param execArgv As of {@link threadSpawner}. */
export function processSpawner(execArgv: readonly string[] | undefined): Spawn {
  const flags = execArgv && { execArgv: [...execArgv] };
  return orEnded((_index, listener) => {
    const child = fork(fileURLToPath(BOOTSTRAP), [], { ...flags, serialization: 'advanced' });
    child.on('message', (envelope) => deliver(envelope, listener));
    onceGone(child, (end) => listener.ended(end));
    return {
      id: child.pid ?? -1,
      send: (message) => {
        // What fails, fails because the child is gone: that is told in its own way.
        if (child.connected) child.send(toEnvelope(message) as object, () => {});
      },
      kill: () => void child.kill('SIGKILL'),
    };
  });
}

/** Tells the end of a process, of one that could not be started too. */
function onceGone(child: ChildProcess, ended: (end: WorkerEnd) => void): void {
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
    if (child.pid === undefined) ended({ exitCode: null, signal: null, error });
  });
  child.on('exit', (exitCode, signal) => {
    // Its last messages may still wait in the channel.
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
