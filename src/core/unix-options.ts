/**
 * Options of UNIX sockets. Paths of all of them: at most 107 bytes on Linux, 103 elsewhere, no NUL but the first byte of
 * an abstract name (Linux). On Windows the name of a named pipe, `\\.\pipe\...`, of at most 256 characters; options that pipes
 * lack are refused there with an UnsupportedError: `mode`, `wantPID`, `checkPID`, `sendBufferBytes`.
 */

/** Options of every socket that has a path. */
export interface UNIXPathOptions {
  /**
   * Permissions of the socket's file, however the umask stands: to connect takes the right to write. Default 0o666. The
   * folder's permissions come first; abstract names have none at all.
   */
  readonly mode?: number;
}

export interface ListenUNIXOptions extends UNIXPathOptions {
  /** Connections that may wait to be accepted. Default 1,024; the system may allow less. */
  readonly backlog?: number;
  /**
   * Holds `path.lock` (see {@link DeferredFilesystemLock}) while listening: a socket file that a dead process left behind is then
   * removed, and that of a living one makes listening fail. Default false: any file in the way makes it fail.
   */
  readonly wantPID?: boolean;
  /** SO_SNDBUF of connections. Default: the system's. Native only. */
  readonly sendBufferBytes?: number;
}

export interface ConnectUNIXOptions {
  /** Limit for connecting, while the listener's queue is full. Default 30,000; 0 sets none. */
  readonly timeoutMs?: number;
  /** Fails at once where `path.lock` is not held by a living process. Default false. */
  readonly checkPID?: boolean;
  /** Ends the attempt, or loses the connection once made. */
  readonly signal?: AbortSignal;
  /** SO_SNDBUF. Default: the system's. Native only. */
  readonly sendBufferBytes?: number;
}

/** Who connected, or whom one is connected to, as the system recorded it when the connection was made. */
export interface PeerCredentials {
  /** The process; 0 where it lives outside this process's namespace. Undefined on systems that don't tell. */
  readonly pid: number | undefined;
  readonly uid: number;
  readonly gid: number;
}
