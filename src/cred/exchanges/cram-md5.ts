/** CRAM-MD5 (RFC 2195), sans-I/O. The server needs the password in clear; prefer SCRAM. */
import { createHmac } from 'node:crypto';
import { checkFunction, checkSecretString, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { type HashedPasswordCredentials, shownName } from '../credentials.js';
import { InvalidCredentialsError } from '../errors.js';
import { equalSecrets, RANDOM_BYTES, type RandomBytes } from '../secrets.js';

export interface CramMD5ChallengeOptions {
  /** The name of the server, in the challenge. Default `localhost`. */
  readonly host?: string;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<CramMD5ChallengeOptions> = { host: true, randomBytes: true };
const MAX_RESPONSE_BYTES = 1_024;

/**
 * One challenge of a server, for one response.
 *
 * @example
 * const challenge = new CramMD5Challenge({ host: 'mail.example.com' });
 * send(base64(challenge.text));
 * portal.login(challenge.respond(decoded));
 */
export class CramMD5Challenge {
  /** Without base64. */
  readonly text: string;

  /** @throws InvalidArgumentTypeError, UnknownOptionError */
  constructor(options: CramMD5ChallengeOptions = {}) {
    checkOptions('CramMD5Challenge', options, OPTIONS);
    const { host = 'localhost', randomBytes = RANDOM_BYTES } = options;
    checkString('host', host);
    checkFunction('randomBytes', randomBytes);
    this.text = `<${Buffer.from(randomBytes(16)).toString('hex')}@${host}>`;
  }

  /**
   * @param response The client's response without base64: a user name, a space, and 32 hexadecimal digits.
   * @throws InvalidCredentialsError
   */
  respond(response: Uint8Array | string): CramMD5Credentials {
    const text = Buffer.from(response as string).toString();
    const space = text.lastIndexOf(' ');
    const digest = text.slice(space + 1);
    if (text.length > MAX_RESPONSE_BYTES || space < 1 || !/^[0-9a-f]{32}$/i.test(digest)) {
      throw new InvalidCredentialsError('CRAM-MD5: the response is malformed');
    }
    return new CramMD5Credentials(text.slice(0, space), this.text, digest.toLowerCase());
  }
}

/** A user name and a digest of the challenge, keyed with the password. */
export class CramMD5Credentials implements HashedPasswordCredentials {
  readonly kind = 'hashed-password' as const;
  readonly username: string;
  readonly #challenge: string;
  readonly #digest: string;

  /** @internal */
  constructor(username: string, challenge: string, digest: string) {
    this.username = username;
    this.#challenge = challenge;
    this.#digest = digest;
  }

  checkPassword(password: string): boolean {
    return equalSecrets(digestOf(this.#challenge, password), this.#digest);
  }

  toString(): string {
    return `<CramMD5Credentials ${shownName(this.username)}>`;
  }
}

showAsText(CramMD5Credentials);

/**
 * The response of a client to a challenge, both without base64.
 * @throws InvalidArgumentTypeError
 */
export function cramMD5Response(
  challenge: Uint8Array | string,
  username: string,
  password: string,
): string {
  checkString('username', username);
  const text = Buffer.from(challenge as string);
  return `${username} ${digestOf(text, checkSecretString('password', password))}`;
}

function digestOf(challenge: string | Uint8Array, password: string): string {
  return createHmac('md5', password).update(challenge).digest('hex');
}
