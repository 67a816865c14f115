/**
 * A client's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), sans-I/O, without channel binding.
 *
 *     created -start-> started -answer-> answering, until its Deferred fires: answered -finish-> done
 *
 * A fault of the server makes it `failed`.
 */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { Deferred } from '../../defer/deferred.js';
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { CredentialsSequenceError } from '../errors.js';
import { saslprep } from '../names.js';
import { equalSecrets, RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import { encodeName, invalidScram, parseServerFirst, textOfMessage } from './scram-messages.js';
import {
  keysOf,
  mac,
  preparedPassword,
  SCRAM_HASHES,
  type ScramHash,
  saltedPassword,
} from './scram-secret.js';

export interface ScramClientOptions {
  readonly username: string;
  readonly password: string;
  /** The identity as which the user wants to act. Default: their own. */
  readonly authzid?: string;
  /** Default SHA-256. */
  readonly hash?: ScramHash;
  /** A server that asks for fewer iterations gets no answer. Default 4,096, the least that RFC 7677 recommends. */
  readonly minIterations?: number;
  /** A server that asks for more iterations gets no answer: they would occupy a processor. Default 1,000,000, half a second or so. */
  readonly maxIterations?: number;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<ScramClientOptions> = {
  username: true,
  password: true,
  authzid: true,
  hash: true,
  minIterations: true,
  maxIterations: true,
  randomBytes: true,
};

type State = 'created' | 'started' | 'answering' | 'answered' | 'done' | 'failed';

/**
 * One exchange.
 *
 * @example
 * const client = new ScramClient({ username, password });
 * send(client.start());
 * send(await client.answer(await receive()));
 * client.finish(await receive()); // throws if the server does not know the password
 */
export class ScramClient {
  readonly #hash: ScramHash;
  readonly #password: string;
  readonly #header: string;
  readonly #bare: string;
  readonly #nonce: string;
  readonly #min: number;
  readonly #max: number;
  #state: State = 'created';
  #serverSignature: Uint8Array = new Uint8Array();

  /**
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   * @throws UnsuitablePasswordError SASLprep refuses the password.
   */
  constructor(options: ScramClientOptions) {
    checkOptions('ScramClient', options, OPTIONS);
    const { hash = 'SHA-256', minIterations = 4_096, maxIterations = 1_000_000 } = options;
    const { randomBytes = RANDOM_BYTES, authzid } = options;
    this.#hash = checkChoice('hash', hash, SCRAM_HASHES);
    this.#max = checkInteger('maxIterations', maxIterations, 1, 2 ** 31 - 1);
    this.#min = checkInteger('minIterations', minIterations, 1, this.#max);
    checkFunction('randomBytes', randomBytes);
    this.#password = preparedPassword(checkSecretString('password', options.password));
    const identity = authzid === undefined ? '' : `a=${preparedName('authzid', authzid)}`;
    this.#header = `n,${identity},`;
    this.#nonce = Buffer.from(randomBytes(18)).toString('base64');
    this.#bare = `n=${preparedName('username', options.username)},r=${this.#nonce}`;
  }

  /** @returns The first message to send. @throws CredentialsSequenceError */
  start(): Buffer {
    this.#enter('created', 'started');
    return Buffer.from(this.#header + this.#bare);
  }

  /**
   * The first message of the server. The key is derived in the thread pool of libuv.
   *
   * @returns Fires with the message to send.
   * @throws InvalidCredentialsError it is malformed, or asks for too few or too many iterations.
   * @throws CredentialsSequenceError
   */
  answer(message: Uint8Array | string): Deferred<Buffer> {
    this.#enter('started', 'failed');
    const serverFirst = textOfMessage(message);
    const { nonce, salt, iterations } = parseServerFirst(serverFirst);
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw invalidScram('the nonce of the server does not continue that of the client');
    }
    if (iterations < this.#min || iterations > this.#max) {
      throw invalidScram(
        `the server asks for ${iterations} iterations; ${this.#min} to ${this.#max} are allowed`,
      );
    }
    this.#state = 'answering';
    return saltedPassword(this.#hash, this.#password, salt, iterations).addCallback((salted) =>
      this.#final(salted, nonce, serverFirst),
    );
  }

  /**
   * The final message of the server.
   * @throws InvalidCredentialsError the server refuses, or does not know the password.
   * @throws CredentialsSequenceError
   */
  finish(message: Uint8Array | string): void {
    this.#enter('answered', 'failed');
    const text = textOfMessage(message);
    const [, signature] = /^v=([+/0-9A-Za-z]+={0,2})(?:,|$)/.exec(text) ?? [];
    if (signature === undefined) throw invalidScram('the server refuses');
    if (!equalSecrets(Buffer.from(signature, 'base64'), this.#serverSignature)) {
      throw invalidScram('the server does not know the password');
    }
    this.#state = 'done';
  }

  #final(salted: Buffer, nonce: string, serverFirst: string): Buffer {
    const binding = Buffer.from(this.#header).toString('base64');
    const withoutProof = `c=${binding},r=${nonce}`;
    const authMessage = `${this.#bare},${serverFirst},${withoutProof}`;
    const { clientKey, storedKey, serverKey } = keysOf(this.#hash, salted);
    const signature = mac(this.#hash, storedKey, authMessage);
    const proof = clientKey.map((octet, index) => octet ^ (signature[index] as number));
    this.#serverSignature = mac(this.#hash, serverKey, authMessage);
    this.#state = 'answered';
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }

  #enter(from: State, to: State): void {
    if (this.#state !== from) {
      throw new CredentialsSequenceError(`SCRAM: the exchange is ${this.#state}, not ${from}`);
    }
    this.#state = to;
  }
}

function preparedName(what: string, name: string): string {
  const prepared = saslprep(checkString(what, name));
  if (prepared !== undefined) return encodeName(prepared);
  throw new InvalidArgumentValueError(what, 'a name that SASLprep allows', name);
}
