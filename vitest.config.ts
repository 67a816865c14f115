// A forked process for each test file: a crash in the addon then names the file it happened in. What is plain computing
// shares processes and modules: most of the time of such a file is importing.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

function source(file: string): string {
  return fileURLToPath(new URL(`./src/${file}`, import.meta.url));
}

const TESTS = ['test/**/*.test.ts'];
/** All but those that start processes or put others in the place of Node's modules. */
const PURE = [
  'test/defer/!(filesystem-lock*|process-mark|unhandled*).test.ts',
  'test/framing/**/*.test.ts',
  'test/task/!(react).test.ts',
];

/** As test/support/deadline.ts: limits are so many times as long. */
const PATIENCE = Number(process.env.ROPEWALK_TEST_PATIENCE ?? 1);

export default defineConfig({
  resolve: {
    // The doors of the package, longest first: each is a prefix of those before it.
    alias: {
      'ropewalk/handover': source('handover/index.ts'),
      'ropewalk/workers': source('workers/index.ts'),
      'ropewalk/testing/vitest': source('testing/vitest.ts'),
      'ropewalk/testing': source('testing/index.ts'),
      ropewalk: source('index.ts'),
    },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      { extends: true, test: { name: 'apart', include: TESTS, exclude: PURE, isolate: true } },
    ],
    globalSetup: ['test/support/compile-programs.ts'],
    setupFiles: [source('testing/vitest.ts')],
    pool: 'forks',
    // Most of a test's time is waiting.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000 * PATIENCE,
    hookTimeout: 20_000 * PATIENCE,
    teardownTimeout: 5_000 * PATIENCE,
    restoreMocks: true,
    reporters: ['default'],
    // `npm run check -- coverage`: what has to be tested whole, by its own tests.
    coverage: {
      provider: 'v8',
      include: ['src/defer/**', 'src/framing/**', 'src/task/**'],
      reporter: ['text'],
      reportsDirectory: 'build/coverage',
      thresholds: { lines: 100, branches: 100, functions: 100, statements: 100 },
    },
  },
});
