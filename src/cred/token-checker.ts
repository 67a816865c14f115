/** Bearer tokens in memory. */
import { createHash } from 'node:crypto';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkSecretString, checkString } from '../internal/check.js';
import { showAsText } from '../internal/shown-as-text.js';
import type { CredentialsChecker } from './checker.js';
import type { BearerToken } from './credentials.js';
import { UnauthorizedLoginError } from './errors.js';
import { isWellFormed } from './secrets.js';

/** Tokens in memory, of which it keeps only the hashes: looking one up reveals nothing about the others. */
export class TokenChecker implements CredentialsChecker<BearerToken> {
  readonly kinds = ['bearer'] as const;
  readonly #ids: Map<string, string> = new Map();

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(tokens: Iterable<readonly [token: string, avatarId: string]> = []) {
    for (const [token, avatarId] of tokens) this.addToken(token, avatarId);
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError the token is empty or has a lone surrogate. */
  addToken(token: string, avatarId: string): void {
    if (checkSecretString('token', token) === '') {
      throw new InvalidArgumentValueError('token', 'a text that is not empty', '');
    }
    if (!isWellFormed(token)) {
      throw new InvalidArgumentValueError('token', 'a text without lone surrogates', '');
    }
    this.#ids.set(tokenHash(token), checkString('avatarId', avatarId));
  }

  removeToken(token: string): boolean {
    return this.#ids.delete(tokenHash(token));
  }

  requestAvatarId({ token }: BearerToken): string {
    const id = isWellFormed(token) ? this.#ids.get(tokenHash(token)) : undefined;
    if (id === undefined) throw new UnauthorizedLoginError();
    return id;
  }

  toString(): string {
    return `<TokenChecker, ${this.#ids.size} tokens>`;
  }
}

function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

showAsText(TokenChecker);
