/** Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkFieldName } from '../http/field-lines.js';
import { checkBoolean, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkMethod } from './by-method.js';
import { checkOrigins } from './check-origins.js';
import { checkResource, type Resource, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface CORSOptions {
  /**
   * The origins whose pages may read answers: `*` for all, a list such as `['https://shop.example']`, or a function that decides. The
   * origin `null`, of sandboxed pages and files, is allowed only by name.
   */
  readonly origins: '*' | readonly string[] | ((origin: string) => boolean);
  /** Methods that pages may use. Default GET, HEAD, POST, PUT, PATCH and DELETE. */
  readonly methods?: readonly string[];
  /** Request fields that pages may set, beside those that need no permission. Default none. */
  readonly requestFields?: readonly string[];
  /** Response fields that pages may read, beside those that need no permission. Default none. */
  readonly exposedFields?: readonly string[];
  /** Whether browsers send cookies and other credentials. It cannot be combined with the origins `*`. Default false. */
  readonly credentials?: boolean;
  /** Time for which browsers keep the answer to a preflight request, in seconds: 0 to 86,400. Default 600. */
  readonly maxAgeSeconds?: number;
}

const OPTIONS: OptionNames<CORSOptions> = {
  origins: true,
  methods: true,
  requestFields: true,
  exposedFields: true,
  credentials: true,
  maxAgeSeconds: true,
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** See {@link cors}. */
class CORS implements Resource {
  readonly isLeaf = true;
  readonly #resource: Resource;
  readonly #allows: (origin: string) => boolean;
  readonly #isOpen: boolean;
  readonly #credentials: boolean;
  readonly #methods: ReadonlySet<string>;
  readonly #requestFields: ReadonlySet<string>;
  readonly #exposed: string;
  readonly #maxAge: number;

  constructor(resource: Resource, options: CORSOptions) {
    checkOptions('cors', options, OPTIONS);
    const { origins, methods = METHODS, requestFields = [], exposedFields = [] } = options;
    const { credentials = false, maxAgeSeconds = 600 } = options;
    this.#resource = checkResource('resource', resource);
    this.#isOpen = origins === '*';
    this.#allows = originsOf(origins);
    this.#credentials = checkBoolean('credentials', credentials);
    if (credentials && this.#isOpen) {
      const hint = 'browsers refuse * with credentials: list the origins';
      throw new InvalidArgumentValueError('origins', 'a list or a function', origins, hint);
    }
    this.#methods = new Set(checkList('methods', methods).map(checkMethod));
    this.#requestFields = new Set(checkList('requestFields', requestFields).map(checkFieldName));
    this.#exposed = checkList('exposedFields', exposedFields).map(checkedName).join(', ');
    this.#maxAge = checkInteger('maxAgeSeconds', maxAgeSeconds, 0, 86_400);
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const { request, response } = context;
    if (!this.#isOpen) response.addLastingField('Vary', 'Origin');
    const origin = request.field('origin');
    const isAllowed = origin !== undefined && (this.#isOpen || this.#allows(origin) === true);
    const method =
      request.method === 'OPTIONS' ? request.field('access-control-request-method') : undefined;
    if (origin !== undefined && method !== undefined)
      return this.#preflight(context, origin, isAllowed, method);
    if (isAllowed) {
      this.#allow(context, origin);
      if (this.#exposed !== '')
        response.addLastingField('Access-Control-Expose-Headers', this.#exposed);
    }
    return context.delegate(this.#resource);
  }

  #allow({ response }: WebContext, origin: string): void {
    response.addLastingField('Access-Control-Allow-Origin', this.#isOpen ? '*' : origin);
    if (this.#credentials) response.addLastingField('Access-Control-Allow-Credentials', 'true');
  }

  /** The fields are the same whatever is asked for, so that the answer can be kept. */
  #preflight(context: WebContext, origin: string, isAllowed: boolean, method: string): undefined {
    const { request, response } = context;
    const asked = (request.field('access-control-request-headers') ?? '').toLowerCase().split(',');
    const names = asked.map((name) => name.trim()).filter((name) => name !== '');
    if (
      !isAllowed ||
      !this.#methods.has(method) ||
      !names.every((name) => this.#requestFields.has(name))
    ) {
      context.logRefusal('info', 403, 'cors: the origin, the method or a field is not allowed');
      response.sendStatus(403);
      return undefined;
    }
    this.#allow(context, origin);
    response.setField('Access-Control-Allow-Methods', [...this.#methods].join(', '));
    if (this.#requestFields.size > 0) {
      response.setField('Access-Control-Allow-Headers', [...this.#requestFields].join(', '));
    }
    response.setField('Access-Control-Max-Age', this.#maxAge);
    response.status = 204;
    response.send();
    return undefined;
  }
}

/**
 * A resource whose answers pages of other origins may read. Preflight requests are answered here: with 204, or with 403 if the origin, the
 * method or a field is not allowed. Other requests reach the resource in any case, because browsers hide only the answer: use a token
 * against forged requests. Answers with errors have the fields too.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, InvalidHTTPOutputError, UnknownOptionError
 */
export function cors(resource: Resource, options: CORSOptions): Resource {
  return new CORS(resource, options);
}

function originsOf(origins: CORSOptions['origins']): (origin: string) => boolean {
  if (origins === '*') return () => true;
  if (typeof origins === 'function') return origins;
  if (!Array.isArray(origins)) {
    throw new InvalidArgumentTypeError('origins', "'*', an array or a function", origins);
  }
  const known = checkOrigins('origins', origins, true);
  return (origin) => known.has(origin);
}

function checkList(what: string, list: readonly string[]): readonly string[] {
  if (Array.isArray(list)) return list as readonly string[];
  throw new InvalidArgumentTypeError(what, 'an array', list);
}

function checkedName(name: string): string {
  checkFieldName(name);
  return name;
}
