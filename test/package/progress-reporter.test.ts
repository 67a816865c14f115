import { expect, it } from 'vitest';
import ProgressReporter from '../support/progress-reporter.js';

it('npm test prints its progress every five seconds, failures included', () => {
  const lines: string[] = [];
  let now = 1000;
  const reporter = new ProgressReporter({ print: (line) => lines.push(line), now: () => now });
  const file = (ok: boolean) => ({ ok: () => ok });
  reporter.onTestRunStart([1, 2, 3, 4]);
  now += 4999;
  reporter.onTestModuleEnd(file(true));
  now += 1;
  reporter.onTestModuleEnd(file(true));
  reporter.onTestModuleEnd(file(false));
  now += 5400;
  reporter.onTestModuleEnd(file(true));
  expect(lines).toEqual(['-- 2 of 4 files (5 s)', '-- 4 of 4 files, 1 failed (10 s)']);
});
