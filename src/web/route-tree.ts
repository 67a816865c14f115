/** The routes of a router as a tree of segments. */
import { findByMethod } from './by-method.js';
import { RouteConflictError } from './errors.js';
import type { ParamParser, PatternPart } from './route-pattern.js';
import type { Resource } from './web-context.js';

/** A registered route. */
export interface Route {
  readonly pattern: string;
  /** The names of the parameters, in order. */
  readonly names: readonly string[];
  readonly target: Resource;
  /** Segments before those that are left to the target; undefined if none are left. */
  readonly prefix: number | undefined;
}

/** The method of routes that answer all. */
export const ANY = '*';

interface TypedChild {
  readonly type: string;
  readonly parse: ParamParser;
  readonly node: RouteNode;
}

/** The routes that answer for one path. */
type Routes = Map<string, Route>;

class RouteNode {
  readonly texts: Map<string, RouteNode> = new Map();
  readonly typed: TypedChild[] = [];
  param: RouteNode | undefined = undefined;
  /** Of this path. */
  readonly routes: Routes = new Map();
  /** Of all paths below it. */
  readonly rests: Routes = new Map();
  mount: Route | undefined = undefined;
}

/** A route that matches, and the values of its parameters in order. */
export interface RouteMatch {
  readonly route: Route;
  readonly values: readonly unknown[];
}

/** A match; the methods of the routes of the path, if none has that of the request; or undefined, if there are no routes. */
export type Found = RouteMatch | ReadonlySet<string> | undefined;

/**
 * Text takes precedence over typed parameters, which take it in the order of their registration, then over a parameter, then over `*rest`,
 * then over mounted resources; the first segment decides first. A route whose method is another one does not count.
 *
 * A search visits each node at most once, because only one path leads to it.
 */
export class RouteTree {
  readonly #root = new RouteNode();

  /** @throws RouteConflictError */
  add(
    method: string,
    parts: readonly PatternPart[],
    route: Route,
    types: ReadonlyMap<string, ParamParser>,
  ): void {
    let node = this.#root;
    for (const part of parts) {
      if (part.kind === 'rest') {
        setOnce(node.rests, method, route);
        return;
      }
      node = part.kind === 'text' ? textChild(node, part.text) : paramChild(node, part.type, types);
    }
    setOnce(node.routes, method, route);
  }

  /** @throws RouteConflictError */
  mount(
    parts: readonly PatternPart[],
    route: Route,
    types: ReadonlyMap<string, ParamParser>,
  ): void {
    let node = this.#root;
    for (const part of parts) {
      if (part.kind === 'text') node = textChild(node, part.text);
      else if (part.kind === 'param') node = paramChild(node, part.type, types);
    }
    if (node.mount !== undefined)
      throw new RouteConflictError(ANY, route.pattern, node.mount.pattern);
    node.mount = route;
  }

  find(method: string, path: readonly string[]): Found {
    return new Search(method, path).run(this.#root);
  }
}

function setOnce(routes: Routes, method: string, route: Route): void {
  const existing = routes.get(method);
  if (existing !== undefined) throw new RouteConflictError(method, route.pattern, existing.pattern);
  routes.set(method, route);
}

function textChild({ texts }: RouteNode, text: string): RouteNode {
  let child = texts.get(text);
  if (child === undefined) {
    child = new RouteNode();
    texts.set(text, child);
  }
  return child;
}

function paramChild(
  node: RouteNode,
  type: string | undefined,
  types: ReadonlyMap<string, ParamParser>,
): RouteNode {
  if (type === undefined) {
    node.param ??= new RouteNode();
    return node.param;
  }
  const existing = node.typed.find((child) => child.type === type);
  if (existing !== undefined) return existing.node;
  const parse = types.get(type);
  if (parse === undefined) throw new Error(`unknown type ${type}`);
  const child = { type, parse, node: new RouteNode() };
  node.typed.push(child);
  return child.node;
}

class Search {
  readonly #method: string;
  readonly #path: readonly string[];
  readonly #values: unknown[] = [];
  /** Of routes that match the path but not the method. */
  #methods: Set<string> | undefined = undefined;

  constructor(method: string, path: readonly string[]) {
    this.#method = method;
    this.#path = path;
  }

  run(root: RouteNode): Found {
    const route = this.#at(root, 0);
    return route === undefined ? this.#methods : { route, values: this.#values };
  }

  #at(node: RouteNode, depth: number): Route | undefined {
    if (depth === this.#path.length) {
      const route = this.#of(node.routes);
      if (route !== undefined) return route;
    } else {
      const route = this.#below(node, this.#path[depth] as string, depth + 1);
      if (route !== undefined) return route;
    }
    const rest = node.rests.size === 0 ? undefined : this.#of(node.rests);
    if (rest !== undefined) {
      this.#values.push(this.#path.slice(depth));
      return rest;
    }
    return node.mount;
  }

  #below({ texts, typed, param }: RouteNode, segment: string, depth: number): Route | undefined {
    const text = texts.get(segment);
    const route = text === undefined ? undefined : this.#at(text, depth);
    if (route !== undefined) return route;
    for (const { parse, node } of typed) {
      const value = parse(segment);
      const found = value === undefined ? undefined : this.#with(value, node, depth);
      if (found !== undefined) return found;
    }
    // An empty segment is the end of a path with a slash, not a value.
    return param === undefined || segment === '' ? undefined : this.#with(segment, param, depth);
  }

  #with(value: unknown, node: RouteNode, depth: number): Route | undefined {
    this.#values.push(value);
    const route = this.#at(node, depth);
    if (route === undefined) this.#values.pop();
    return route;
  }

  #of(routes: Routes): Route | undefined {
    const route = findByMethod(routes, this.#method) ?? routes.get(ANY);
    if (route === undefined && routes.size > 0) {
      this.#methods ??= new Set();
      for (const method of routes.keys()) this.#methods.add(method);
    }
    return route;
  }
}
