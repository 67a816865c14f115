/** Resources by method and pattern of the path. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkBoolean, checkFunction, checkPlainObject } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkMethod, checkTarget, type Render, refuseMethod } from './by-method.js';
import { refuseMore } from './refuse-more.js';
import {
  INT,
  type ParamParser,
  type ParamTypes,
  type PathParams,
  type PatternPart,
  parsePattern,
} from './route-pattern.js';
import { ANY, type Route, type RouteMatch, RouteTree } from './route-tree.js';
import { checkResource, type Resource, type RouteParams, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

/**
 * The context of a route, whose parameters have the types that its pattern gives them. It has no others for the compiler: to read those
 * of the prefix of a mounted router, declare the parameter of the function as `WebContext`.
 */
export type RouteContext<Params> = WebContext<
  Params extends RouteParams ? Params : Record<never, never>
>;

/** A function that answers, or a resource, which is the same as in a tree. */
export type RouteTarget<Params> = Render<RouteContext<Params>> | Resource;

export interface RouterOptions<Types extends ParamTypes = ParamTypes> {
  /** Types of parameters by name, each with a function that reads a segment, or returns undefined if it is none. `int` is built in. */
  readonly types?: Types;
  /** Whether `/a/` is the same as `/a`. Default false: each page has one address. */
  readonly ignoreTrailingSlash?: boolean;
}

const OPTIONS: OptionNames<RouterOptions> = { types: true, ignoreTrailingSlash: true };

/**
 * Finds resources by patterns: `/users/:id` has the parameter `id`, a decoded segment; `:id(int)` matches whole numbers only; `*path`, at the
 * end, takes all segments that are left. Names are compared as they are, after decoding, so case matters.
 *
 * Of several routes that match, text takes precedence over typed parameters, then over `:name`, then over `*name` and mounted resources;
 * the order of registration does not matter, and two routes of the same requests are a RouteConflictError. GET also answers HEAD. A path
 * whose routes have other methods is answered with 405, and OPTIONS with their methods.
 *
 * A router is a resource: it can be the root, a child of a Branch, or mounted in another router.
 *
 * @example new Router().get('/users/:id(int)', ({ params }) => `user ${params.id + 1}`);
 */
export class Router<Types extends ParamTypes = Record<never, never>> implements Resource {
  readonly isLeaf = true;
  readonly #tree = new RouteTree();
  readonly #types: Map<string, ParamParser> = new Map([['int', INT]]);
  readonly #ignoresSlash: boolean;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: RouterOptions<Types> = {}) {
    checkOptions('Router', options, OPTIONS);
    const { types, ignoreTrailingSlash = false } = options;
    this.#ignoresSlash = checkBoolean('ignoreTrailingSlash', ignoreTrailingSlash);
    if (types === undefined) return;
    checkPlainObject('types', types);
    for (const [name, parse] of Object.entries(types)) {
      checkFunction(`types.${name}`, parse);
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new InvalidArgumentValueError('types', 'names of letters and digits', name);
      }
      this.#types.set(name, parse);
    }
  }

  get<P extends string>(
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('get(pattern, target)', more);
    return this.route('GET', pattern, target);
  }

  post<P extends string>(
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('post(pattern, target)', more);
    return this.route('POST', pattern, target);
  }

  put<P extends string>(
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('put(pattern, target)', more);
    return this.route('PUT', pattern, target);
  }

  patch<P extends string>(
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('patch(pattern, target)', more);
    return this.route('PATCH', pattern, target);
  }

  delete<P extends string>(
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('delete(pattern, target)', more);
    return this.route('DELETE', pattern, target);
  }

  /** Answers all methods that no other route of the same pattern has. @throws as {@link route}. */
  all<P extends string>(
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('all(pattern, target)', more);
    return this.#add(ANY, pattern, target);
  }

  /**
   * Adds a route. The methods `get`, `post`, `put`, `patch` and `delete` are short for it.
   * @param method In capitals.
   * @throws RouteConflictError a route of the same method and path exists: parameters of other names do not make a difference.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  route<P extends string>(
    method: string,
    pattern: P,
    target: RouteTarget<PathParams<P, Types>>,
    ...more: never[]
  ): this {
    refuseMore('route(method, pattern, target)', more);
    return this.#add(checkMethod(method), pattern, target);
  }

  /**
   * Adds a resource for a path and all paths below it, with all methods: it gets the segments behind the prefix.
   * @param prefix A pattern without `*name`, such as `/api` or `/users/:id`. `/` mounts for all paths that no route has.
   * @throws RouteConflictError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  mount(prefix: string, resource: Resource, ...more: never[]): this {
    refuseMore('mount(prefix, resource)', more);
    const parts = this.#parse(prefix);
    const last = parts.at(-1);
    if (last?.kind === 'rest' || (last?.kind === 'text' && last.text === '')) {
      throw new InvalidArgumentValueError(
        'prefix',
        'a pattern without *name or a slash at its end',
        prefix,
      );
    }
    const target = checkResource('resource', resource);
    this.#tree.mount(parts, routeOf(prefix, parts, target, parts.length), this.#types);
    return this;
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const { rest, request } = context;
    const found = this.#tree.find(
      request.method,
      this.#ignoresSlash || rest.length === 1 ? withoutSlash(rest) : rest,
    );
    if (found === undefined) return context.notFound();
    return 'route' in found ? follow(context, found) : refuseMethod(context, found);
  }

  #add(method: string, pattern: string, target: unknown): this {
    const parts = this.#parse(pattern);
    const resource = checkTarget('target', target);
    this.#tree.add(method, parts, routeOf(pattern, parts, resource, undefined), this.#types);
    return this;
  }

  #parse(pattern: string): readonly PatternPart[] {
    const parts = parsePattern(pattern);
    for (const part of parts) {
      if (part.kind !== 'param' || part.type === undefined || this.#types.has(part.type)) continue;
      const known = `one of the types ${[...this.#types.keys()].join(', ')}`;
      throw new InvalidArgumentValueError(`type of :${part.name}`, known, part.type);
    }
    return this.#ignoresSlash && isSlash(parts) ? parts.slice(0, -1) : parts;
  }
}

function isSlash(parts: readonly PatternPart[]): boolean {
  const last = parts.at(-1);
  return last?.kind === 'text' && last.text === '';
}

/** A router answers for its own path with and without a slash: `/` matches both. */
function withoutSlash(path: readonly string[]): readonly string[] {
  return path.at(-1) === '' ? path.slice(0, -1) : path;
}

function routeOf(
  pattern: string,
  parts: readonly PatternPart[],
  target: Resource,
  prefix: number | undefined,
): Route {
  const names = parts.flatMap((part) => (part.kind === 'text' ? [] : [part.name]));
  return { pattern, names, target, prefix };
}

function follow(
  context: WebContext,
  { route, values }: RouteMatch,
): WebResult | PromiseLike<WebResult> {
  const { names, target, prefix } = route;
  if (names.length > 0) {
    const params = Object.assign(Object.create(null), context.params) as Record<string, unknown>;
    for (const [index, name] of names.entries()) params[name] = values[index];
    context.params = params;
  }
  context.walk(prefix ?? context.rest.length);
  return context.delegate(target);
}
