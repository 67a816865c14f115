// A forked process for each test file: a crash in the addon then names the file it happened in.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

function source(file: string): string {
  return fileURLToPath(new URL(`./src/${file}`, import.meta.url));
}

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
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compile-programs.ts'],
    setupFiles: [source('testing/vitest.ts')],
    pool: 'forks',
    isolate: true,
    // Most of a test's time is waiting.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
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
