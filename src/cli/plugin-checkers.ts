/** Types of checker strings from plug-ins. */
import { messageOf } from '../core/text-of.js';
import type { CheckerType } from '../cred/checker-strings.js';
import { InvalidCheckerError } from '../cred/errors.js';
import type { Plugin } from './plugin-manifest.js';
import { loadPluginType } from './plugin-module.js';
import { findPlugins } from './plugins.js';

/** The types of the plug-ins of a folder. A module is loaded when a string has its type. */
export function checkerPlugins(folder: string): CheckerType[] {
  const plugins = findPlugins(folder).plugins.filter(({ kind }) => kind === 'checkers');
  return plugins.map((plugin) => ({
    prefix: plugin.name,
    make: (args, context) => loadCheckerType(plugin).make(args, context),
  }));
}

/** @throws InvalidCheckerError that names the plug-in. */
function loadCheckerType(plugin: Plugin): CheckerType {
  try {
    return loadPluginType<CheckerType>(plugin, 'a CheckerType', (type) => {
      return typeof type.make === 'function';
    });
  } catch (cause) {
    throw new InvalidCheckerError(messageOf(cause), { cause });
  }
}
