/** Child processes of the pure-JS reactor, and of every reactor on Windows: those of `node:child_process`. */
import { ChildProcess as NodeChildProcess } from 'node:child_process';
import { accessSync, constants as fileModes, statSync } from 'node:fs';
import { constants } from 'node:os';

import { PipeAddress } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { WINDOWS } from '../../internal/platform.js';
import { systemError } from '../../internal/system-error.js';
import type { ChildPipe, ChildProcesses, StartedChild } from '../processes/child-processes.js';
import { candidates } from '../processes/search-path.js';
import type { DescriptorSource, SpawnSettings } from '../processes/spawn-settings.js';
import type { OwnedSocket } from './owned-socket.js';
import { NodePipeTransport } from './pipe-transport.js';
import { receiveFrom } from './socket.js';
import type { NodeSockets } from './sockets.js';

/**
 * The method that `spawn` calls. It returns libuv's number for a refusal, which `spawn` only reports in a later turn.
 * `ChildProcess` is documented, its method is not.
 */
interface Spawnable {
  spawn(options: {
    file: string;
    args: readonly string[];
    envPairs: readonly string[];
    cwd: string | undefined;
    detached: boolean;
    uid: number | undefined;
    gid: number | undefined;
    stdio: readonly StdioEntry[];
    windowsHide: boolean;
  }): number;
}

/** `spawn` replaces `pipe` in its options by the handle of a pipe. */
type StdioEntry = 'pipe' | 'ignore' | number | { readonly handle?: { close(): void } };

/** SIGINT, SIGQUIT, SIGKILL, SIGTERM, and the check whether there is a process. Node ends it for any signal. */
const WINDOWS_SIGNALS = [0, 2, 3, 9, 15];
const NO_TERMINAL = 'Node has no pseudo-terminals: use the native reactor';

export function nodeProcesses(sockets: NodeSockets): ChildProcesses {
  return { start: (settings) => sockets.runAtRoot(() => start(sockets, settings)) };
}

function start(sockets: NodeSockets, settings: SpawnSettings): StartedChild {
  checkSupported(settings);
  checkDirectory(settings.cwd);
  const child = new NodeChildProcess();
  // It also reports a refusal as an event.
  child.on('error', () => {});
  const options = {
    file: WINDOWS ? settings.executable : findExecutable(settings),
    args: settings.argv,
    envPairs: settings.env,
    cwd: settings.cwd,
    detached: settings.session,
    uid: signed(settings.uid),
    gid: signed(settings.gid),
    stdio: stdioOf(settings),
    windowsHide: true,
  };
  const status = (child as unknown as Spawnable).spawn(options);
  if (status !== 0 || child.pid === undefined) {
    const error = systemError('spawn', -status);
    // In these cases Node leaves the pipes open.
    if (error.code === 'EMFILE' || error.code === 'ENFILE') closePipes(options.stdio);
    throw error;
  }
  const pipes = settings.descriptors.flatMap(([number, source]) =>
    source === 'r' || source === 'w' ? [childPipe(sockets, settings, child, number, source)] : [],
  );
  return startedChild(child, child.pid, pipes);
}

/** @throws UnsupportedError */
function checkSupported(settings: SpawnSettings): void {
  const refuse = (feature: string, why: string): never => {
    throw new UnsupportedError(feature, why);
  };
  if (settings.terminal !== undefined) refuse('pty', NO_TERMINAL);
  if (settings.umask !== undefined) refuse('umask', 'Node cannot set it for a child');
  if (settings.groups !== undefined) refuse('groups', 'Node cannot set them for a child');
  if (WINDOWS && settings.session) refuse('session', 'Windows has none, and no process groups');
  if (settings.processGroup !== undefined) {
    refuse('processGroup', 'Node only begins sessions, each of which is a process group');
  }
  if (Object.values(settings.limits).some((limit) => limit !== undefined)) {
    refuse('limits', 'Node cannot set them for a child');
  }
}

/** Node ends the process if a number of a user or group is not a 32-bit signed integer, and then uses it as an unsigned one. */
function signed(id: number | undefined): number | undefined {
  return id === undefined ? undefined : id | 0;
}

function closePipes(stdio: readonly StdioEntry[]): void {
  for (const entry of stdio) {
    if (typeof entry === 'object') entry.handle?.close();
  }
}

function stdioOf({ descriptors }: SpawnSettings): StdioEntry[] {
  const stdio: StdioEntry[] = [];
  for (const [number, source] of descriptors) {
    while (stdio.length < number) stdio.push('ignore');
    stdio.push(source === 'r' || source === 'w' ? 'pipe' : source);
  }
  return stdio;
}

/** libuv would not tell whether the program or its directory is missing. @throws SystemError ENOENT, ENOTDIR */
function checkDirectory(cwd: string | undefined): void {
  if (cwd === undefined) return;
  const stats = statSync(cwd, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) {
    throw systemError('chdir', stats === undefined ? 'ENOENT' : 'ENOTDIR');
  }
}

/** libuv would search in the child's PATH only. @throws SystemError ENOENT, EACCES */
function findExecutable({ executable, env }: SpawnSettings): string {
  if (executable.includes('/')) return executable;
  let forbidden = false;
  for (const file of candidates(executable, env)) {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    try {
      accessSync(file, fileModes.X_OK);
      return file;
    } catch {
      forbidden = true;
    }
  }
  throw systemError('spawn', forbidden ? 'EACCES' : 'ENOENT');
}

function childPipe(
  sockets: NodeSockets,
  settings: SpawnSettings,
  child: NodeChildProcess,
  number: number,
  source: Exclude<DescriptorSource, number>,
): ChildPipe {
  const socket = child.stdio[number] as unknown as OwnedSocket;
  const direction = source === 'w' ? 'write' : 'read';
  const address = new PipeAddress(`${settings.executable}[${child.pid}] fd ${number}`);
  return {
    number,
    direction,
    open: (owner) => new NodePipeTransport(sockets, owner, receiveFrom(socket), address, direction),
    discard: () => socket.destroy(),
  };
}

function startedChild(
  child: NodeChildProcess,
  pid: number,
  pipes: readonly ChildPipe[],
): StartedChild {
  const noTerminal = (): never => {
    throw new UnsupportedError('pty', NO_TERMINAL);
  };
  return {
    pid,
    pipes,
    onExit: (exited) => {
      child.on('exit', (code, signal) =>
        exited(code ?? -1, signal === null ? 0 : (constants.signals[signal] ?? 0)),
      );
    },
    signal: (signal) => {
      if (WINDOWS && !WINDOWS_SIGNALS.includes(signal)) {
        const why = 'Windows only ends processes: SIGTERM, SIGKILL, SIGINT or SIGQUIT';
        throw new UnsupportedError(`signal ${signal}`, why);
      }
      // Unlike process.kill, it never signals another process that got the number meanwhile.
      if (!child.kill(signal)) throw systemError('kill', 'ESRCH');
    },
    abandon: () => {
      child.removeAllListeners('exit');
      child.unref();
    },
    getTerminalSize: noTerminal,
    setTerminalSize: noTerminal,
  };
}
