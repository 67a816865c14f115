/** An addon whose engine takes no external buffers, for child processes: see refusing-external-buffers.c. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findAddon } from '../../src/native.js';

const SOURCE = fileURLToPath(new URL('./refusing-external-buffers.c', import.meta.url));
const ASKED = 'napi_create_external_arraybuffer';
const DENIED = 'deny_create_external_arraybuffer';

export interface RefusedBuffers extends Disposable {
  /** What a child process is to be started with. */
  readonly env: Record<string, string>;
}

/**
 * Node's own functions come before those that are preloaded: so the name is changed in a copy of the addon.
 * Undefined where there is no C compiler, or nothing can be preloaded.
 */
export function refusedBuffers(): RefusedBuffers | undefined {
  if (process.platform !== 'linux') return undefined;
  const addon = readFileSync(findAddon().file, 'latin1');
  if (!addon.includes(ASKED)) throw new Error(`the addon does not ask for ${ASKED}`);
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const remove = (): void => rmSync(folder, { recursive: true });
  const library = join(folder, 'refusing.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, SOURCE], { stdio: 'ignore' });
  } catch {
    remove();
    return undefined;
  }
  const copy = join(folder, 'ropewalk.node');
  writeFileSync(copy, addon.replaceAll(ASKED, DENIED), 'latin1');
  const preloaded = `${process.env.LD_PRELOAD ?? ''} ${library}`.trim();
  return { env: { ROPEWALK_PREBUILD: copy, LD_PRELOAD: preloaded }, [Symbol.dispose]: remove };
}
