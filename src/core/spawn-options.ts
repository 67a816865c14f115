/** Options of child processes. */
import type { TerminalSize } from './terminal-size.js';

/**
 * A descriptor of the child:
 *
 * - `r`: a pipe from which the parent reads;
 * - `w`: a pipe to which the parent writes;
 * - `ignore`: the null device;
 * - a number: a duplicate of that descriptor of the parent.
 */
export type ChildDescriptor = 'r' | 'w' | 'ignore' | number;

/** A pseudo-terminal for the child. */
export interface PtyOptions extends Partial<TerminalSize> {
  /** Whether bytes pass unchanged, without echo, line editing and signals by key. Default false. */
  readonly raw?: boolean;
}

/** Limits of resources, each of which is the soft and the hard limit: `setrlimit(2)`. `Infinity` is no limit. */
export interface ResourceLimits {
  readonly addressSpaceBytes?: number;
  /** 0: no core files. */
  readonly coreBytes?: number;
  /** CPU time: SIGKILL ends a process that exceeds it. */
  readonly cpuSeconds?: number;
  readonly dataBytes?: number;
  readonly fileBytes?: number;
  readonly lockedMemoryBytes?: number;
  readonly openFiles?: number;
  /** Processes of the user, all together. */
  readonly processes?: number;
  readonly stackBytes?: number;
}

export interface SpawnOptions {
  /** The arguments, without the name of the program. Default none. */
  readonly args?: readonly string[];
  /** The name of the program as it sees it: `argv[0]`. Default the executable. */
  readonly argv0?: string;
  /** The environment; null inherits that of this process. Default empty. Variables with the value undefined are left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | null;
  /** The working directory. Default that of this process. */
  readonly cwd?: string;
  /** The user and group to run as, which only root can choose. Default those of this process. */
  readonly uid?: number;
  readonly gid?: number;
  /** Supplementary groups. Default none if `uid` or `gid` is given, otherwise those of this process. Native only. */
  readonly groups?: readonly number[];
  /** The mask of permissions of new files, 0 to 0o777. Default that of this process. Native only. */
  readonly umask?: number;
  /** Whether to begin a new session, without a terminal. Default false; a terminal always has its own. */
  readonly session?: boolean;
  /** The process group: a new one, or the number of one in the same session. Default that of this process. Native only. */
  readonly processGroup?: 'new' | number;
  /** Native only. */
  readonly limits?: ResourceLimits;
  /**
   * The child's descriptors by number, from 0 to 65535. Default `{ 0: 'w', 1: 'r', 2: 'r' }`. 0 to 2 are the null device if they are
   * left out; others are closed.
   */
  readonly childDescriptors?: Readonly<Record<number, ChildDescriptor>>;
  /**
   * Gives the child a terminal as descriptors 0 to 2: its controlling terminal, in a session of its own. Default false. True:
   * 80 columns and 24 rows. Excludes `childDescriptors`, `session` and `processGroup`. Native only, not on Windows.
   */
  readonly pty?: boolean | PtyOptions;
}
