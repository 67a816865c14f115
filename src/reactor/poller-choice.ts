/** The pollers of the native reactor, by name. */

/**
 * `epoll` is Linux's, `kqueue` that of macOS and the BSD family, `iocp` that of Windows. `poll` is available except on
 * Windows, at a cost that grows with the number of sockets. `auto` is the best that the platform has.
 */
export type PollerChoice = 'auto' | 'epoll' | 'kqueue' | 'iocp' | 'poll';

export const POLLER_CHOICES: readonly [PollerChoice, ...PollerChoice[]] = [
  'auto',
  'epoll',
  'kqueue',
  'iocp',
  'poll',
];
