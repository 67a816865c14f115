/**
 * A set-up file for vitest: after each test it looks for unhandled failures, unexpected errors and
 * reactors that are not clean, and fails the test that left them. It needs vitest 2 or later.
 *
 * @example
 * // vitest.config.ts
 * export default defineConfig({ test: { setupFiles: ['ropewalk/testing/vitest'] } });
 */
import { afterAll, afterEach, beforeEach } from 'vitest';

import { checkEachTest } from './check-each-test.js';

checkEachTest({ beforeEach, afterEach, afterAll });
