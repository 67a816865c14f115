/** `ropewalk plugins`: lists the plug-ins that were found, and those that cannot be used. */
import { parseFlags } from './parse-flags.js';
import { PLUGIN_KINDS, type Plugin } from './plugin-manifest.js';
import { findPlugins, type PluginList, pluginText } from './plugins.js';
import { choice } from './reactor-choice.js';
import { UsageError } from './usage-error.js';

export const PLUGINS_USAGE: string = `Usage: ropewalk plugins [--json | --names KIND]

Lists the plug-ins of the project and of its direct dependencies, with the file
of each, and those that cannot be used, with the reason. The project is the
nearest folder, from this one upwards, that has a package.json. Plug-ins are
declared in its field "ropewalk", and are loaded only when they are used:

  commands          ropewalk NAME
  services          ropewalk run NAME
  endpoints         types of endpoint strings
  checkers          types of checkers of passwords, for --auth of socks

  --json            print the list as JSON
  --names KIND      print only the names of commands, services, endpoints or
                    checkers
  --help            show this

Exit code 0: all plug-ins can be used; 1: some cannot; 2: wrong arguments.
`;

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  names: { type: 'string' },
} as const;

/** @returns The exit code. @throws UsageError */
export function runPlugins(args: readonly string[]): number {
  const { help, json, names } = parseFlags('plugins', args, FLAGS).values;
  if (help === true) {
    process.stdout.write(PLUGINS_USAGE);
    return 0;
  }
  if (json === true && names !== undefined) {
    throw new UsageError('plugins takes --json or --names, not both');
  }
  const list = findPlugins(process.cwd());
  if (names !== undefined) {
    const kind = choice('--names', names, PLUGIN_KINDS);
    const wanted = list.plugins.filter((plugin) => plugin.kind === kind);
    process.stdout.write(wanted.map(({ name }) => `${name}\n`).join(''));
    return 0;
  }
  process.stdout.write(json === true ? `${JSON.stringify(list, undefined, 2)}\n` : listText(list));
  return list.refused.length > 0 ? 1 : 0;
}

function listText({ project, plugins, refused }: PluginList): string {
  if (project === undefined) return 'There is no package.json here or above.\n';
  const lines = [`The plug-ins of ${project}:`, ''];
  for (const kind of PLUGIN_KINDS) {
    const some = plugins.filter((plugin) => plugin.kind === kind);
    if (some.length > 0) lines.push(`${kind}:`);
    for (const plugin of some) lines.push(`  ${pluginText(plugin)}`);
  }
  if (plugins.length === 0) lines.push('  none');
  if (refused.length > 0) lines.push('', 'These cannot be used:');
  for (const { what, reason } of refused) lines.push(`  ${what}: ${reason}`);
  return `${lines.join('\n')}\n`;
}

/** The lines of \`ropewalk help\` about plug-ins; empty if there are none. */
export function pluginHelp(folder: string): string {
  const { plugins, refused } = findPlugins(folder);
  const part = (kind: Plugin['kind'], title: string): string[] => {
    const some = plugins.filter((plugin) => plugin.kind === kind);
    const rows = some.map(({ name, description }) =>
      `  ${name.padEnd(11)} ${description}`.trimEnd(),
    );
    return some.length === 0 ? [] : ['', title, '', ...rows];
  };
  const lines = [
    ...part('commands', 'Commands of plug-ins:'),
    ...part('services', 'Services of plug-ins, for `ropewalk run NAME`:'),
  ];
  if (refused.length > 0) {
    lines.push('', `${refused.length} plug-ins cannot be used: \`ropewalk plugins\` says why.`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
