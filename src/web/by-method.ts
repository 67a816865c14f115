/** Answers by method, and what HTTP asks for beside them: HEAD, OPTIONS and 405. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkFunction, checkPlainObject, checkString } from '../internal/check.js';
import { isResource, type Resource, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

/** Answers a request, as `render` of a {@link Resource} does. */
export type Render<Context extends WebContext = WebContext> = (
  context: Context,
) => WebResult | PromiseLike<WebResult>;

/** A token in capitals (RFC 9110 section 9.1): other methods exist, but are usually mistakes for these. */
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]*$/;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMethod(method: unknown): string {
  if (METHOD.test(checkString('method', method))) return method as string;
  throw new InvalidArgumentValueError('method', 'the name of a method in capitals', method);
}

/** A resource for a function or a resource. @throws InvalidArgumentTypeError */
export function checkTarget(what: string, value: unknown): Resource {
  if (typeof value === 'function') return { render: value as Render };
  if (isResource(value)) return value;
  throw new InvalidArgumentTypeError(what, 'a function or a resource', value);
}

/** The value for a method: HEAD is answered as GET, without the content. */
export function findByMethod<T>(byMethod: ReadonlyMap<string, T>, method: string): T | undefined {
  return byMethod.get(method) ?? (method === 'HEAD' ? byMethod.get('GET') : undefined);
}

/** Answers a request whose method none of `methods` is: OPTIONS with 204, others with 405, both with the methods in Allow. */
export function refuseMethod(context: WebContext, methods: Iterable<string>): undefined {
  const { request, response } = context;
  const allowed = new Set(methods);
  if (allowed.has('GET')) allowed.add('HEAD');
  allowed.add('OPTIONS');
  response.setField('Allow', [...allowed].sort().join(', '));
  if (request.method === 'OPTIONS') {
    response.status = 204;
    response.send();
  } else response.sendStatus(405);
  return undefined;
}

/** See {@link byMethod}. */
class ByMethod implements Resource {
  readonly #renders: ReadonlyMap<string, Render>;

  constructor(renders: ReadonlyMap<string, Render>) {
    this.#renders = renders;
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const render = findByMethod(this.#renders, context.request.method);
    return render === undefined ? refuseMethod(context, this.#renders.keys()) : render(context);
  }
}

/**
 * A resource with a function for each method. HEAD is answered as GET, OPTIONS with the methods, and others with 405.
 *
 * @example root.putChild('notes', byMethod({ GET: () => notes, POST: addNote }));
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function byMethod(renders: Readonly<Record<string, Render>>): Resource {
  checkPlainObject('renders', renders);
  const checked = new Map<string, Render>();
  for (const [method, render] of Object.entries(renders)) {
    checkFunction(`the value of ${method}`, render);
    checked.set(checkMethod(method), render);
  }
  if (checked.size === 0)
    throw new InvalidArgumentValueError('renders', 'at least one method', renders);
  return new ByMethod(checked);
}
