/** Users and passwords of Basic and Digest authentication. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import {
  checkChoice,
  checkPlainObject,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

/** Sent in UTF-8. */
export interface BasicCredentials {
  /** Without a colon. */
  readonly username: string;
  readonly password: string;
}

/** `basic` sends the password itself (RFC 7617); `digest` sends hashes of it and of the server's challenge (RFC 7616). */
export type AuthScheme = 'basic' | 'digest';

export interface AgentCredentials extends BasicCredentials {
  /** Default `basic`. */
  readonly scheme?: AuthScheme;
}

const SCHEMES: readonly AuthScheme[] = ['basic', 'digest'];
const NAMES: OptionNames<AgentCredentials> = { username: true, password: true, scheme: true };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError. They do not show the password. */
export function checkCredentials(auth: AgentCredentials): AgentCredentials {
  checkPlainObject('auth', auth);
  checkOptions('auth', auth, NAMES);
  const { username, password, scheme = 'basic' } = auth;
  checkSecretString('password of auth', password);
  checkChoice('scheme of auth', scheme, SCHEMES);
  if (!checkString('username of auth', username).includes(':')) {
    return { username, password, scheme };
  }
  throw new InvalidArgumentValueError('username of auth', 'a name without a colon', username);
}
