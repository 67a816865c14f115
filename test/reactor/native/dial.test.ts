/** Which options of `connectTCP` the native reactor refuses by platform. */
import { describe, expect, it } from 'vitest';

import { checkConnectSupported } from '../../../src/reactor/native/dial.js';
import { connectSettings } from '../../../src/reactor/streams/tcp-settings.js';

const LINUX_ONLY = [
  ['fastOpen', { fastOpen: true }],
  ['userTimeoutMs', { userTimeoutMs: 1000 }],
] as const;

describe('an option that only Linux has', () => {
  it.each(LINUX_ONLY)('is refused at the call elsewhere: %s', (feature, options) => {
    for (const platform of ['win32', 'darwin', 'freebsd']) {
      expect(() => checkConnectSupported(connectSettings(options), platform)).toThrow(
        expect.objectContaining({ name: 'UnsupportedError', feature }),
      );
    }
  });

  it.each(LINUX_ONLY)('is left to the system on Linux: %s', (_feature, options) => {
    expect(() => checkConnectSupported(connectSettings(options), 'linux')).not.toThrow();
  });
});

it('no option is refused unless it is set', () => {
  expect(() => checkConnectSupported(connectSettings({}), 'win32')).not.toThrow();
});
