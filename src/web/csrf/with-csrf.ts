/**
 * Protection of a resource against requests that other sites cause (cross-site request forgery).
 *
 * Theory of operation. Browsers say which site caused a request; requests of other sites are refused. That alone protects the users of
 * current browsers. A token that only pages of this site contain also protects the users of old ones. It is checked before the resource
 * is called: in a field of the head, or as a field of the form, whose rest the resource reads afterwards through `Form`.
 */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { RANDOM_BYTES, type RandomBytes } from '../../cred/secrets.js';
import type { Deferred } from '../../defer/deferred.js';
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { isToken } from '../../protocols/http/octets.js';
import { checkOrigins } from '../check-origins.js';
import { contextKey } from '../context-key.js';
import { FormSource } from '../forms/form-source.js';
import { type HTML, html } from '../html.js';
import { MissingWrapperError } from '../sessions/session-errors.js';
import { checkResource, type Resource, type WebContext } from '../web-context.js';
import type { WebResult } from '../web-result.js';
import { CookieSecrets, type CSRFSecrets, SessionSecrets } from './csrf-secrets.js';
import { isTokenOf, maskedToken } from './masked-tokens.js';
import { requestOrigin } from './request-origin.js';

export interface CSRFOptions {
  /**
   * `always`: each request needs a token, also if the browser says that this site caused it. `fallback`: only requests of clients that do
   * not say which site caused them. Default `always`.
   */
  readonly tokens?: 'always' | 'fallback';
  /** Other sites whose requests are accepted, with a token: origins such as `https://a.example`. Default none. */
  readonly trustedOrigins?: readonly string[];
  /**
   * For sites without sessions: keys of 32 bytes or more, the current one first, the same on all machines. The secret is then in a cookie.
   * Default: it is in the session, which needs `withSessions` around this.
   */
  readonly keys?: readonly (string | Uint8Array)[];
  /** With `keys`: whether the cookie is sent over secure connections only. Default: if the connection is. */
  readonly secure?: boolean;
  /** The name of the form's field. Default `_csrf`. In a form in parts, it must be the first part. */
  readonly formField?: string;
  /** The field of the request's head. Default `X-CSRF-Token`. */
  readonly headField?: string;
  /** Requests that need no protection, because nothing in them is sent by browsers of their own accord: those with a bearer token. Default none. */
  readonly exempt?: (context: WebContext) => boolean;
  /** Most bytes of a form in parts whose token is a field; `Form` sets its own limit later. Default: `maxContentBytes` of the server. */
  readonly maxFormBytes?: number;
  /** Answers, with status 403, to refused requests. Default: the error page of the server. */
  readonly refused?: Resource;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<CSRFOptions> = {
  tokens: true,
  trustedOrigins: true,
  keys: true,
  secure: true,
  formField: true,
  headField: true,
  exempt: true,
  maxFormBytes: true,
  refused: true,
  randomBytes: true,
};

/** RFC 9110 section 9.2.1: they change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const MIN_KEY_BYTES = 32;

/**
 * Refuses requests of other methods than GET, HEAD, OPTIONS and TRACE with 403, if another site caused them or they have no valid
 * token. Resources must not change anything in answer to those four.
 *
 * @example
 * const site = withSessions(withCSRF(root), { store, clock: reactor });
 * html`<form method="post">${csrfField(context)} ...`
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function withCSRF(resource: Resource, options: CSRFOptions = {}): Resource {
  checkResource('resource', resource);
  const protection = new CSRFProtection(options);
  return { isLeaf: true, render: (context) => protection.render(resource, context) };
}

class CSRFProtection {
  readonly formField: string;
  readonly #headField: string;
  readonly #needsToken: boolean;
  readonly #trusted: ReadonlySet<string>;
  readonly #exempt: ((context: WebContext) => boolean) | undefined;
  readonly #maxFormBytes: number | undefined;
  readonly #refused: Resource | undefined;
  readonly #randomBytes: RandomBytes;
  readonly #secrets: CSRFSecrets;
  /** Of the secret. */
  readonly #place: 'session' | 'cookie';

