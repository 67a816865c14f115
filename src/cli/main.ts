#!/usr/bin/env node
/** The `ropewalk` command: selects the subcommand, and turns errors into one line and an exit code. */
import { readFileSync } from 'node:fs';

import { runDemo } from './demo.js';
import { runDoctor } from './doctor.js';
import { unknownCommand } from './parse-flags.js';
import { runTalk } from './talk.js';
import { UsageError } from './usage-error.js';

const USAGE = `Usage: ropewalk <command> [flags]

  demo      run an echo and a chat server with a live view
  talk      connect to a server and exchange lines with it: ropewalk talk HOST PORT
  doctor    report whether the native reactor works here, and what to change
  help      show this
  version   show the version of this package

\`ropewalk <command> --help\` explains a command.
`;

const COMMANDS = ['demo', 'doctor', 'talk', 'help', 'version'];

process.exitCode = await main(process.argv.slice(2));

async function main([command = 'help', ...args]: readonly string[]): Promise<number> {
  try {
    switch (command) {
      case 'demo':
        return await runDemo(args);
      case 'doctor':
        return await runDoctor(args, packageVersion());
      case 'talk':
        return await runTalk(args);
      case 'help':
      case '--help':
      case '-h':
        process.stdout.write(USAGE);
        return 0;
      case 'version':
      case '--version':
      case '-v':
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

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
