/** Plug-ins that are run: commands and services. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { inspected } from '../internal/inspected.js';
import { useEndpointPlugins } from './plugin-endpoints.js';
import type { Plugin } from './plugin-manifest.js';
import { findPlugins, pluginText } from './plugins.js';
import { prepareTypeScript } from './typescript.js';

/** A command that does not keep to the interface of plug-ins. */
class CommandPluginError extends Error {
  override readonly name = 'CommandPluginError';
}

const FAILED = 1;
const MAX_EXIT_CODE = 255;

/** The plug-in with that command. */
export function commandPlugin(name: string): Plugin | undefined {
  const { plugins } = findPlugins(process.cwd());
  return plugins.find((plugin) => plugin.kind === 'commands' && plugin.name === name);
}

/** The plug-in that `ropewalk run NAME` runs; undefined for the path of a file. */
export function servicePlugin(name: string): Plugin | undefined {
  if (existsSync(name)) return undefined;
  const { plugins } = findPlugins(process.cwd());
  return plugins.find((plugin) => plugin.kind === 'services' && plugin.name === name);
}

export function commandPluginNames(): string[] {
  const { plugins } = findPlugins(process.cwd());
  return plugins.filter(({ kind }) => kind === 'commands').map(({ name }) => name);
}

/**
 * Loads a command and calls its default export with the arguments. Its result is the exit code; undefined is 0.
 * @returns The exit code: 1 if it cannot be loaded or fails, which is reported.
 */
export async function runPlugin(plugin: Plugin, args: readonly string[]): Promise<number> {
  process.stderr.write(`ropewalk: running ${pluginText(plugin)}\n`);
  useEndpointPlugins(process.cwd());
  try {
    await prepareTypeScript(plugin.file);
    const module = (await import(pathToFileURL(plugin.file).href)) as {
      readonly default?: unknown;
    };
    if (typeof module.default !== 'function') {
      throw new CommandPluginError('its default export is not a function (arguments)');
    }
    const code: unknown = (await module.default(args)) ?? 0;
    if (Number.isInteger(code) && Number(code) >= 0 && Number(code) <= MAX_EXIT_CODE) {
      return Number(code);
    }
    throw new CommandPluginError(
      `its result is not an exit code from 0 to ${MAX_EXIT_CODE}: ${inspected(code)}`,
    );
  } catch (error) {
    const text = error instanceof CommandPluginError ? error.message : inspected(error);
    process.stderr.write(`ropewalk: the plug-in ${pluginText(plugin)} failed: ${text}\n`);
    return FAILED;
  }
}
