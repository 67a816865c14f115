/** Child processes. */
import type { ProcessProtocolLike, ProcessTransport } from './process.js';
import type { SpawnOptions } from './spawn-options.js';

export interface ReactorProcesses {
  /**
   * Starts a program. The protocol's `makeConnection` is called before this returns.
   *
   * The child has the descriptors that `childDescriptors` lists and no others, and all signals at their defaults. When the reactor
   * stops, its pipes are closed, and a process that still runs then is abandoned: it is not signalled.
   *
   * @param executable A path, or a name that is searched for in the `PATH` of `env`; in that of this process if `env` has none.
   * @throws SpawnError the system refuses, or the program cannot be executed; its `cause` has the system's code, such as `ENOENT`,
   * `EACCES` or `E2BIG`.
   * @throws UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  spawnProcess(
    protocol: ProcessProtocolLike,
    executable: string,
    options?: SpawnOptions,
  ): ProcessTransport;
}
