/** The options of programs whose descriptors are set by their callers: those of `spawnProcess` without descriptors and terminals. */
import type { SpawnOptions } from '../core/spawn-options.js';
import type { OptionNames } from './options.js';

export type ProgramOptions = Omit<SpawnOptions, 'childDescriptors' | 'pty'>;

export const PROGRAM_OPTIONS: OptionNames<ProgramOptions> = {
  args: true,
  argv0: true,
  env: true,
  cwd: true,
  uid: true,
  gid: true,
  groups: true,
  umask: true,
  session: true,
  processGroup: true,
  limits: true,
};

/** Whether the program leads a process group, which can be signalled as a whole. */
export function leadsGroup({ session, processGroup }: ProgramOptions): boolean {
  return session === true || processGroup === 'new';
}
