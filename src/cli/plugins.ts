/**
 * Finds plug-ins: those of the project, which is the nearest folder above the working directory that has a package.json, and those of
 * its direct dependencies. Other installed packages are not searched, and no code is loaded until a plug-in is used.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { CHECKER_TYPE_NAMES } from '../cred/checker-type-names.js';
import { BUILT_IN_TYPES } from '../endpoints/built-in-types.js';
import { COMMAND_NAMES } from './command-names.js';
import {
  type Manifest,
  type Plugin,
  type PluginKind,
  type RefusedPlugin,
  readManifest,
} from './plugin-manifest.js';

export interface PluginList {
  /** Undefined without a package.json. */
  readonly project: string | undefined;
  /** In the order of their kinds and names. */
  readonly plugins: readonly Plugin[];
  readonly refused: readonly RefusedPlugin[];
}

const RESERVED: Readonly<Record<PluginKind, readonly string[]>> = {
  commands: COMMAND_NAMES,
  services: [],
  endpoints: BUILT_IN_TYPES.map(({ prefix }) => prefix),
  checkers: CHECKER_TYPE_NAMES,
};

/** @param folder The working directory. */
export function findPlugins(folder: string): PluginList {
  const project = projectOf(resolve(folder));
  if (project === undefined) return { project, plugins: [], refused: [] };
  const own = readManifest(project);
  const others = own.dependencies.flatMap((name) => {
    const place = folderOf(name, project);
    return place === undefined ? [] : [readManifest(place)];
  });
  return { project, ...withoutClashes(own, others) };
}

/** Plug-ins of the project take precedence over those of its dependencies; among these, no plug-in of a name is used if there are several. */
function withoutClashes(own: Manifest, others: readonly Manifest[]): Omit<PluginList, 'project'> {
  const refused = [own, ...others].flatMap((manifest) => manifest.refused);
  const chosen = new Map<string, Plugin>();
  const refuse = (plugin: Plugin, reason: string): void => {
    refused.push({ what: `${plugin.kind} ${plugin.name} of ${plugin.package}`, reason });
  };
  const usable = ({ plugins }: Manifest): Plugin[] => {
    return plugins.filter((plugin) => {
      const reserved = RESERVED[plugin.kind].includes(plugin.name);
      if (reserved) refuse(plugin, 'the name is that of a part of Ropewalk');
      return !reserved;
    });
  };
  for (const plugin of usable(own)) chosen.set(keyOf(plugin), plugin);
  for (const [key, plugins] of grouped(others.flatMap(usable))) {
    const winner = chosen.get(key) ?? (plugins.length === 1 ? plugins[0] : undefined);
    for (const plugin of plugins) {
      if (winner === undefined) {
        const rivals = plugins.filter((one) => one !== plugin).map((one) => one.package);
        refuse(plugin, `the name is also that of a plug-in of ${rivals.join(' and ')}`);
      } else if (winner === plugin) chosen.set(key, plugin);
      else refuse(plugin, 'the project has a plug-in of that name');
    }
  }
  const order = (a: Plugin, b: Plugin): number => (keyOf(a) < keyOf(b) ? -1 : 1);
  return { plugins: [...chosen.values()].sort(order), refused };
}

function keyOf({ kind, name }: Plugin): string {
  return `${kind} ${name}`;
}

function grouped(plugins: readonly Plugin[]): Map<string, Plugin[]> {
  const groups = new Map<string, Plugin[]>();
  for (const plugin of plugins) {
    const group = groups.get(keyOf(plugin));
    if (group === undefined) groups.set(keyOf(plugin), [plugin]);
    else group.push(plugin);
  }
  return groups;
}

function projectOf(folder: string): string | undefined {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : projectOf(parent);
}

/** The folder of an installed package, as Node looks for it. */
function folderOf(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(from);
  return parent === from ? undefined : folderOf(name, parent);
}

/** `onion of example@1.0.0 (node_modules/example/onion.js)`. */
export function pluginText({ name, package: owner, file }: Plugin): string {
  return `${name} of ${owner} (${relative(process.cwd(), file) || file})`;
}
