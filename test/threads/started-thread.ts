/** Threads of tests, and the functions that they call. */
import {
  Thread,
  type ThreadModule,
  type ThreadOptions,
  ThreadPool,
  type ThreadPoolOptions,
  threadModule,
} from '../../src/threads/index.js';
import { compiled } from '../support/compiled.js';
import { THREAD_FLAGS } from '../support/thread-flags.js';

/** Of the programs, as of this file: packed tests are JavaScript. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
type Functions = typeof import('./programs/functions.js');

export function programUrl(name: string): URL {
  return compiled(new URL(`./programs/${name}${EXTENSION}`, import.meta.url));
}

/** programs/functions.ts, with its types. */
export const functions: ThreadModule<Functions> = threadModule(programUrl('functions'));

export function startThread(options: ThreadOptions = {}): Thread {
  return new Thread({ execArgv: THREAD_FLAGS, ...options });
}

export function startPool(options: ThreadPoolOptions = {}): ThreadPool {
  return new ThreadPool({ execArgv: THREAD_FLAGS, ...options });
}
