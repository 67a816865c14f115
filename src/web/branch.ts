/** A resource with named children. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkPlainObject, checkString } from '../internal/check.js';
import { redirectToSlash } from './redirect-to-slash.js';
import { refuseMore } from './refuse-more.js';
import { checkResource, isPathSegment, type Resource, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

/**
 * The inner nodes of a tree of fixed names. The child with the empty name is the index: it answers for the path with a slash at its
 * end, to which the path without it is redirected, so that relative links of the index work.
 *
 * @example const root = new Branch({ '': page, about: { render: () => 'About us' } });
 */
export class Branch implements Resource {
  readonly #children = new Map<string, Resource>();

  /**
   * @param children By name: see {@link putChild}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(children: Readonly<Record<string, Resource>> = {}) {
    checkPlainObject('children', children);
    for (const [name, resource] of Object.entries(children)) this.putChild(name, resource);
  }

  /**
   * Adds a child, or replaces that of the same name.
   * @param name A decoded segment of a path, which no slash can be part of; empty for the index.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  putChild(name: string, resource: Resource, ...more: never[]): this {
    refuseMore('putChild(name, resource)', more);
    if (!isPathSegment(checkString('name', name))) {
      throw new InvalidArgumentValueError('name', 'a segment of a path, without slashes', name);
    }
    this.#children.set(name, checkResource('resource', resource));
    return this;
  }

  /** @returns Whether there was such a child. */
  removeChild(name: string): boolean {
    return this.#children.delete(name);
  }

  /** The names of the children, in the order in which they were added. */
  get names(): readonly string[] {
    return [...this.#children.keys()];
  }

  getChild(segment: string): Resource | undefined {
    return this.#children.get(segment);
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const index = this.#children.get('');
    if (index === undefined) return context.notFound();
    return context.request.path.endsWith('/') ? index.render(context) : redirectToSlash(context);
  }
}
