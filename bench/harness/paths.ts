// Paths in the repository.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BENCH: string = fileURLToPath(new URL('..', import.meta.url));
export const REPOSITORY: string = join(BENCH, '..');
export const NATIVE: string = join(BENCH, 'native');
export const NATIVE_BUILD: string = join(NATIVE, 'build');
export const LOAD: string = join(BENCH, 'load');
export const MICRO: string = join(BENCH, 'micro');
export const PEERS: string = join(BENCH, '.peers');
export const RESULTS: string = join(BENCH, 'results');
/** The page of TCP. */
export const PERFORMANCE_PAGE: string = join(REPOSITORY, 'docs', 'performance.md');
export const TLS_PAGE: string = join(REPOSITORY, 'docs', 'performance-tls.md');
export const HTTP_PAGE: string = join(REPOSITORY, 'docs', 'performance-http.md');
export const WEBSOCKET_PAGE: string = join(REPOSITORY, 'docs', 'performance-websocket.md');
/** The page of UNIX sockets, UDP and workers. */
export const SOCKETS_PAGE: string = join(REPOSITORY, 'docs', 'performance-sockets.md');
export const MICRO_PAGE: string = join(REPOSITORY, 'docs', 'micro-performance.md');
