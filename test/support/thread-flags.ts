/** Node's flags for threads of tests. */
import { fileURLToPath } from 'node:url';

const PRELOAD = fileURLToPath(new URL('./compiled-main.cjs', import.meta.url));

/** Their bootstrap is TypeScript where src/ starts them, and runs compiled. Packed tests are JavaScript. */
export const THREAD_FLAGS: readonly string[] = import.meta.url.endsWith('.ts')
  ? ['--require', PRELOAD]
  : [];
