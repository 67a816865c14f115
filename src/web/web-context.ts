/**
 * A request on its way through a site: the engine's request and response, the path as far as it was walked, and values that
 * resources attach. Everything that few resources read is made when it is read.
 *
 * One exists for each request, so private fields are TypeScript's.
 */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { isThenable } from '../defer/thenable.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import { titleOf } from '../http/request-title.js';
import type { Logger } from '../logger/logger.js';
import { HTTPSequenceError } from '../protocols/http/errors.js';
import { ContextKey } from './context-key.js';
import type { WebResult } from './web-result.js';

/**
 * Answers requests, or finds the resource that does. Any object with a method `render` is one, so a resource around another one is
 * an ordinary resource: see {@link WebContext.delegate}.
 *
 * @example const greeting: Resource = { render: () => 'Hello, World!' };
 */
export interface Resource {
  /**
   * The resource of the next segment of the path. Called once for each segment that is left, unless the resource is a leaf.
   * @param segment Decoded, without a slash. Empty at the end of a path with a slash at its end, except that of the root.
   * @returns Undefined, or a promise of it: the request is answered with 404.
   */
  getChild?(
    segment: string,
    context: WebContext,
  ): Resource | undefined | PromiseLike<Resource | undefined>;
  /** Answers a request of any method. The result is sent: see {@link WebResult}. Errors count as those of an HTTPHandler. */
  render(context: WebContext): WebResult | PromiseLike<WebResult>;
  /** Whether the resource answers for all paths below it: the other segments are then `context.rest`. Default false. */
  readonly isLeaf?: boolean;
}

/** Parts of a page in order. Asynchronous ones are sent as they come. */
export type RenderedHTML = string | AsyncIterable<string>;

/** A value that turns into HTML: the result of `html`, or an element of a template. */
export interface Renderable {
  /**
   * @param context Of the request that it answers; undefined if there is none, as in a test.
   * @returns HTML, in which everything that is not markup is escaped.
   */
  renderHTML(context?: WebContext): RenderedHTML | PromiseLike<RenderedHTML>;
}

/** @internal The site of a request. */
export interface ContextSite {
  /** Answers for paths without a resource. */
  readonly notFound: Resource | undefined;
  /** Without the id of a request. */
  readonly logger: Logger;
  /** See {@link WebContext.answerAt}. */
  answerAt(context: WebContext, target: string): WebResult | PromiseLike<WebResult>;
  makeRequestId(): string;
}

/** Parameters of the router, by name. */
export type RouteParams = Readonly<Record<string, unknown>>;

/** Of the requests whose id was read or set. */
const requestIdsMade = new WeakMap<HTTPRequest, string>();

/**
 * The id of a request of a site, for the access log of the server, which receives the request. Undefined if no resource has read or set it, as
 * `requestIds` does.
 */
export function requestIdOf(request: HTTPRequest | undefined): string | undefined {
  return request === undefined ? undefined : requestIdsMade.get(request);
}

const NO_ANSWER =
  'the resource returned nothing and sent nothing: return a value or a promise (is a return missing?), answer through context.response, ' +
  'or call context.answersLater() if it answers later';
/** Errors whose refusals were logged already. */
const loggedRefusals = new WeakSet<Error>();
const NO_PARAMS: RouteParams = Object.freeze(Object.create(null) as RouteParams);

/**
 * A request for the resources that it reaches: the argument of {@link Resource.render}. In a route, the parameters have the types of its
 * pattern.
 */
export class WebContext<Params extends RouteParams = RouteParams> {
  readonly request: HTTPRequest;
  readonly response: HTTPResponse;
  /** The values of the parameters of the routes that led here, decoded; their types are those of the pattern. */
  params: Params = NO_PARAMS as Params;
  private readonly site: ContextSite;
  private path: readonly string[];
  /** The number of segments that were walked. */
  private position = 0;
  private values: Map<ContextKey<unknown>, unknown> | undefined = undefined;
  private search: URLSearchParams | undefined = undefined;
  private requestId: string | undefined = undefined;
  private logger: Logger | undefined = undefined;
  /** See {@link answersLater}. */
  private isLate = false;
  /** The context that this one continues. */
  private previous: WebContext | undefined = undefined;
  /** @internal The number of calls of {@link answerAt} that led here. */
  hops = 0;

