/**
 * A server's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), sans-I/O, without channel binding.
 *
 *     created -start-> started -challenge-> challenged -verify-> verified -finish-> done
 *
 * A fault of the client makes it `failed`.
 */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { checkChoice, checkFunction } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { CredentialsSequenceError } from '../errors.js';
import { saslprep } from '../names.js';
import { equalSecrets, RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import { ScramCredentials } from './scram-credentials.js';
import {
  type ClientFirst,
  invalidScram,
  parseClientFinal,
  parseClientFirst,
} from './scram-messages.js';
import { mac, SCRAM_HASHES, type ScramHash, ScramSecret } from './scram-secret.js';

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
