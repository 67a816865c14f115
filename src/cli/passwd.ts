/** `ropewalk passwd`: sets and removes passwords in the files of users that `ropewalk socks --auth file:FILE` reads. */
import { existsSync } from 'node:fs';

import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { RopewalkError } from '../core/errors/base.js';
import { printable } from '../internal/printable.js';
import { parseFlags } from './parse-flags.js';
import { InputError, readNewPassword } from './password-input.js';
import { choice } from './reactor-choice.js';
import { UsageError } from './usage-error.js';

export const PASSWD_USAGE: string = `Usage: ropewalk passwd [flags] FILE USER

Sets the password of USER in FILE, an htpasswd file, which is created with mode
600 if it does not exist. On a terminal, which does not show it, the password is
asked for twice; otherwise it is the only line of standard input. It is never an
argument, because other users of the machine can see those.

  --delete          remove USER
  --scheme SCHEME   scrypt (default), argon2id (Node 24.7 or later), or bcrypt
                    (needs the package bcryptjs)
  --help            show this

Exit code 0: done; 1: it failed, or --delete found no such user; 2: wrong
arguments.
`;

const FLAGS = {
  delete: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  scheme: { type: 'string' },
} as const;
const SCHEMES = ['scrypt', 'argon2id', 'bcrypt'] as const;
const FAILED = 1;

/** @returns The exit code. @throws UsageError */
export async function runPasswd(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('passwd', args, FLAGS, true);
  if (values.help === true) {
    process.stdout.write(PASSWD_USAGE);
    return 0;
  }
  const [file, user, ...rest] = positionals;
  if (file === undefined || user === undefined || rest.length > 0) {
    throw new UsageError('passwd takes a FILE and a USER; `ropewalk passwd --help` explains');
  }
  const { scheme } = values;
  if (values.delete === true && scheme !== undefined) {
    throw new UsageError('passwd takes --delete or --scheme, not both');
  }
  const chosen = scheme === undefined ? 'scrypt' : choice('--scheme', scheme, SCHEMES);
  try {
    return values.delete === true ? await remove(file, user) : await set(file, user, chosen);
  } catch (error) {
    if (isArgumentError(error)) throw new UsageError(`passwd: ${error.message}`);
    if (!(error instanceof RopewalkError || error instanceof InputError)) throw error;
    process.stderr.write(`ropewalk: ${error.message}\n`);
    return FAILED;
  }
}

async function set(file: string, user: string, scheme: (typeof SCHEMES)[number]): Promise<number> {
  const { checkUsername, setPassword } = await import('../cred/files/write-users.js');
  const { PasswordHasher } = await import('../cred/passwords/password-hasher.js');
  checkUsername(user);
  const exists = existsSync(file);
  const password = await readNewPassword(user);
  await setPassword(file, user, password, new PasswordHasher({ scheme }));
  const created = exists ? '' : ', which has been created';
  process.stdout.write(`set the password of ${printable(user)} in ${printable(file)}${created}\n`);
  return 0;
}

async function remove(file: string, user: string): Promise<number> {
  const { removeUser } = await import('../cred/files/write-users.js');
  if (existsSync(file) && (await removeUser(file, user))) {
    process.stdout.write(`removed ${printable(user)} from ${printable(file)}\n`);
    return 0;
  }
  process.stderr.write(`ropewalk: ${printable(file)} has no user ${printable(user)}\n`);
  return FAILED;
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof InvalidArgumentTypeError || error instanceof InvalidArgumentValueError;
}