  /**
   * @internal
   * @param path Decoded segments. The last one is empty if the path ends with a slash, unless it is the root.
   */
  constructor(
    site: ContextSite,
    request: HTTPRequest,
    response: HTTPResponse,
    path: readonly string[],
  ) {
    this.site = site;
    this.request = request;
    this.response = response;
    this.path = path;
  }

  /** The decoded segments of the path that led to this resource. */
  get segments(): readonly string[] {
    return this.path.slice(0, this.position);
  }

  /**
   * The decoded segments below this resource: empty unless it is a leaf. No segment contains a slash, a backslash or NUL, or is `.` or
   * `..`; only the last one may be empty, if the path ends with a slash.
   */
  get rest(): readonly string[] {
    return this.position === 0 ? this.path : this.path.slice(this.position);
  }

  /** The query of the request. Parameters that are given several times are read by `getAll`. */
  get query(): URLSearchParams {
    this.search ??= new URLSearchParams(this.request.query);
    return this.search;
  }

  /** Identifies the request in logs. Made when it is first read, unless it was set. */
  get id(): string {
    if (this.requestId === undefined) {
      this.requestId = this.site.makeRequestId();
      requestIdsMade.set(this.response.request, this.requestId);
    }
    return this.requestId;
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError it is not 1 to 200 visible characters of ASCII. */
  set id(id: string) {
    if (typeof id !== 'string') throw new InvalidArgumentTypeError('id', 'a string', id);
    if (!isRequestId(id)) {
      throw new InvalidArgumentValueError('id', '1 to 200 visible characters of ASCII', id);
    }
    this.requestId = id;
    requestIdsMade.set(this.response.request, id);
    this.logger = undefined;
  }

  /** Logs with the field `requestId`. */
  get log(): Logger {
    this.logger ??= this.site.logger.with({ requestId: this.id });
    return this.logger;
  }

  /** Aborted if the client goes before the answer is complete: see `request.signal`. */
  get signal(): AbortSignal {
    return this.request.signal;
  }

  /** The value that was set; undefined if none was. @throws InvalidArgumentTypeError */
  get<T>(key: ContextKey<T>): T | undefined {
    checkKey(key);
    return this.values?.get(key) as T | undefined;
  }

  /** Attaches a value to the request, for the resources that are called later. @throws InvalidArgumentTypeError */
  set<T>(key: ContextKey<T>, value: T): this {
    checkKey(key);
    this.values ??= new Map();
    this.values.set(key, value);
    return this;
  }

  /**
   * Finds the resource of the rest of the path, from `resource` on, and renders it. For resources around others: they are leaves, do
   * their part, and return the result of this call.
   *
   * @example const counted: Resource = {
   *   isLeaf: true,
   *   render(context) { requests.inc(); return context.delegate(site); },
   * };
   * @returns The result of the resource that was found. Undefined if none was: that was answered with 404.
   * @throws InvalidArgumentTypeError `resource`, or one that `getChild` returned, is none.
   */
  delegate(resource: Resource): WebResult | PromiseLike<WebResult> {
    let current = resource;
    while (this.position < this.path.length && current.isLeaf !== true) {
      const segment = this.path[this.position++] as string;
      const child = current.getChild?.(segment, this);
      if (child === undefined) return this.notFound();
      if (isResource(child)) current = child;
      else if (isThenable(child)) return this.delegateLater(child);
      else checkResource('the result of getChild', child);
    }
    return isResource(current) ? current.render(this) : checkResource('resource', current);
  }

  /**
   * Answers with 404: the page of the site for paths without a resource.
   * @returns What a resource returns.
   */
  notFound(): WebResult | PromiseLike<WebResult> {
    const { notFound } = this.site;
    if (this.response.headSent) return undefined;
    if (notFound === undefined) {
      this.response.sendStatus(404);
      return undefined;
    }
    this.response.status = 404;
    return notFound.render(this);
  }

  /**
   * Announces an answer through `response` after the resource has returned nothing: from a timer or an event, for example. Without it, a
   * resource that returns undefined, or a promise of it, before the response has begun has forgotten its answer: 500, and an
   * HTTPSequenceError is reported. The time is not limited: see `limitTime`.
   *
   * @example render(context) { waiting.add(context); return context.answersLater(); }
   * @returns What the resource returns.
   */
  answersLater(): undefined {
    this.isLate = true;
    this.previous?.answersLater();
  }

  /**
   * @internal Answers as the site does to a request by GET for another path, from its root on, in place of this resource. Fields that were
   * set are dropped, except cookies.
   * @param target A path, perhaps with a query, in visible ASCII.
   */
  answerAt(target: string): WebResult | PromiseLike<WebResult> {
    const { response } = this;
    for (const name of new Set(response.namesOfFields ?? [])) {
      if (name !== 'set-cookie') response.removeField(name);
    }
    response.lastingLines = undefined;
    response.status = 200;
    return this.site.answerAt(this, target);
  }

  /** @internal This context continues another one for the same client. */
  continue(previous: WebContext): this {
    this.previous = previous;
    this.hops = previous.hops + 1;
    this.requestId = previous.requestId;
    return this;
  }

  /**
   * @internal For a resource that returned nothing.
   * @returns Undefined if the response has begun, or will in a call of the program; the promise is fulfilled when it has ended.
   * @throws HTTPSequenceError nothing will be sent.
   */
  unanswered(): Promise<void> | undefined {
    const { response } = this;
    if (response.headSent || response.ended) return undefined;
    if (this.isLate) return new Promise((resolve) => response.whenEnded(resolve));
    throw this.request.failure ?? new HTTPSequenceError(NO_ANSWER);
  }

  /**
   * @internal Logs that the request is not answered as its client wants.
   * @param reason Without values that the client sent, which may be secrets.
   * @param error The one that the handler fails with, if it does: logged once.
   */
  logRefusal(
    level: 'debug' | 'info' | 'warn',
    status: number,
    reason: string,
    error?: Error,
  ): void {
    if (!this.site.logger.isEnabled(level)) return;
    if (error !== undefined) {
      if (loggedRefusals.has(error)) return;
      loggedRefusals.add(error);
    }
    const request = titleOf(this.request);
    this.log.emit(level, 'refused {request} with {status}: {reason}', { request, status, reason });
  }

  /** @internal Marks the next segments as walked. */
  walk(segments: number): void {
    this.position = Math.min(this.path.length, this.position + segments);
  }

  /** @internal Replaces the rest of the path by decoded segments. */
  replaceRest(segments: readonly string[]): void {
    this.path = [...this.path.slice(0, this.position), ...segments];
  }

  private async delegateLater(found: PromiseLike<Resource | undefined>): Promise<WebResult> {
    const child = await found;
    if (child === undefined) return this.notFound();
    return this.delegate(checkResource('the result of getChild', child));
  }
}

/** Whether `value` has a method `render`. */
export function isResource(value: unknown): value is Resource {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Resource>).render === 'function'
  );
}

/** @throws InvalidArgumentTypeError */
export function checkResource(what: string, value: unknown): Resource {
  if (isResource(value)) return value;
  const hint =
    typeof value === 'function' ? 'a function becomes one as { render: ... }' : undefined;
  throw new InvalidArgumentTypeError(what, 'a resource, which has a method render', value, hint);
}

export function isRenderable(value: unknown): value is Renderable {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Renderable>).renderHTML === 'function'
  );
}

/** Whether a decoded text can be a segment of a path; the empty one is only its end. */
export function isPathSegment(text: string): boolean {
  return !/[/\\\0]|^\.\.?$/.test(text);
}

/** Whether a text can be the id of a request: nothing in it can break a line of a log, or of a field. */
export function isRequestId(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text);
}

function checkKey(key: unknown): void {
  if (key instanceof ContextKey) return;
  throw new InvalidArgumentTypeError('key', 'the result of contextKey', key);
}
