/** Sockets that a service manager opened and this process inherited: sd_listen_fds(3). */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';

/** An inherited socket. Adopt it with `takeOver`. */
export interface InheritedSocket {
  readonly fd: number;
  /** `FileDescriptorName=` of the socket's unit; `unknown` if there is none. */
  readonly name: string;
}

/** The first inherited descriptor. */
const FIRST_FD = 3;
/** More than any process can receive. */
const MAX_SOCKETS = 65_536;
const UNNAMED = 'unknown';

/**
 * The sockets passed by systemd's protocol of socket activation. The variables of the protocol are removed from `environment`,
 * so that child processes do not use the sockets, and a second call finds none.
 *
 * @param environment Default: that of this process.
 * @param pid The process for which the sockets must be intended. Default: this process.
 * @returns The sockets in the order of the unit; an empty array if there are none, or they are intended for another process.
 * @throws InvalidArgumentValueError `LISTEN_FDS` is not a number.
 */
export function takeInheritedSockets(
  environment: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
): InheritedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment;
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined || Number(LISTEN_PID) !== pid) return [];
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
  const count = /^\d{1,5}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : Number.NaN;
  if (!(count <= MAX_SOCKETS)) {
    throw new InvalidArgumentValueError('LISTEN_FDS', 'a number of descriptors', LISTEN_FDS);
  }
  const names = LISTEN_FDNAMES?.split(':') ?? [];
  return Array.from({ length: count }, (_, index) => ({
    fd: FIRST_FD + index,
    name: names[index] || UNNAMED,
  }));
}
