/** Modules of plug-ins that are loaded synchronously, when a string names their type. */
import { createRequire } from 'node:module';

import { messageOf } from '../core/text-of.js';
import type { Plugin } from './plugin-manifest.js';
import { pluginText } from './plugins.js';

/**
 * The default export of the module, if `isType` accepts it and its prefix is the name of the plug-in.
 * @param what What it has to be, for the message: `an EndpointType`.
 * @throws Error that names the plug-in.
 */
export function loadPluginType<T extends { readonly prefix: string }>(
  plugin: Plugin,
  what: string,
  isType: (exported: Partial<T>) => boolean,
): T {
  let exported: unknown;
  try {
    const module = createRequire(plugin.file)(plugin.file) as { readonly default?: unknown };
    exported = module.default ?? module;
  } catch (cause) {
    const message = `the plug-in ${pluginText(plugin)} cannot be loaded: ${messageOf(cause)}`;
    throw new Error(message, { cause });
  }
  const type = (exported ?? {}) as Partial<T>;
  if (isType(type) && String(type.prefix).toLowerCase() === plugin.name) return type as T;
  throw new Error(
    `the plug-in ${pluginText(plugin)} does not export ${what} with the prefix ${plugin.name}`,
  );
}
