/** Where the addon is looked for, and what is said where it can't be loaded: each in a process of its own. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAddon } from '../../src/native.js';
import { libcOf } from '../../src/native-files.js';
import { refusedBuffers } from '../support/refused-buffers.js';

const PROGRAM = fileURLToPath(new URL('./programs/load.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PLATFORM = `${process.platform}-${process.arch}`;
const LIBC = libcOf();
const PREBUILD = LIBC === undefined ? 'ropewalk.node' : `ropewalk.${LIBC}.node`;
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

interface Outcome {
  readonly kind?: string;
  readonly poller?: string;
  readonly code?: string;
  readonly message?: string;
  readonly advice?: string;
  readonly attempts?: readonly (readonly [string, string])[];
  /** What was written to standard error. */
  readonly warnings: string;
}

interface Start {
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

async function load({ flags = [], args = ['auto'], env = {} }: Start = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, NODE_OPTIONS: '', ROPEWALK_REACTOR: 'auto', ...env };
    const command = [...flags, PROGRAM, ...args];
    execFile(
      process.execPath,
      command,
      { env: environment, timeout: 10_000 },
      (error, stdout, stderr) => {
        if (error !== null) return reject(error);
        resolve({ ...(JSON.parse(stdout) as object), warnings: stderr });
      },
    );
  });
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a file where a package would have it. */
function place(path: string, content: 'addon' | 'rubbish'): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  if (content === 'addon') copyFileSync(findAddon().file, file);
  else writeFileSync(file, 'no library');
  return file;
}

describe('the addon', () => {
  it.each([
    'build/Release/ropewalk.node', // in the repository
    'native/build/Release/ropewalk.node', // in an installed package
  ])('is a local build rather than a prebuild: %s', async (local) => {
    place(local, 'addon');
    place(`prebuilds/${PLATFORM}/${PREBUILD}`, 'rubbish');
    const outcome = await load({ args: ['native'], env: { ROPEWALK_PREBUILD: folder } });
    expect(outcome).toMatchObject({ kind: 'native', warnings: '' });
  });

  it('is the prebuild if the local build is broken', async () => {
    place('build/Release/ropewalk.node', 'rubbish');
    place(`prebuilds/${PLATFORM}/${PREBUILD}`, 'addon');
    const outcome = await load({ args: ['native'], env: { ROPEWALK_PREBUILD: folder } });
    expect(outcome).toMatchObject({ kind: 'native', warnings: '' });
  });

  it('is a prebuild without a C library in its name if there is no other', async () => {
    place(`prebuilds/${PLATFORM}/ropewalk.node`, 'addon');
    const outcome = await load({ args: ['native'], env: { ROPEWALK_PREBUILD: folder } });
    expect(outcome).toMatchObject({ kind: 'native' });
  });

  it('is the file that ROPEWALK_PREBUILD names', async () => {
    const file = place('elsewhere.node', 'addon');
    const outcome = await load({ args: ['native'], env: { ROPEWALK_PREBUILD: file } });
    expect(outcome).toMatchObject({ kind: 'native' });
  });

  it('is loaded in worker threads', async () => {
    const outcome = await load({ args: ['native', 'worker'] });
    expect(outcome).toMatchObject({ kind: 'native', warnings: '' });
  });

  it.skipIf(LIBC === undefined)('is never one of the other C library', async () => {
    const other = LIBC === 'glibc' ? 'musl' : 'glibc';
    place(`prebuilds/${PLATFORM}/ropewalk.${other}.node`, 'addon');
    const outcome = await load({ args: ['native'], env: { ROPEWALK_PREBUILD: folder } });
    expect(outcome.code).toBe('ERR_ADDON_NOT_LOADED');
    expect(outcome.message).toContain(`there is none for ${PLATFORM} (${LIBC})`);
  });
});

describe('without an addon', () => {
  it('every file that was tried is named, with its reason', async () => {
    const broken = place(`prebuilds/${PLATFORM}/${PREBUILD}`, 'rubbish');
    const outcome = await load({ args: ['native'], env: { ROPEWALK_PREBUILD: folder } });
    expect(outcome.message).toContain(`could not be loaded: ${broken}: `);
    expect(outcome.advice).toContain('Reinstall ropewalk');
    expect(outcome.message).toContain(outcome.advice);
    expect(outcome.attempts?.map(([file]) => file)).toContain(broken);
    expect(outcome.attempts?.[0]).toEqual([
      join(folder, 'build', 'Release', 'ropewalk.node'),
      'MODULE_NOT_FOUND',
    ]);
  });

  it.each(['auto', 'worker'])(
    'the pure-JS reactor serves, after one warning (%s)',
    async (where) => {
      const outcome = await load({ args: ['auto', where], env: { ROPEWALK_PREBUILD: folder } });
      expect(outcome.kind).toBe('node');
      expect(outcome.warnings.match(/RopewalkWarning/g)).toHaveLength(1);
      expect(outcome.warnings).toContain('The pure-JS reactor is used instead.');
      expect(outcome.warnings).toContain('ROPEWALK_PREBUILD must name the file');
      expect(outcome.warnings).toContain('ropewalk doctor');
    },
  );

  it('nothing is printed if the pure-JS reactor was requested', async () => {
    const env = { ROPEWALK_PREBUILD: folder };
    expect(await load({ args: ['node'], env })).toMatchObject({ kind: 'node', warnings: '' });
  });
});

describe('a process that may not load addons', () => {
  it('the message names --no-addons', async () => {
    const outcome = await load({ flags: ['--no-addons'] });
    expect(outcome.kind).toBe('node');
    expect(outcome.warnings).toContain('may not load addons (--no-addons)');
  });

  it('the message names --allow-addons', async () => {
    const flags = [PERMISSION, '--allow-fs-read=*', ...netPermission()];
    const outcome = await load({ flags });
    expect(outcome.kind).toBe('node');
    expect(outcome.warnings).toContain('may not load addons (--permission)');
    expect(outcome.warnings).toContain('--allow-addons');
  });

  it('has the native reactor with it, and needs no right to read the file', async () => {
    const readable = ['dist', 'package.json', 'test'].map(
      (path) => `--allow-fs-read=${join(ROOT, path)}`,
    );
    const flags = [PERMISSION, ...readable, '--allow-addons', ...netPermission()];
    expect(await load({ flags })).toMatchObject({ kind: 'native' });
  });
});

describe('a bundle', () => {
  // Built from the sources; `dist/` may be older.
  it.each(['cjs', 'esm'] as const)('serves, and shows whole stacks (%s)', async (format) => {
    const outfile = join(folder, 'out', `bundle.${format === 'cjs' ? 'cjs' : 'mjs'}`);
    const entryPoints = [fileURLToPath(new URL('./programs/echo.mjs', import.meta.url))];
    await build({
      entryPoints,
      bundle: true,
      platform: 'node',
      format,
      outfile,
      logLevel: 'error',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 10_000 });
    const { frames, ...outcome } = JSON.parse(stdout) as { frames: number };
    expect(outcome).toEqual({ kind: 'node', message: 'there and back' });
    expect(frames).toBeGreaterThan(0);
  });
});

/** From Node 25 on. */
function netPermission(): string[] {
  return process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];
}

describe('an engine that takes no external buffers, as Electron', () => {
  it('has the native reactor anyway', async ({ skip }) => {
    using refused = refusedBuffers();
    if (refused === undefined) return skip('nothing can be preloaded here');
    const outcome = await load({ args: ['native'], env: refused.env });
    expect(outcome).toMatchObject({ kind: 'native' });
  });
});
