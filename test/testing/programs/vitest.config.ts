// Runs the fixtures beside this file, some of whose tests fail on purpose: see ../vitest-setup.test.ts.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  test: {
    include: ['*.fixture.ts'],
    setupFiles: [here('../../../src/testing/vitest.ts')],
    pool: 'forks',
    watch: false,
  },
});
