/** Types of endpoint strings from plug-ins. */
import type { EndpointType } from '../endpoints/endpoint-type.js';
import { findTypesWith } from '../endpoints/found-types.js';
import type { Plugin } from './plugin-manifest.js';
import { loadPluginType } from './plugin-module.js';
import { findPlugins } from './plugins.js';

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
  return loadPluginType<EndpointType>(plugin, 'an EndpointType', ({ client, server }) => {
    return typeof client === 'function' || typeof server === 'function';
  });
}
