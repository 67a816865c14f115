/**
 * A server's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), sans-I/O, without channel binding.
 *
 *     created -start-> started -challenge-> challenged -verify-> verified -finish-> done
 *
 * A fault of the client makes it `failed`.
 */
import { createHash, createHmac } from 'node:crypto';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { checkChoice, checkFunction, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import type { CredentialsChecker } from '../checker.js';
import { type Credentials, shownName } from '../credentials.js';
import { CredentialsSequenceError, UnauthorizedLoginError } from '../errors.js';
import { saslprep } from '../names.js';
import { equalSecrets, RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import {
  type ClientFirst,
  invalidScram,
  parseClientFinal,
  parseClientFirst,
} from './scram-messages.js';
import {
  mac,
  nodeHash,
  SCRAM_HASHES,
  SCRAM_ITERATIONS,
  type ScramHash,
  ScramSecret,
} from './scram-secret.js';

/** A user name, and the proof of the password's knowledge for one exchange. */
export class ScramCredentials implements Credentials {
  readonly kind = 'scram' as const;
  /** After SASLprep. */
  readonly username: string;
  /** The identity as which the user wants to act, if it is not their own. */
  readonly authzid: string | undefined;
  readonly #hash: ScramHash;
  readonly #authMessage: string;
  readonly #proof: Uint8Array;

  /** @internal */
  constructor(first: ClientFirst, hash: ScramHash, authMessage: string, proof: Uint8Array) {
    this.username = first.username;
    this.authzid = first.authzid;
    this.#hash = hash;
    this.#authMessage = authMessage;
    this.#proof = proof;
  }

  /** Whether the client knows the password of this secret, which must be the one of the challenge. */
  checkSecret(secret: ScramSecret): boolean {
    if (secret.hash !== this.#hash) return false;
    const signature = mac(secret.hash, secret.storedKey, this.#authMessage);
    if (this.#proof.length !== signature.length) return false;
    const clientKey = signature.map((octet, index) => octet ^ (this.#proof[index] as number));
    const storedKey = createHash(nodeHash(secret.hash)).update(clientKey).digest();
    return equalSecrets(storedKey, secret.storedKey);
  }

  toString(): string {
    return `<ScramCredentials ${shownName(this.username)}>`;
  }
}

showAsText(ScramCredentials);

export interface ScramServerOptions {
  /** Default SHA-256. */
  readonly hash?: ScramHash;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<ScramServerOptions> = { hash: true, randomBytes: true };

type State = 'created' | 'started' | 'challenged' | 'verified' | 'done' | 'failed';

/**
 * One exchange.
 *
 * @example
 * const server = new ScramServer();
 * const { username } = server.start(await receive());
 * send(server.challenge(secrets.secretOf(username)));
 * const credentials = server.verify(await receive());
 * const session = await portal.login(credentials); // a portal with `secrets` as a checker
 * send(server.finish());
 */
export class ScramServer {
  readonly #hash: ScramHash;
  readonly #randomBytes: RandomBytes;
  #state: State = 'created';
  #first: ClientFirst | undefined;
  #secret: ScramSecret | undefined;
  #nonce = '';
  #serverFirst = '';
  #authMessage = '';

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ScramServerOptions = {}) {
    checkOptions('ScramServer', options, OPTIONS);
    const { hash = 'SHA-256', randomBytes = RANDOM_BYTES } = options;
    this.#hash = checkChoice('hash', hash, SCRAM_HASHES);
    checkFunction('randomBytes', randomBytes);
    this.#randomBytes = randomBytes;
  }

  /**
   * The first message of the client.
   * @returns The user name after SASLprep, whose secret `challenge` needs.
   * @throws InvalidCredentialsError, CredentialsSequenceError
   */
  start(message: Uint8Array | string): {
    readonly username: string;
    readonly authzid: string | undefined;
  } {
    this.#enter('created', 'failed');
    const first = parseClientFirst(message);
    const username = saslprep(first.username);
    if (username === undefined) throw invalidScram('the user name is not allowed by SASLprep');
    this.#first = { ...first, username };
    this.#state = 'started';
    return { username, authzid: first.authzid };
  }

  /**
   * @param secret That of the user; for an unknown user an invented one, which is always the same: see `ScramSecrets`.
   * @returns The message to send.
   * @throws CredentialsSequenceError, InvalidArgumentTypeError
   */
  challenge(secret: ScramSecret): Buffer {
    if (!(secret instanceof ScramSecret) || secret.hash !== this.#hash) {
      throw new InvalidArgumentTypeError('secret', `a ScramSecret of SCRAM-${this.#hash}`, secret);
    }
    this.#enter('started', 'challenged');
    const ours = Buffer.from(this.#randomBytes(18)).toString('base64');
    this.#nonce = `${this.#first?.nonce}${ours}`;
    this.#secret = secret;
    const salt = Buffer.from(secret.salt).toString('base64');
    this.#serverFirst = `r=${this.#nonce},s=${salt},i=${secret.iterations}`;
    return Buffer.from(this.#serverFirst);
  }

  /**
   * The final message of the client. The proof is checked by the login.
   * @throws InvalidCredentialsError, CredentialsSequenceError
   */
  verify(message: Uint8Array | string): ScramCredentials {
    this.#enter('challenged', 'failed');
    const first = this.#first as ClientFirst;
    const final = parseClientFinal(message);
    if (!equalSecrets(final.nonce, this.#nonce)) throw invalidScram('the nonce is another');
    if (final.binding !== first.header) throw invalidScram('the channel binding has changed');
    this.#authMessage = `${first.bare},${this.#serverFirst},${final.withoutProof}`;
    this.#state = 'verified';
    return new ScramCredentials(first, this.#hash, this.#authMessage, final.proof);
  }

  /**
   * After a successful login.
   * @returns The message by which the client sees that this server knows the password.
   * @throws CredentialsSequenceError
   */
  finish(): Buffer {
    this.#enter('verified', 'done');
    const { serverKey } = this.#secret as ScramSecret;
    return Buffer.from(`v=${mac(this.#hash, serverKey, this.#authMessage).toString('base64')}`);
  }

  /** After a failed login. @returns The message to send. @throws CredentialsSequenceError */
  refuse(): Buffer {
    this.#enter('verified', 'failed');
    return Buffer.from('e=invalid-proof');
  }

  #enter(from: State, to: State): void {
    if (this.#state !== from) {
      throw new CredentialsSequenceError(`SCRAM: the exchange is ${this.#state}, not ${from}`);
    }
    this.#state = to;
  }
}

export interface ScramSecretsOptions {
  /** The hash of the secrets. Default SHA-256. */
  readonly hash?: ScramHash;
  /** The iterations of invented secrets: use those of the real ones. Default 15,000. */
  readonly iterations?: number;
  /** For the key of invented secrets. Keep it over restarts, otherwise their salts change. Default: random. */
  readonly key?: Uint8Array;
}

const SECRETS_OPTIONS: OptionNames<ScramSecretsOptions> = {
  hash: true,
  iterations: true,
  key: true,
};

/**
 * Secrets in memory, as a checker. An unknown user gets an invented secret, whose salt depends on the name: without it, a challenge
 * would show who exists.
 */
export class ScramSecrets implements CredentialsChecker<ScramCredentials> {
  readonly kinds = ['scram'] as const;
  readonly #secrets: Map<string, ScramSecret> = new Map();
  readonly #hash: ScramHash;
  readonly #iterations: number;
  readonly #key: Uint8Array;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ScramSecretsOptions = {}) {
    checkOptions('ScramSecrets', options, SECRETS_OPTIONS);
    const { hash = 'SHA-256', iterations = SCRAM_ITERATIONS, key = RANDOM_BYTES(32) } = options;
    this.#hash = checkChoice('hash', hash, SCRAM_HASHES);
    this.#iterations = checkInteger('iterations', iterations, 1, 2 ** 31 - 1);
    if (!(key instanceof Uint8Array))
      throw new InvalidArgumentTypeError('key', 'a Uint8Array', Object(key));
    this.#key = key;
  }

  /** @throws InvalidArgumentTypeError the secret has another hash, or the name is forbidden by SASLprep. */
  set(username: string, secret: ScramSecret): void {
    const name = saslprep(username);
    if (name === undefined) {
      throw new InvalidArgumentTypeError('username', 'a name that SASLprep allows', username);
    }
    if (!(secret instanceof ScramSecret) || secret.hash !== this.#hash) {
      throw new InvalidArgumentTypeError('secret', `a ScramSecret of SCRAM-${this.#hash}`, secret);
    }
    this.#secrets.set(name, secret);
  }

  delete(username: string): boolean {
    return this.#secrets.delete(saslprep(username) ?? '');
  }

  /** The secret of a user, or an invented one. @param username After SASLprep, as `start` returns it. */
  secretOf(username: string): ScramSecret {
    const invented = this.#invented(username);
    return this.#secrets.get(username) ?? invented;
  }

  requestAvatarId(credentials: ScramCredentials): string {
    const { username, authzid } = credentials;
    const known = this.#secrets.has(username);
    const proven = credentials.checkSecret(this.secretOf(username));
    const own = authzid === undefined || authzid === username;
    if (!known || !proven || !own) throw new UnauthorizedLoginError();
    return username;
  }

  toString(): string {
    return `<ScramSecrets, ${this.#secrets.size} users>`;
  }

  #invented(username: string): ScramSecret {
    const part = (name: string): Buffer =>
      createHmac(nodeHash(this.#hash), this.#key).update(`${name} ${username}`).digest();
    return new ScramSecret(this.#hash, this.#iterations, {
      salt: part('salt').subarray(0, 16),
      storedKey: part('stored key'),
      serverKey: part('server key'),
    });
  }
}

showAsText(ScramSecrets);
