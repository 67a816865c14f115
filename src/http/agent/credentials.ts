/** Users and passwords of Basic authentication. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkPlainObject, checkSecretString, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

/** Sent in UTF-8. */
export interface BasicCredentials {
  /** Without a colon. */
  readonly username: string;
  readonly password: string;
}

const NAMES: OptionNames<BasicCredentials> = { username: true, password: true };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError. They do not show the password. */
export function checkCredentials(auth: BasicCredentials): BasicCredentials {
  checkPlainObject('auth', auth);
  checkOptions('auth', auth, NAMES);
  const { username, password } = auth;
  checkSecretString('password of auth', password);
  if (!checkString('username of auth', username).includes(':')) return { username, password };
  throw new InvalidArgumentValueError('username of auth', 'a name without a colon', username);
}
