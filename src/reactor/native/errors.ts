/** The addon's errors carry a positive errno and the system call; these functions convert them to the errors that users catch. */
import { DescriptorError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { systemError } from '../../internal/system-error.js';
import { SEND_FILE_CALL } from './shared-memory.js';

/** An error like Node's. An error that did not come from the system is rethrown. */
export function asSystemError(
  error: unknown,
  address?: string,
  port?: number,
): ReturnType<typeof systemError> {
  const { errno, syscall } = error as { errno?: unknown; syscall?: unknown };
  if (typeof errno !== 'number' || typeof syscall !== 'string') throw error;
  return systemError(syscall, errno, address, port);
}

/** Failed operations, by the core's FailedCall. The system calls of a poller depend on its kind. */
const RECEIVE_CALL = 1;
export const SEND_CALL = 2;
const CONNECT_CALL = 3;
const ACCEPT_CALL = 4;
const WATCH_CALL = 5;
const POLLER_CALLS: Readonly<Record<string, readonly [watch: string, poll: string]>> = {
  epoll: ['epoll_ctl', 'epoll_wait'],
  kqueue: ['kevent', 'kevent'],
  iocp: ['NtDeviceIoControlFile', 'GetQueuedCompletionStatusEx'],
};

/** The system call that a FailedCall of the core denotes. */
export function failedCallName(call: number, poller: string): string {
  if (call === RECEIVE_CALL) return 'recv';
  if (call === SEND_CALL) return 'send';
  if (call === CONNECT_CALL) return 'connect';
  if (call === ACCEPT_CALL) return 'accept';
  if (call === SEND_FILE_CALL) return 'sendfile';
  const [watch, poll] = POLLER_CALLS[poller] ?? ['poll', 'poll'];
  return call === WATCH_CALL ? watch : poll;
}

/** The names of options that not every system has. */
const OPTIONS: Readonly<Record<string, string>> = {
  SO_REUSEPORT: 'reusePort',
  TCP_DEFER_ACCEPT: 'deferAcceptMs',
  TCP_FASTOPEN: 'fastOpenQueue',
  TCP_FASTOPEN_CONNECT: 'fastOpen',
  TCP_KEEPCNT: 'keepAlive.count',
  TCP_KEEPINTVL: 'keepAlive.intervalMs',
  TCP_USER_TIMEOUT: 'userTimeoutMs',
  IP_PKTINFO: 'packetInfo',
  IP_RECVTOS: 'receiveTrafficClass',
};

/** For a failed `setsockopt NAME` that the system lacks. */
export function unsupportedOption(syscall: string): UnsupportedError {
  const option = OPTIONS[syscall.replace(/^setsockopt /, '')] ?? syscall;
  return new UnsupportedError(option, 'the system has no such option');
}

/** @param wanted The required kind of descriptor: `a listening socket`. */
export function descriptorError(error: unknown, wanted: string, fd: number): DescriptorError {
  return new DescriptorError(wanted, fd, { cause: asSystemError(error) });
}