  constructor(options: CSRFOptions) {
    checkOptions('withCSRF', options, OPTIONS);
    const { tokens = 'always', trustedOrigins = [], secure, keys, exempt, refused } = options;
    const { formField = '_csrf', headField = 'X-CSRF-Token', maxFormBytes } = options;
    const { randomBytes = RANDOM_BYTES } = options;
    this.#needsToken = checkChoice('tokens', tokens, ['always', 'fallback']) === 'always';
    this.#trusted = checkOrigins('trustedOrigins', trustedOrigins);
    this.formField = checkString('formField', formField);
    if (!isToken(checkString('headField', headField))) {
      throw new InvalidArgumentValueError('headField', 'the name of a field', headField);
    }
    this.#headField = headField;
    if (exempt !== undefined) checkFunction('exempt', exempt);
    this.#exempt = exempt;
    if (maxFormBytes !== undefined) {
      checkInteger('maxFormBytes', maxFormBytes, 0, Number.MAX_SAFE_INTEGER);
    }
    this.#maxFormBytes = maxFormBytes;
    if (refused !== undefined) checkResource('refused', refused);
    this.#refused = refused;
    checkFunction('randomBytes', randomBytes);
    this.#randomBytes = randomBytes;
    if (secure !== undefined) checkBoolean('secure', secure);
    this.#place = keys === undefined ? 'session' : 'cookie';
    this.#secrets =
      keys === undefined
        ? new SessionSecrets(randomBytes)
        : new CookieSecrets(checkKeys(keys), secure, randomBytes);
  }

  render(resource: Resource, context: WebContext): WebResult | PromiseLike<WebResult> {
    context.set(PROTECTION, this);
    if (SAFE_METHODS.has(context.request.method) || this.#exempt?.(context) === true) {
      return context.delegate(resource);
    }
    const origin = requestOrigin(context, this.#trusted);
    if (origin === 'other') return this.#refuse(context, 'another site has caused it');
    if (origin === 'own' && !this.#needsToken) return context.delegate(resource);
    return this.#checked(resource, context);
  }

  token(context: WebContext): Deferred<string> {
    return this.#secrets
      .secret(context)
      .addCallback((secret) => maskedToken(secret, this.#randomBytes));
  }

  async #checked(resource: Resource, context: WebContext): Promise<WebResult> {
    const secrets = await this.#secrets.known(context);
    // Without a secret there is no valid token, and the content need not be read.
    if (secrets.length === 0) {
      return this.#refuse(context, `the browser has no token, or has lost its ${this.#place}`);
    }
    const token = await this.#tokenOf(context);
    if (token === undefined) {
      const { formField } = this;
      const where = `in the field ${this.#headField} or as ${formField} of the form`;
      return this.#refuse(context, `it has no token ${where}`);
    }
    return secrets.some((secret) => isTokenOf(secret, token))
      ? context.delegate(resource)
      : this.#refuse(context, 'its token is not valid');
  }

  async #tokenOf(context: WebContext): Promise<string | undefined> {
    const { request } = context;
    const token = request.field(this.#headField);
    if (token !== undefined) return token;
    const form = FormSource.of(context);
    if (!form.isForm) return undefined;
    if (form.isMultipart && this.#maxFormBytes !== undefined) {
      request.maxContentBytes = this.#maxFormBytes;
    }
    return form.peek(this.formField);
  }

  #refuse(context: WebContext, reason: string): WebResult | PromiseLike<WebResult> {
    const { response } = context;
    context.logRefusal('info', 403, `withCSRF: ${reason}`);
    if (this.#refused === undefined) {
      response.sendStatus(403);
      return undefined;
    }
    response.status = 403;
    return this.#refused.render(context);
  }
}

const PROTECTION = contextKey<CSRFProtection>('CSRF protection');

function protectionOf(context: WebContext, what: string): CSRFProtection {
  const protection = context.get(PROTECTION);
  if (protection === undefined) throw new MissingWrapperError(what, 'withCSRF');
  return protection;
}

/**
 * A token for the next requests of this browser, for scripts of the page, which send it in the field X-CSRF-Token: base64url. The
 * browser gets a session, or a cookie, if it has none, so ask for it before the head of the response is sent. Fails with a
 * SessionStoreError.
 * @throws MissingWrapperError there is no `withCSRF` around the resource.
 */
export function csrfToken(context: WebContext): Deferred<string> {
  return protectionOf(context, 'csrfToken').token(context);
}

/**
 * The hidden field of a form with {@link csrfToken}: put it first in the form.
 * @example html`<form method="post">${csrfField(context)}<button>Delete</button></form>`
 * @throws MissingWrapperError
 */
export function csrfField(context: WebContext): Deferred<HTML> {
  const protection = protectionOf(context, 'csrfField');
  return protection
    .token(context)
    .addCallback(
      (token) => html`<input type="hidden" name="${protection.formField}" value="${token}">`,
    );
}

function checkKeys(keys: readonly (string | Uint8Array)[]): readonly (string | Uint8Array)[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new InvalidArgumentTypeError('keys', 'an array that is not empty', undefined);
  }
  for (const key of keys as readonly unknown[]) {
    const isKey = typeof key === 'string' || key instanceof Uint8Array;
    // Errors do not show keys.
    if (!isKey) throw new InvalidArgumentTypeError('each key', 'bytes or text', undefined);
    if (Buffer.byteLength(key) < MIN_KEY_BYTES) {
      throw new InvalidArgumentValueError('each key', `${MIN_KEY_BYTES} bytes or more`, undefined);
    }
  }
  return [...keys];
}
