/** Threads of tests. Their bootstrap is TypeScript where src/ starts them, and runs compiled. */
import { fileURLToPath } from 'node:url';
import {
  Thread,
  type ThreadModule,
  type ThreadOptions,
  threadModule,
} from '../../src/threads/index.js';
import { compiled } from '../support/compiled.js';

/** Of the programs, as of this file: packed tests are JavaScript. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const PRELOAD = fileURLToPath(new URL('../support/compiled-main.cjs', import.meta.url));

/** Flags for threads whose bootstrap is TypeScript. */
export const FLAGS: readonly string[] = EXTENSION === '.ts' ? ['--require', PRELOAD] : [];

type Functions = typeof import('./programs/functions.js');

export function programUrl(name: string): URL {
  return compiled(new URL(`./programs/${name}${EXTENSION}`, import.meta.url));
}

export const functions: ThreadModule<Functions> = threadModule(programUrl('functions'));

export function startThread(options: ThreadOptions = {}): Thread {
  return new Thread({ execArgv: FLAGS, ...options });
}
