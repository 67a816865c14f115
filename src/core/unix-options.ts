/**
 * Options of UNIX sockets. Paths may have at most 107 bytes on Linux, 103 elsewhere, and no NUL except as the first byte of an
 * abstract name (Linux). On Windows, a path is the name of a named pipe, `\\.\pipe\...`, of at most 256 characters; options that
 * pipes lack are refused there with an UnsupportedError: `mode`, `wantPID`, `checkPID`, `sendBufferBytes`.
 */

/** Options of every socket that has a path. */
export interface UNIXPathOptions {
  /**
   * Permissions of the socket's file, regardless of the umask. Connecting requires write permission. Default 0o666. The
   * permissions of the folder apply first; abstract names have none.
   */
  readonly mode?: number;
}

export interface ListenUNIXOptions extends UNIXPathOptions {
  /** Maximum number of connections waiting to be accepted. Default 1,024; the system may allow less. */
  readonly backlog?: number;
  /**
   * Holds `path.lock` (see {@link DeferredFilesystemLock}) while listening: a socket file left behind by a dead process is then
   * removed, and that of a living one makes listening fail. Default false: any existing file makes it fail.
   */
  readonly wantPID?: boolean;
  /** SO_SNDBUF of connections. Default: the system's. Native only. */
  readonly sendBufferBytes?: number;
}

export interface ConnectUNIXOptions {
  /** Time limit for connecting while the listener's queue is full. Default 30,000; 0: no limit. */
  readonly timeoutMs?: number;
  /** Fails immediately if no living process holds `path.lock`. Default false. */
  readonly checkPID?: boolean;
  /** Cancels the attempt, or closes the connection once it is made. */
  readonly signal?: AbortSignal;
  /** SO_SNDBUF. Default: the system's. Native only. */
  readonly sendBufferBytes?: number;
}

/** The identity of the peer, as the system recorded it when the connection was made. */
export interface PeerCredentials {
  /** The process; 0 if it is outside this process's namespace. Undefined on systems that do not report it. */
  readonly pid: number | undefined;
  readonly uid: number;
  readonly gid: number;
}
