/** Where the secrets of CSRF tokens are kept: in the session of the browser, or in a cookie. */
import { createHmac } from 'node:crypto';
import type { RandomBytes } from '../../cred/secrets.js';
import type { Deferred } from '../../defer/deferred.js';
import { succeed } from '../../defer/succeed.js';
import { RequestCookies } from '../../http/request-cookies.js';
import { serializeSetCookie } from '../../http/set-cookie.js';
import { SessionKey } from '../sessions/session-key.js';
import { sessionOf } from '../sessions/with-sessions.js';
import type { WebContext } from '../web-context.js';
import { SECRET_BYTES } from './masked-tokens.js';

/** The secrets of one site. */
export interface CSRFSecrets {
  /** That of the browser, made if it has none. */
  secret(context: WebContext): Deferred<Uint8Array>;
  /** Those of the browser: none, one, or one for each key. */
  known(context: WebContext): Deferred<readonly Uint8Array[]>;
}

/** @internal The secret of a session, in base64url. */
export const CSRF_SECRET: SessionKey<string> = new SessionKey('$csrf');

/** A synchronizer token: the secret is in the session. */
export class SessionSecrets implements CSRFSecrets {
  readonly #randomBytes: RandomBytes;

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes;
  }

  secret(context: WebContext): Deferred<Uint8Array> {
    return sessionOf(context).addCallback((session) => {
      const known = session.get(CSRF_SECRET);
      if (known !== undefined) return Buffer.from(known, 'base64url');
      const secret = Buffer.from(this.#randomBytes(SECRET_BYTES));
      session.set(CSRF_SECRET, secret.toString('base64url'));
      return secret;
    });
  }

  known(context: WebContext): Deferred<readonly Uint8Array[]> {
    return sessionOf(context).addCallback((session) => {
      const known = session.get(CSRF_SECRET);
      return known === undefined ? [] : [Buffer.from(known, 'base64url')];
    });
  }
}

const VALUE = /^[\w-]{43}$/;

/**
 * A signed double-submit token, for sites without sessions: the browser has a random cookie, and the secret is its HMAC. A cookie
 * that another host of the site sets has no right HMAC, unless that host got the pair from this one; `__Host-` excludes it.
 */
export class CookieSecrets implements CSRFSecrets {
  readonly #randomBytes: RandomBytes;
  readonly #keys: readonly (string | Uint8Array)[];
  readonly #secure: boolean | undefined;

  constructor(
    keys: readonly (string | Uint8Array)[],
    secure: boolean | undefined,
    randomBytes: RandomBytes,
  ) {
    this.#keys = keys;
    this.#secure = secure;
    this.#randomBytes = randomBytes;
  }

  secret(context: WebContext): Deferred<Uint8Array> {
    const value = this.#sent(context) ?? this.#valueOf(context) ?? this.#send(context);
    return succeed(hmac(this.#keys[0] as string, value));
  }

  known(context: WebContext): Deferred<readonly Uint8Array[]> {
    const value = this.#valueOf(context);
    return succeed(value === undefined ? [] : this.#keys.map((key) => hmac(key, value)));
  }

  #name({ request }: WebContext): string {
    return (this.#secure ?? request.secure) ? '__Host-csrf' : 'csrf';
  }

  #valueOf(context: WebContext): string | undefined {
    const cookies = new RequestCookies(context.request.field('cookie'));
    const values = new Set(cookies.getAll(this.#name(context)));
    const [value] = values;
    return values.size === 1 && value !== undefined && VALUE.test(value) ? value : undefined;
  }

  /** The value that this response sets already. */
  #sent(context: WebContext): string | undefined {
    const begin = `${this.#name(context)}=`;
    const line = context.response.fields('set-cookie').find((one) => one.startsWith(begin));
    return line?.slice(begin.length, line.indexOf(';'));
  }

  #send(context: WebContext): string {
    const { request, response } = context;
    const value = Buffer.from(this.#randomBytes(SECRET_BYTES)).toString('base64url');
    const secure = this.#secure ?? request.secure;
    response.addField(
      'Set-Cookie',
      serializeSetCookie({ name: this.#name(context), value, secure }),
    );
    if (!response.has('cache-control')) response.setField('Cache-Control', 'no-store');
    return value;
  }
}

function hmac(key: string | Uint8Array, value: string): Buffer {
  return createHmac('sha256', key).update(`csrf ${value}`).digest();
}
