#!/usr/bin/env node
/** The `ropewalk` command: selects the subcommand, and turns errors into one line and an exit code. */
import { readFileSync } from 'node:fs';

import { BUILT_INS } from './built-ins.js';
import { COMMAND_NAMES } from './command-names.js';
import { parseFlags, unknownCommand } from './parse-flags.js';
import { UsageError } from './usage-error.js';

const USAGE = `Usage: ropewalk <command> [flags]

  completion  print a script that completes this command in bash, zsh or fish
  demo        run an echo and a chat server with a live view
  dashboard   print the figures of a running program and open its page
  doctor      report whether the native reactor works here, and what to change
  echo        serve an echo: it sends back all that it receives
  new         write a program to begin with: ropewalk new service NAME
  passwd      set a password in a file of users: ropewalk passwd FILE USER
  plugins     list the plug-ins of this project, and those that cannot be used
  portforward forward connections to another place: ropewalk portforward TARGET
  procmon     keep a program running: ropewalk procmon PROGRAM
  run         run a program's services: ropewalk run FILE
  socks       run a SOCKS proxy
  talk        exchange lines with a server: ropewalk talk HOST PORT
  web         serve the files of a folder by HTTP: ropewalk web ROOT
  help        show this, or explain a command: ropewalk help COMMAND
  version     show the version of this package
`;

const FLAGS = { help: { type: 'boolean', short: 'h' } } as const;
const EXPLAINED_HERE = ['help', 'version'];

type Args = readonly string[];

/** Commands load their code when they run. */
const COMMANDS: Readonly<Record<string, (args: Args) => number | Promise<number>>> = {
  completion: async (args) => (await import('./completion.js')).runCompletion(args),
  dashboard: async (args) => (await import('./dashboard.js')).runDashboard(args),
  demo: async (args) => (await import('./demo.js')).runDemo(args),
  doctor: async (args) => (await import('./doctor.js')).runDoctor(args, packageVersion()),
  help: showHelp,
  new: async (args) => (await import('./new.js')).runNew(args, packageVersion()),
  passwd: async (args) => (await import('./passwd.js')).runPasswd(args),
  plugins: async (args) => (await import('./plugins-command.js')).runPlugins(args),
  run: async (args) => (await import('./run.js')).runRun(args),
  talk: async (args) => (await import('./talk.js')).runTalk(args),
  version: showVersion,
};
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
};

let outputFailed = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // EPIPE: its reader has finished, as in `| head -1`.
  if (error.code === 'EPIPE' || outputFailed) return;
  outputFailed = true;
  process.exitCode = 1;
  process.stderr.write(`ropewalk: the output failed: ${error.message}\n`);
});
process.stderr.on('error', () => {});

const exitCode = await main(process.argv.slice(2));
process.exitCode = exitCode === 0 && outputFailed ? 1 : exitCode;

async function main([name = 'help', ...args]: Args): Promise<number> {
  try {
    const command = Object.hasOwn(OTHER_NAMES, name) ? (OTHER_NAMES[name] as string) : name;
    const builtIn = BUILT_INS.find((one) => one.name === command);
    if (builtIn !== undefined) return await (await import('./run.js')).runRun(args, builtIn);
    const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    return await (run === undefined ? runOther(command, args) : run(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`ropewalk: ${error.message}\n`);
    return 2;
  }
}

/** @throws UsageError there is no such plug-in. */
async function runOther(name: string, args: Args): Promise<number> {
  const { commandPlugin, commandPluginNames, runPlugin } = await import('./run-plugin.js');
  const plugin = commandPlugin(name);
  if (plugin === undefined) throw unknownCommand(name, [...COMMAND_NAMES, ...commandPluginNames()]);
  return await runPlugin(plugin, args);
}

async function showHelp(args: Args): Promise<number> {
  const [command, ...rest] = parseFlags('help', args, FLAGS, true).positionals;
  if (command !== undefined && !EXPLAINED_HERE.includes(command)) {
    return await main([command, '--help', ...rest]);
  }
  const { pluginHelp } = await import('./plugins-command.js');
  process.stdout.write(`${USAGE}${pluginHelp(process.cwd())}`);
  return 0;
}

function showVersion(args: Args): number | Promise<number> {
  if (parseFlags('version', args, FLAGS).values.help === true) return showHelp([]);
  process.stdout.write(`ropewalk ${packageVersion()}\n`);
  return 0;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
