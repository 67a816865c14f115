/** SIGUSR2 ten times under load. */
import { describe, it } from 'vitest';
import { PATIENCE } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { upgradeUnderLoad } from './upgrade-load.js';

describe.runIf(process.platform === 'linux')('ten upgrades of a running program', () => {
  it('refuse, reset and lose nothing', { timeout: 180_000 * PATIENCE }, async () => {
    needs('descriptors');
    await upgradeUnderLoad(10, 1_000);
  });
});
