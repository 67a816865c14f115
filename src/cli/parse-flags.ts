/** Reads the flags of a command; every error is one line that says where help is. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

import { nearestName } from '../internal/nearest-name.js';
import { UsageError } from './usage-error.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>;

/**
 * @param command For messages: `demo`.
 * @throws UsageError
 */
export function parseFlags<O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  allowPositionals = false,
): Parsed<O> {
  try {
    return parseArgs({ args: withNumbersJoined(args), options, allowPositionals }) as Parsed<O>;
  } catch (error) {
    const what = firstSentence((error as Error).message);
    const unknown = /^Unknown option '-*([^']+)'/.exec(what)?.[1];
    const meant = unknown === undefined ? undefined : nearestName(unknown, Object.keys(options));
    const hint = meant === undefined ? '' : `, did you mean '--${meant}'?`;
    throw new UsageError(`${what}${hint}${hint === '' ? ';' : ''} ${helpFor(command)}`);
  }
}

/** The first sentence of a message of `parseArgs` says what is wrong; the others are about passing odd arguments. */
export function firstSentence(message: string): string {
  const [sentence = ''] = message.split(/\. |\n/, 1);
  return sentence.replace(/\.$/, '');
}

/** `--load -5` is a wrong number and not a missing one. */
function withNumbersJoined(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1);
    if (/^-\d/.test(arg) && last !== undefined && /^--[^=]+$/.test(last)) {
      joined[joined.length - 1] = `${last}=${arg}`;
    } else joined.push(arg);
  }
  return joined;
}

function helpFor(command: string): string {
  return `\`ropewalk ${command} --help\` lists the options`;
}

/** An error for a command that does not exist. */
export function unknownCommand(command: string, commands: readonly string[]): UsageError {
  const meant = nearestName(command, commands);
  const hint = meant === undefined ? ';' : `, did you mean "${meant}"?`;
  return new UsageError(`there is no command "${command}"${hint} \`ropewalk help\` lists them`);
}
