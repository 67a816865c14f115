/**
 * Credentials: proofs that a peer presents of its identity. `kind` decides which checkers are asked.
 *
 * Secrets are private fields with accessors of the class: inspecting, logging, spreading, `JSON.stringify` and
 * `structuredClone` do not reach them.
 */
import type { X509Certificate } from 'node:crypto';
import { checkFunction, checkObject, checkSecretString, checkString } from '../internal/check.js';
import { printable } from '../internal/printable.js';
import { showAsText } from '../internal/shown-as-text.js';
import { equalSecrets, isWellFormed } from './secrets.js';

/** The base of all credentials. */
export interface Credentials {
  /** Names what a checker needs to check them. */
  readonly kind: string;
}

/** Credentials that can be compared with the password in clear, although they do not contain it: challenge and response. */
export interface HashedPasswordCredentials extends Credentials {
  readonly kind: 'hashed-password';
  readonly username: string;
  /** Whether they were made with this password. */
  checkPassword(password: string): boolean;
}

const MAX_SHOWN = 64;

/** A name of the peer, as texts show it. */
export function shownName(name: string): string {
  return printable(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);
}

/** A user name and the password in clear. */
export class UsernamePassword implements Credentials {
  readonly kind = 'password' as const;
  readonly username: string;
  readonly #password: string;

  /** @throws InvalidArgumentTypeError */
  constructor(username: string, password: string) {
    this.username = checkString('username', username);
    this.#password = checkSecretString('password', password);
  }

  get password(): string {
    return this.#password;
  }

  /** Compares in constant time. */
  checkPassword(password: string): boolean {
    return isWellFormed(this.#password) && equalSecrets(this.#password, password);
  }

  toString(): string {
    return `<UsernamePassword ${shownName(this.username)}>`;
  }
}

/** A user name and a hash that the peer computed from the password and a challenge, as in APOP. */
export class UsernameHashedPassword implements HashedPasswordCredentials {
  readonly kind = 'hashed-password' as const;
  readonly username: string;
  readonly #hashed: string | Uint8Array;
  readonly #hash: (password: string) => string | Uint8Array;

  /**
   * @param hashed The value that the peer sent.
   * @param hash Computes that value from a password.
   * @throws InvalidArgumentTypeError
   */
  constructor(
    username: string,
    hashed: string | Uint8Array,
    hash: (password: string) => string | Uint8Array,
  ) {
    this.username = checkString('username', username);
    checkFunction('hash', hash);
    this.#hashed = hashed instanceof Uint8Array ? hashed : checkSecretString('hashed', hashed);
    this.#hash = hash;
  }

  checkPassword(password: string): boolean {
    return equalSecrets(this.#hashed, this.#hash(password));
  }

  toString(): string {
    return `<UsernameHashedPassword ${shownName(this.username)}>`;
  }
}

/** Nobody in particular. */
export class Anonymous implements Credentials {
  readonly kind = 'anonymous' as const;

  toString(): string {
    return '<Anonymous>';
  }
}

/** A token that is its own proof (RFC 6750). */
export class BearerToken implements Credentials {
  readonly kind = 'bearer' as const;
  readonly #token: string;

  /** @throws InvalidArgumentTypeError */
  constructor(token: string) {
    this.#token = checkSecretString('token', token);
  }

  get token(): string {
    return this.#token;
  }

  toString(): string {
    return '<BearerToken>';
  }
}

/** The certificate of a TLS client, whose chain TLS has verified: use `clientCertificates: 'required'`. */
export class ClientCertificate implements Credentials {
  readonly kind = 'certificate' as const;
  readonly certificate: X509Certificate;

  /** @throws InvalidArgumentTypeError */
  constructor(certificate: X509Certificate) {
    checkObject('certificate', certificate);
    checkString('fingerprint256 of the certificate', certificate.fingerprint256);
    this.certificate = certificate;
  }

  /** SHA-256 of the DER form, in hexadecimal without colons. */
  get fingerprint(): string {
    return this.certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  }

  toString(): string {
    return `<ClientCertificate ${this.fingerprint}>`;
  }
}

showAsText(UsernamePassword, UsernameHashedPassword, Anonymous, BearerToken, ClientCertificate);
