/** The reason why the addon could not be loaded, and the remedy, as text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type AddonAttempt, AddonNotLoadedError } from './core/errors/reactor.js';
import { packageRoot, platformName } from './native-files.js';

interface Refusal {
  readonly why: string;
  readonly advice: string;
}

/**
 * The name of a runtime that would end the process at the addon's first call: Bun has stubs in place of libuv's
 * functions, Deno not even these.
 */
export function runtimeWithoutAddon(): string | undefined {
  if (process.versions.bun !== undefined) return `Bun ${process.versions.bun}`;
  if (process.versions.deno !== undefined) return `Deno ${process.versions.deno}`;
  return undefined;
}

/** @param attempts The tried files, in order. */
export function addonNotLoaded(attempts: readonly AddonAttempt[]): AddonNotLoadedError {
  const telling = mostTelling(attempts);
  const { why, advice } = refusal(telling);
  return new AddonNotLoadedError(
    `the native reactor's addon could not be loaded: ${why}. ${advice}`,
    {
      attempts,
      advice,
      ...(telling && { cause: telling.error }),
    },
  );
}

/** An existing file is more informative than a missing one. */
function mostTelling(attempts: readonly AddonAttempt[]): AddonAttempt | undefined {
  return attempts.find(({ error }) => codeOf(error) !== 'MODULE_NOT_FOUND') ?? attempts.at(-1);
}

function refusal(telling: AddonAttempt | undefined): Refusal {
  const runtime = runtimeWithoutAddon();
  if (runtime !== undefined) {
    const why = `${runtime} lacks functions of libuv that it calls`;
    return { why, advice: 'Run the program in Node.js to have the native reactor.' };
  }
  if (telling === undefined) return missing();
  switch (codeOf(telling.error)) {
    case 'MODULE_NOT_FOUND':
      return missing();
    case 'ERR_DLOPEN_DISABLED':
      return forbidden();
    default:
      return {
        why: `${telling.file}: ${firstLine(telling.error)}`,
        advice: `Reinstall ropewalk on this machine, or ${HOW_TO_COMPILE}.`,
      };
  }
}

function forbidden(): Refusal {
  // @types/node lacks it in this version.
  const { permission } = process as { permission?: unknown };
  return permission === undefined
    ? {
        why: 'this process may not load addons (--no-addons)',
        advice: 'Start Node.js without --no-addons.',
      }
    : {
        why: 'this process may not load addons (--permission)',
        advice: 'Start Node.js with --allow-addons.',
      };
}

const HOW_TO_COMPILE =
  'compile it: npm explore ropewalk -- npx node-gyp rebuild --directory=native';

function missing(): Refusal {
  const why = `there is none for ${platformName()}`;
  if (process.env.ROPEWALK_PREBUILD) {
    const advice =
      'ROPEWALK_PREBUILD must name the file ropewalk.node, or a folder that contains build/Release/ or prebuilds/.';
    return { why, advice };
  }
  if (isBundled()) {
    const advice =
      'A bundle lacks it: leave ropewalk out of the bundle (external), or set ROPEWALK_PREBUILD to a copy of the file from its prebuilds/.';
    return { why, advice };
  }
  return { why, advice: `Reinstall ropewalk, or ${HOW_TO_COMPILE}.` };
}

/** Whether this module is no longer at its place in the package. */
function isBundled(): boolean {
  const root = packageRoot();
  if (root === undefined) return true;
  try {
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { name?: unknown }).name !== 'ropewalk';
  } catch {
    return true;
  }
}

function codeOf(error: Error | undefined): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function firstLine(error: Error | undefined): string {
  return (error?.message ?? '').split('\n', 1)[0] ?? '';
}
