/** Response fields that make browsers safer. */
import { randomBytes } from 'node:crypto';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { fieldLine } from '../http/field-lines.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { contextKey } from './context-key.js';
import { checkResource, type Resource, type WebContext } from './web-context.js';

/** Each is the value of a field, or false to leave it out. */
export interface SecurityFieldsOptions {
  /**
   * Content-Security-Policy. Default: scripts, styles, forms and frames of the same origin only, and no plug-ins. A function makes it for each
   * request: see {@link scriptNonce}.
   */
  readonly contentSecurityPolicy?: string | false | ((context: WebContext) => string);
  /** Strict-Transport-Security, sent over TLS only. Default `max-age=31536000; includeSubDomains`. */
  readonly strictTransportSecurity?: string | false;
  /** Cross-Origin-Opener-Policy. Default `same-origin`. */
  readonly crossOriginOpenerPolicy?: string | false;
  /** Cross-Origin-Resource-Policy. Default `same-origin`. */
  readonly crossOriginResourcePolicy?: string | false;
  /** Referrer-Policy. Default `no-referrer`. */
  readonly referrerPolicy?: string | false;
  /** X-Content-Type-Options. Default `nosniff`. */
  readonly contentTypeOptions?: string | false;
  /** X-Frame-Options, for browsers that do not know `frame-ancestors`. Default `SAMEORIGIN`. */
  readonly frameOptions?: string | false;
  /** Permissions-Policy. Default false. */
  readonly permissionsPolicy?: string | false;
}

const OPTIONS: OptionNames<SecurityFieldsOptions> = {
  contentSecurityPolicy: true,
  strictTransportSecurity: true,
  crossOriginOpenerPolicy: true,
  crossOriginResourcePolicy: true,
  referrerPolicy: true,
  contentTypeOptions: true,
  frameOptions: true,
  permissionsPolicy: true,
};

type Option = keyof SecurityFieldsOptions;

const FIELDS: Readonly<Record<Option, readonly [name: string, value: string | false]>> = {
  contentSecurityPolicy: [
    'Content-Security-Policy',
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'",
  ],
  strictTransportSecurity: ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
  crossOriginOpenerPolicy: ['Cross-Origin-Opener-Policy', 'same-origin'],
  crossOriginResourcePolicy: ['Cross-Origin-Resource-Policy', 'same-origin'],
  referrerPolicy: ['Referrer-Policy', 'no-referrer'],
  contentTypeOptions: ['X-Content-Type-Options', 'nosniff'],
  frameOptions: ['X-Frame-Options', 'SAMEORIGIN'],
  permissionsPolicy: ['Permissions-Policy', false],
};

const STRICT_TRANSPORT = 'Strict-Transport-Security';
const POLICY = 'Content-Security-Policy';

/**
 * A resource whose answers, also those with errors, have fields for the safety of browsers. A resource below can replace one by
 * `response.setField`.
 *
 * @throws InvalidArgumentTypeError, InvalidHTTPOutputError, UnknownOptionError
 */
export function securityFields(resource: Resource, options: SecurityFieldsOptions = {}): Resource {
  checkResource('resource', resource);
  checkOptions('securityFields', options, OPTIONS);
  const { contentSecurityPolicy } = options;
  const makePolicy =
    typeof contentSecurityPolicy === 'function' ? contentSecurityPolicy : undefined;
  const fixed: [name: string, value: string][] = [];
  for (const [option, [name, preset]] of Object.entries(FIELDS)) {
    const value = options[option as Option] ?? preset;
    if (value === false || typeof value === 'function') continue;
    if (typeof value !== 'string')
      throw new InvalidArgumentTypeError(option, 'a string or false', value);
    fieldLine(name, value);
    fixed.push([name, value]);
  }
  return {
    isLeaf: true,
    render(context) {
      const { request, response } = context;
      for (const [name, value] of fixed) {
        if (name !== STRICT_TRANSPORT || request.secure) response.addLastingField(name, value);
      }
      if (makePolicy !== undefined) response.addLastingField(POLICY, makePolicy(context));
      return context.delegate(resource);
    },
  };
}

const NONCE = contextKey<string>('nonce of scripts');

/**
 * A random text for `nonce` attributes of scripts and styles, the same for the whole request: 128 bits in base64url.
 *
 * @example securityFields(site, { contentSecurityPolicy: (context) => `script-src 'nonce-${scriptNonce(context)}'` });
 */
export function scriptNonce(context: WebContext): string {
  let nonce = context.get(NONCE);
  if (nonce === undefined) {
    nonce = randomBytes(16).toString('base64url');
    context.set(NONCE, nonce);
  }
  return nonce;
}
