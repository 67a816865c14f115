/** A getaddrinfo that hangs, for child processes: see stuck-getaddrinfo.c. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./stuck-getaddrinfo.c', import.meta.url));

export interface StuckLookups extends Disposable {
  /** What a child process is to be started with: one of its own for each, so that none releases those of another. */
  env(): Record<string, string>;
}

/** Undefined where there is no C compiler, or nothing can be preloaded. */
export function stuckLookups(): StuckLookups | undefined {
  if (process.platform !== 'linux') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const remove = (): void => rmSync(folder, { recursive: true });
  const library = join(folder, 'stuck.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, SOURCE, '-ldl'], { stdio: 'ignore' });
  } catch {
    remove();
    return undefined;
  }
  const preloaded = `${process.env.LD_PRELOAD ?? ''} ${library}`.trim();
  let children = 0;
  const env = (): Record<string, string> => {
    children += 1;
    const fifo = join(folder, `fifo${children}`);
    execFileSync('mkfifo', [fifo]);
    return { STUCK_FIFO: fifo, STUCK_COUNT: `${fifo}.count`, LD_PRELOAD: preloaded };
  };
  return { env, [Symbol.dispose]: remove };
}

/** In the child process: how many look-ups have hung by now. A thread that is there may not have got that far. */
export function hungLookups(): number {
  return statSync(process.env.STUCK_COUNT ?? '', { throwIfNoEntry: false })?.size ?? 0;
}

/** In the child process: lets all that hang return, now and later. Both ends at once never blocks (fifo(7)). */
export function releaseStuckLookups(): void {
  openSync(process.env.STUCK_FIFO ?? '', 'r+');
}
