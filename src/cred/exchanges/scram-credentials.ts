/** The credentials of SCRAM: a user name, and a proof for one exchange. */
import { showAsText } from '../../internal/shown-as-text.js';
import { type Credentials, shownName } from '../credentials.js';
import { equalSecrets } from '../secrets.js';
import type { ClientFirst } from './scram-messages.js';
import { mac, type ScramHash, type ScramSecret, storedKeyOf } from './scram-secret.js';

/** A user name, and a proof that the client knows the password. */
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
    return equalSecrets(storedKeyOf(secret.hash, clientKey), secret.storedKey);
  }

  toString(): string {
    return `<ScramCredentials ${shownName(this.username)}>`;
  }
}

showAsText(ScramCredentials);
