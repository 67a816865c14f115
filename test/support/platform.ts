/**
 * What a platform does not have, and why: a test that needs it says so in its first line, and is skipped aloud with the
 * reason where it is missing.
 */
import { TestRunner } from 'vitest';

const WINDOWS_LACKS = {
  socketFiles: 'UNIX sockets are named pipes on Windows: they have no file, mode or lock',
  abstractNames: 'Windows has no abstract names: every name of a pipe is one',
  fullQueues: 'a named pipe has no queue that could be full: who connects waits',
  descriptors: 'sockets have no descriptors on Windows: none to show, watch, adopt or send',
  unixDatagrams: 'Windows has no UNIX datagrams',
  signals: 'Windows has no signals: to kill a process ends it at once',
} as const;

export type Feature = keyof typeof WINDOWS_LACKS;

/** Why this platform has no such thing. */
export const LACKS: Readonly<Partial<Record<Feature, string>>> =
  process.platform === 'win32'
    ? WINDOWS_LACKS
    : process.platform === 'linux'
      ? {}
      : { abstractNames: 'only Linux has abstract names' };

/** Skips the test that runs unless this platform has the feature. Not among concurrent tests, which run together. */
export function needs(feature: Feature): void {
  const why = LACKS[feature];
  if (why !== undefined) TestRunner.getCurrentTest()?.context.skip(why);
}
