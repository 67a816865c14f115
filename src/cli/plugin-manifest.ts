/** The plug-ins that a package declares: the field `ropewalk` of its package.json. No code of the package is loaded. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

import { messageOf } from '../core/text-of.js';
import { printable } from '../internal/printable.js';

export const PLUGIN_KINDS = ['commands', 'services', 'endpoints', 'checkers'] as const;
/** `commands` are run by `ropewalk NAME`, `services` by `ropewalk run NAME`; `endpoints` and `checkers` are types of such strings. */
export type PluginKind = (typeof PLUGIN_KINDS)[number];

export interface Plugin {
  readonly kind: PluginKind;
  readonly name: string;
  readonly description: string;
  /** The name and version of its package. */
  readonly package: string;
  /** Its module: an absolute path. */
  readonly file: string;
}

/** A plug-in, or all those of a package, that cannot be used. */
export interface RefusedPlugin {
  readonly what: string;
  readonly reason: string;
}

export interface Manifest {
  readonly plugins: Plugin[];
  readonly refused: RefusedPlugin[];
  /** The names of its dependencies. */
  readonly dependencies: readonly string[];
}

const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Of one kind in one package. */
const MAX_PLUGINS = 100;
const MAX_DEPENDENCIES = 2_000;
const MAX_DESCRIPTION = 50;
const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;

type JSONObject = Readonly<Record<string, unknown>>;

/** Reads the package.json of a folder. Faults of it are in `refused`. */
export function readManifest(folder: string): Manifest {
  const plugins: Plugin[] = [];
  const refused: RefusedPlugin[] = [];
  let json: JSONObject;
  try {
    json = readJSON(join(folder, 'package.json'));
  } catch (error) {
    const what = printable(join(folder, 'package.json'));
    return { plugins, refused: [{ what, reason: messageOf(error) }], dependencies: [] };
  }
  const owner = ownerOf(json, folder);
  const refuse = (what: string, reason: string): void => {
    refused.push({ what: printable(`${what} of ${owner}`), reason: printable(reason) });
  };
  const { ropewalk } = json;
  if (ropewalk !== undefined && !isObject(ropewalk)) refuse('the field ropewalk', 'is no object');
  for (const [kind, entries] of Object.entries(isObject(ropewalk) ? ropewalk : {})) {
    if (!isOneOf(PLUGIN_KINDS, kind)) {
      refuse(`the field ropewalk.${kind}`, `unknown: the kinds are ${PLUGIN_KINDS.join(', ')}`);
    } else if (!isObject(entries) || Object.keys(entries).length > MAX_PLUGINS) {
      refuse(`the field ropewalk.${kind}`, `is no object of at most ${MAX_PLUGINS} plug-ins`);
    } else {
      for (const [name, entry] of Object.entries(entries)) {
        try {
          plugins.push(pluginOf(kind, name, entry, folder, owner));
        } catch (error) {
          refuse(`${kind} ${name}`, messageOf(error));
        }
      }
    }
  }
  return { plugins, refused, dependencies: dependenciesOf(json) };
}

/** @throws Error with the reason. */
function pluginOf(
  kind: PluginKind,
  name: string,
  entry: unknown,
  folder: string,
  owner: string,
): Plugin {
  if (!NAME.test(name)) {
    throw new Error('the name is not of lower-case letters, digits and hyphens, at most 31');
  }
  const { module, description = '' } = isObject(entry) ? entry : { module: entry };
  if (typeof module !== 'string' || !module.startsWith('./')) {
    throw new Error('its module is not a path that begins with ./');
  }
  if (typeof description !== 'string') throw new Error('its description is no string');
  const file = join(folder, module);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Error(`there is no file ${module}`);
  }
  if (!realpathSync(file).startsWith(realpathSync(folder) + sep)) {
    throw new Error(`${module} is outside of its package`);
  }
  const shown = printable(description.replace(/\s+/g, ' ').slice(0, MAX_DESCRIPTION));
  return { kind, name, description: shown, package: owner, file };
}

/** @throws Error with the reason. */
function readJSON(path: string): JSONObject {
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error('is no file');
  if (stat.size > MAX_MANIFEST_BYTES) throw new Error(`has more than ${MAX_MANIFEST_BYTES} bytes`);
  const json: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  if (!isObject(json)) throw new Error('is no JSON object');
  return json;
}

function ownerOf({ name, version }: JSONObject, folder: string): string {
  if (typeof name !== 'string') return printable(folder);
  return printable(typeof version === 'string' ? `${name}@${version}` : name);
}

function dependenciesOf(json: JSONObject): string[] {
  const { dependencies, devDependencies, optionalDependencies } = json;
  const all = [dependencies, devDependencies, optionalDependencies].flatMap((list) => {
    return isObject(list) ? Object.keys(list) : [];
  });
  const names = [...new Set(all)].filter((name) => PACKAGE_NAME.test(name));
  return names.slice(0, MAX_DEPENDENCIES);
}

function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value);
}
