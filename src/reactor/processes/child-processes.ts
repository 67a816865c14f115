/** How one implementation of the reactor starts child processes. */
import type { TerminalSize } from '../../core/terminal-size.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import type { SpawnSettings } from './spawn-settings.js';

/** This process's end of a pipe, or of a terminal. */
export interface ChildPipe {
  /** The child's descriptor; 1 for a terminal. */
  readonly number: number;
  readonly direction: 'read' | 'write' | 'both';
  /** Called once. Takes the descriptor over, unless it throws. @throws SystemError */
  open(owner: StreamOwner): StreamTransport;
  /** Closes a pipe that was not opened. */
  discard(): void;
}

/** @param exitCode -1 after a signal. @param signal 0 after an exit. With -1 and 0, the end is unknown. */
export type ExitListener = (exitCode: number, signal: number) => void;

export interface StartedChild {
  readonly pid: number;
  readonly pipes: readonly ChildPipe[];
  /** Calls `exited` once, in a later turn. Called once, before the other methods. @throws SystemError */
  onExit(exited: ExitListener): void;
  /** Only while it has not exited. @throws SystemError */
  signal(signal: number): void;
  /** `exited` is not called any more. The process does not become a zombie for longer than necessary. */
  abandon(): void;
  getTerminalSize(): Required<TerminalSize>;
  setTerminalSize(size: Required<TerminalSize>): void;
}

export interface ChildProcesses {
  /**
   * The program has been executed when this returns.
   * @throws SystemError the program cannot be executed; `syscall` says what failed.
   * @throws UnsupportedError
   */
  start(settings: SpawnSettings): StartedChild;
}
