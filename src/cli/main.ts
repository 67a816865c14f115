#!/usr/bin/env node
/** The `ropewalk` command: selects the subcommand, and turns errors into one line and an exit code. */
import { readFileSync } from 'node:fs';

import { BUILT_INS } from './built-ins.js';
import { runCompletion } from './completion.js';
import { runDashboard } from './dashboard.js';
import { runDemo } from './demo.js';
import { runDoctor } from './doctor.js';
import { parseFlags, unknownCommand } from './parse-flags.js';
import { runRun } from './run.js';
import { runTalk } from './talk.js';
import { UsageError } from './usage-error.js';

const USAGE = `Usage: ropewalk <command> [flags]

  completion print a script that completes this command in bash, zsh or fish
  demo      run an echo and a chat server with a live view
  dashboard print the figures of a running program and open its page
  echo      serve an echo: it sends back all that it receives
  procmon   keep a program running: ropewalk procmon PROGRAM
  run       run a program's services: ropewalk run FILE
  socks     run a SOCKS proxy
  talk      exchange lines with a server: ropewalk talk HOST PORT
  doctor    report whether the native reactor works here, and what to change
  web       serve the files of a folder by HTTP: ropewalk web ROOT
  help      show this, or explain a command: ropewalk help COMMAND
  version   show the version of this package
`;

const FLAGS = { help: { type: 'boolean', short: 'h' } } as const;
const EXPLAINED_HERE = ['help', 'version'];
const COMMANDS = [
  'completion',
  'dashboard',
  'demo',
  'doctor',
  'run',
  'talk',
  ...BUILT_INS.map(({ name }) => name),
  ...EXPLAINED_HERE,
];

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

async function main([command = 'help', ...args]: readonly string[]): Promise<number> {
  try {
    const builtIn = BUILT_INS.find(({ name }) => name === command);
    if (builtIn !== undefined) return await runRun(args, builtIn);
    switch (command) {
      case 'completion':
        return runCompletion(args);
      case 'dashboard':
        return await runDashboard(args);
      case 'demo':
        return await runDemo(args);
      case 'doctor':
        return await runDoctor(args, packageVersion());
      case 'run':
        return await runRun(args);
      case 'talk':
        return await runTalk(args);
      case 'help':
      case '--help':
      case '-h':
        return await showHelp(args);
      case 'version':
      case '--version':
      case '-v':
        if (parseFlags('version', args, FLAGS).values.help === true) return await showHelp([]);
        process.stdout.write(`ropewalk ${packageVersion()}\n`);
        return 0;
      default:
        throw unknownCommand(command, COMMANDS);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`ropewalk: ${error.message}\n`);
    return 2;
  }
}

async function showHelp(args: readonly string[]): Promise<number> {
  const [command, ...rest] = parseFlags('help', args, FLAGS, true).positionals;
  if (command !== undefined && !EXPLAINED_HERE.includes(command)) {
    return await main([command, '--help', ...rest]);
  }
  process.stdout.write(USAGE);
  return 0;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
