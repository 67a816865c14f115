/** Other paths for the same resources. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkFunction } from '../internal/check.js';
import { checkResource, isPathSegment, type Resource, type WebContext } from './web-context.js';

/**
 * @param rest The decoded segments of the path below this resource.
 * @returns Those to use in their place; undefined to keep them.
 */
export type RewriteRule = (
  rest: readonly string[],
  context: WebContext,
) => readonly string[] | undefined;

/**
 * A resource whose paths are changed before a resource is looked for. The request keeps its target, which logs show.
 *
 * @example rewrite(site, ([first, ...rest]) => (first?.startsWith('~') ? ['users', first.slice(1), ...rest] : undefined));
 * @throws InvalidArgumentTypeError
 */
export function rewrite(resource: Resource, rule: RewriteRule): Resource {
  checkResource('resource', resource);
  checkFunction('rule', rule);
  return {
    isLeaf: true,
    render(context) {
      const changed = rule(context.rest, context);
      if (changed !== undefined) context.replaceRest(checkSegments(changed));
      return context.delegate(resource);
    },
  };
}

function checkSegments(segments: readonly string[]): readonly string[] {
  const what = 'the result of a rule';
  if (!Array.isArray(segments) || segments.some((segment) => typeof segment !== 'string')) {
    throw new InvalidArgumentTypeError(what, 'an array of strings', segments);
  }
  const last = segments.length - 1;
  for (const [index, segment] of segments.entries()) {
    if (!isPathSegment(segment) || (segment === '' && index < last)) {
      throw new InvalidArgumentValueError(what, 'segments of a path, without slashes', segment);
    }
  }
  return segments;
}
