/** Types of endpoint strings from plug-ins. */
import { createRequire } from 'node:module';

import { messageOf } from '../core/text-of.js';
import type { EndpointType } from '../endpoints/endpoint-type.js';
import { findTypesWith } from '../endpoints/found-types.js';
import type { Plugin } from './plugin-manifest.js';
import { findPlugins, pluginText } from './plugins.js';

/** From now on, endpoint strings may have the types of plug-ins. They are searched for when a string has an unknown type. */
export function useEndpointPlugins(folder: string): void {
  let found: readonly Plugin[] | undefined;
  const plugins = (): readonly Plugin[] => {
    found ??= findPlugins(folder).plugins.filter(({ kind }) => kind === 'endpoints');
    return found;
  };
  findTypesWith({
    prefixes: () => plugins().map(({ name }) => name),
    find(prefix) {
      const plugin = plugins().find(({ name }) => name === prefix.toLowerCase());
      return plugin && loadEndpointType(plugin);
    },
  });
}

/** @throws Error that names the plug-in. */
function loadEndpointType(plugin: Plugin): EndpointType {
  let exported: unknown;
  try {
    const module = createRequire(plugin.file)(plugin.file) as { readonly default?: unknown };
    exported = module.default ?? module;
  } catch (cause) {
    const message = `the plug-in ${pluginText(plugin)} cannot be loaded: ${messageOf(cause)}`;
    throw new Error(message, { cause });
  }
  const type = (exported ?? {}) as Partial<EndpointType>;
  const makes = typeof type.client === 'function' || typeof type.server === 'function';
  if (makes && String(type.prefix).toLowerCase() === plugin.name) return type as EndpointType;
  throw new Error(
    `the plug-in ${pluginText(plugin)} does not export an EndpointType with the prefix ${plugin.name}`,
  );
}
