/** Writes htpasswd files: complete or not at all. */
import { constants } from 'node:fs';
import { chmod, chown, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { Deferred } from '../../defer/deferred.js';
import { checkSecretString, checkString } from '../../internal/check.js';
import { CredentialsFileError } from '../errors.js';
import { exactName } from '../names.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { MAX_FILE_BYTES } from './reloaded-file.js';

const MAX_NAME_BYTES = 255;
const BOM = Buffer.from('\ufeff');

/**
 * Sets the password of a user in an htpasswd file, which is created with mode 600 if it does not exist. The new version is written beside the
 * file, flushed to the disk, and renamed, with the old mode and owner. `FILE.lock` excludes other writers.
 *
 * Fails with CredentialsFileError, UnsuitablePasswordError, or an error of the hasher.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function setPassword(
  path: string,
  username: string,
  password: string,
  hasher: PasswordHasher = new PasswordHasher(),
): Deferred<void> {
  checkString('path', path);
  checkUsername(username);
  checkSecretString('password', password);
  return hasher.hash(password).addCallback<void>(async (hash) => {
    await writeUser(path, username, `${username}:${hash}`);
  });
}

/**
 * Removes a user from an htpasswd file, in the same way. Fires with whether the user was in it.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function removeUser(path: string, username: string): Deferred<boolean> {
  checkString('path', path);
  checkUsername(username);
  return Deferred.fromPromise(writeUser(path, username, undefined));
}

/** @internal @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkUsername(username: string): void {
  const bytes = Buffer.byteLength(checkString('username', username));
  const allowed = exactName(username) !== undefined && !/[:#\ufeff\ufffd]/.test(username);
  if (allowed && bytes <= MAX_NAME_BYTES) return;
  const expected = `a name of at most ${MAX_NAME_BYTES} octets without colons, number signs and control characters`;
  throw new InvalidArgumentValueError('username', expected, username);
}

/** @returns Whether the user was in the file. */
async function writeUser(
  path: string,
  username: string,
  line: string | undefined,
): Promise<boolean> {
  // The file that a link points to is replaced, not the link.
  const target = await realpath(path).catch(() => join(path));
  const lock = `${target}.lock`;
  let handle: FileHandle;
  try {
    handle = await open(lock, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (cause) {
    const exists = (cause as { code?: unknown }).code === 'EEXIST';
    const problem = exists
      ? `another program is writing it. If none is, remove ${lock}`
      : 'it cannot be written';
    throw new CredentialsFileError(path, problem, undefined, { cause });
  }
  try {
    const old = await readOld(path, target);
    const { text, found } = replaced(old, username, line);
    await handle.writeFile(text);
    await handle.sync();
    await copyOwner(target, lock);
    await rename(lock, target);
    return found;
  } catch (error) {
    await rm(lock, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function readOld(path: string, target: string): Promise<string> {
  let handle: FileHandle;
  try {
    handle = await open(target, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') return '';
    throw new CredentialsFileError(path, 'it cannot be read', undefined, { cause });
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new CredentialsFileError(path, 'it is not a regular file');
    if (facts.size > MAX_FILE_BYTES) throw new CredentialsFileError(path, 'it is too large');
    // Octets of other lines stay as they are. A byte order mark would hide the first user.
    const octets = await handle.readFile();
    return octets.subarray(octets.indexOf(BOM) === 0 ? BOM.length : 0).toString('latin1');
  } finally {
    await handle.close();
  }
}

/** All lines of the user are replaced by one. Texts are octets, as characters of Latin-1. */
function replaced(
  old: string,
  username: string,
  line: string | undefined,
): { readonly text: Buffer; readonly found: boolean } {
  const prefix = `${Buffer.from(username).toString('latin1')}:`;
  const lines = old.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const first = lines.findIndex((one) => one.startsWith(prefix));
  const kept: string[] = [];
  for (const [index, one] of lines.entries()) {
    if (!one.startsWith(prefix)) kept.push(one);
    else if (index === first && line !== undefined) kept.push(Buffer.from(line).toString('latin1'));
  }
  if (first < 0 && line !== undefined) kept.push(Buffer.from(line).toString('latin1'));
  const text = kept.length === 0 ? '' : `${kept.join('\n')}\n`;
  return { text: Buffer.from(text, 'latin1'), found: first >= 0 };
}

async function copyOwner(from: string, to: string): Promise<void> {
  const facts = await stat(from).catch(() => undefined);
  if (facts === undefined) return;
  await chmod(to, facts.mode & 0o777);
  // Only root may give files away; for others the owner becomes this process's, as with htpasswd.
  if (process.getuid?.() === 0) await chown(to, facts.uid, facts.gid);
}
