/** `ropewalk new`: writes a protocol or a service with its test. */
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf } from '../core/text-of.js';
import { type Files, packageFiles, protocolFiles, serviceFiles } from './new-files.js';
import { parseFlags } from './parse-flags.js';
import { choice } from './reactor-choice.js';
import { UsageError } from './usage-error.js';

export const NEW_USAGE: string = `Usage: ropewalk new protocol NAME [--here]
       ropewalk new service NAME [--here]

Writes a protocol, or a service for \`ropewalk run\`, with a test: a folder NAME
with a package of TypeScript. Existing files are not replaced.

  --here            write only NAME.ts and NAME.test.ts, into this folder
  --help            show this

NAME is of lower-case letters, digits and single hyphens, such as my-chat.
Exit code 0: written; 1: it could not be written; 2: wrong arguments.
`;

const KINDS = ['protocol', 'service'] as const;
const FLAGS = { help: { type: 'boolean', short: 'h' }, here: { type: 'boolean' } } as const;
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_NAME = 50;
/** Devices of Windows, and the packages that it depends on. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d|ropewalk|tsx|typescript)$/;
const FAILED = 1;

/**
 * @param version Of this package.
 * @returns The exit code.
 * @throws UsageError
 */
export function runNew(args: readonly string[], version: string): number {
  const { values, positionals } = parseFlags('new', args, FLAGS, true);
  if (values.help === true) {
    process.stdout.write(NEW_USAGE);
    return 0;
  }
  const [first, name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) {
    throw new UsageError('new takes `protocol NAME` or `service NAME`');
  }
  const kind = choice('new', first, KINDS);
  checkName(name);
  const own = kind === 'protocol' ? protocolFiles(name) : serviceFiles(name);
  const files = values.here === true ? own : { ...packageFiles(name, kind, version), ...own };
  const folder = values.here === true ? undefined : name;
  try {
    writeAll(files, folder);
  } catch (error) {
    process.stderr.write(`ropewalk: ${failureText(error as NodeJS.ErrnoException)}\n`);
    return FAILED;
  }
  process.stdout.write(nextSteps(Object.keys(files), folder, name, kind));
  return 0;
}

/** @throws UsageError */
function checkName(name: string): void {
  if (!NAME.test(name) || name.length > MAX_NAME) {
    throw new UsageError(
      `the name is of lower-case letters, digits and single hyphens, and begins with a letter; at most ${MAX_NAME} ` +
        `characters: not "${name}"`,
    );
  }
  if (RESERVED.test(name)) throw new UsageError(`the name ${name} is reserved: choose another`);
}

/** Writes all files or none. @throws SystemError */
function writeAll(files: Files, folder: string | undefined): void {
  // Fails if it exists, also as a dangling link.
  if (folder !== undefined) mkdirSync(folder);
  const written: string[] = [];
  try {
    for (const [file, text] of Object.entries(files)) {
      const path = folder === undefined ? file : join(folder, file);
      writeFileSync(path, text, { flag: 'wx' });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    if (folder !== undefined) rmdirSync(folder);
    throw error;
  }
}

function failureText(error: NodeJS.ErrnoException): string {
  if (error.code === 'EEXIST') return `${error.path} exists already, nothing was written`;
  return `nothing was written: ${messageOf(error)}`;
}

function nextSteps(
  files: readonly string[],
  folder: string | undefined,
  name: string,
  kind: (typeof KINDS)[number],
): string {
  const list = files.map((file) => `  ${folder === undefined ? file : `${folder}/${file}`}\n`);
  const steps =
    folder === undefined
      ? [
          'npm install --save-dev tsx            # if the project lacks it',
          `node --import tsx --test ${name}.test.ts`,
          ...(kind === 'service' ? [`npx ropewalk run ${name}.ts`] : []),
        ]
      : [`cd ${folder}`, 'npm install', 'npm test', ...(kind === 'service' ? ['npm start'] : [])];
  return `Written:\n${list.join('')}\nNext:\n${steps.map((step) => `  ${step}\n`).join('')}`;
}
