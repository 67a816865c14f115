/** The credentials of HTTP Digest: a response to a challenge of this server. */
import { showAsText } from '../../internal/shown-as-text.js';
import { type Credentials, shownName } from '../credentials.js';
import { equalSecrets } from '../secrets.js';
import {
  type DigestAlgorithm,
  type DigestRequest,
  digestResponse,
  digestUserHash,
} from './digest-hashes.js';

/** A user name and a hash of the password and a request. */
export class DigestCredentials implements Credentials {
  readonly kind = 'digest' as const;
  readonly username: string;
  readonly realm: string;
  readonly algorithm: DigestAlgorithm;
  readonly #request: DigestRequest;
  readonly #response: string;
  readonly #use: () => boolean;

  /** @internal */
  constructor(
    username: string,
    realm: string,
    request: DigestRequest,
    response: string,
    use: () => boolean,
  ) {
    this.username = username;
    this.realm = realm;
    this.algorithm = request.algorithm;
    this.#request = request;
    this.#response = response;
    this.#use = use;
  }

  /** Whether they were made with this password, for the first time. */
  checkPassword(password: string): boolean {
    const { username, realm, algorithm } = this;
    return this.checkHash(digestUserHash(algorithm, { username, realm, password }));
  }

  /** The same with a stored hash: see `digestUserHash`. It must be one of this algorithm. */
  checkHash(userHash: string): boolean {
    const expected = digestResponse(userHash, this.#request);
    return equalSecrets(expected, this.#response) && this.#use();
  }

  toString(): string {
    return `<DigestCredentials ${shownName(this.username)}>`;
  }
}

showAsText(DigestCredentials);
