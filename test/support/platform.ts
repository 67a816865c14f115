/**
 * What a platform does not have, and why: a test that needs it says so in its first line, and is skipped aloud with the
 * reason where it is missing.
 */
import { TestRunner } from 'vitest';

const WINDOWS_LACKS = {
  socketFiles: 'UNIX sockets are named pipes on Windows: they have no file, mode or lock',
  pipeHalves:
    'a named pipe cannot end one direction: libuv closes it 50 ms after an end of sending',
  abstractNames: 'Windows has no abstract names: all pipe names are abstract',
  queues:
    'a named pipe has no accept queue: clients without a free instance wait in a thread of libuv',
  descriptors: 'sockets have no descriptors on Windows',
  unixDatagrams: 'Windows has no UNIX datagrams',
  fifos: 'Windows has no FIFOs',
  sharedPorts: 'Windows has no SO_REUSEPORT: two workers can not listen on one port',
  signals: 'Windows has no signals: killing a process ends it at once',
} as const;

/** What is so under Wine 8 and not on Windows. */
const WINE_LACKS = {
  exclusivePipes: 'Wine lets two listeners share one named pipe',
  resetsAfterBytes: 'Wine reports a reset behind bytes to libuv as an end',
  familyErrors: "Wine returns EAI_ADDRFAMILY with the C library's number, which Node does not know",
  foreignAddresses: 'Wine lets UDP sockets bind to addresses that the machine lacks',
  // Node's dgram hears of it: its receive waits in the system.
  refusals: 'Wine does not report a refusal to a UDP socket that is polled',
  promptCloses: 'Wine closes a socket that is polled when the thread that polls has heard of it',
  sources: 'Wine ignores the control messages of WSASendMsg',
} as const;

/** What is so under qemu-user, which runs programs for another processor: tools/portability/engines.mjs says so to them. */
const QEMU_LACKS = {
  multicast: 'qemu-user does not support the options of multicast groups',
  invalidPolls: "qemu-user's poll does not report POLLNVAL for an invalid descriptor",
  startTimes: 'qemu-user reports different start times of a process to itself and to others',
} as const;

export type Feature =
  | keyof typeof WINDOWS_LACKS
  | keyof typeof WINE_LACKS
  | keyof typeof QEMU_LACKS
  | 'namedPipes';

const UNDER_WINE = process.platform === 'win32' && process.env.WINELOADER !== undefined;

const UNDER_QEMU = process.env.ROPEWALK_TEST_EMULATOR === 'qemu-user';

/**
 * How often a test is tried again that waits for a reset: Wine takes one off the socket that comes while nobody polls it, and
 * leaves an end.
 */
export const RESET_RETRIES: number = UNDER_WINE ? 3 : 0;

const UNIX_LACKS = {
  namedPipes: 'only Windows has named pipes',
  ...(UNDER_QEMU ? QEMU_LACKS : {}),
} as const;

/** Why this platform has no such thing. */
export const LACKS: Readonly<Partial<Record<Feature, string>>> =
  process.platform === 'win32'
    ? { ...WINDOWS_LACKS, ...(UNDER_WINE ? WINE_LACKS : {}) }
    : process.platform === 'linux'
      ? UNIX_LACKS
      : { ...UNIX_LACKS, abstractNames: 'only Linux has abstract names' };

/** Skips the test that runs unless this platform has the feature. Not among concurrent tests, which run together. */
export function needs(feature: Feature): void {
  const why = LACKS[feature];
  if (why !== undefined) TestRunner.getCurrentTest()?.context.skip(why);
}
