/** A tree of resources as a handler of the HTTP engine. */
import { randomUUID } from 'node:crypto';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { statusOf as errorStatus } from '../http/error-answers.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { HTTPHandler } from '../http/http-service.js';
import { LocalRequest } from '../http/local-request.js';
import { decodePath, type TargetRefusal, type TargetRules } from '../http/target-path.js';
import { checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { Logger } from '../logger/logger.js';
import { sendResult } from './send-result.js';
import { type ContextSite, checkResource, type Resource, WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface SiteOptions {
  /** Answers, with status 404, for paths without a resource. Default: the error page of the server. */
  readonly notFound?: Resource;
  /** Makes the ids of requests: visible characters of ASCII. Default: `randomUUID`. Called only for requests whose id is read. */
  readonly makeRequestId?: () => string;
  /** Logs what resources write to `context.log`. Default: a logger with the namespace `web`. */
  readonly logger?: Logger;
}

/** @internal */
export const SITE_OPTIONS: OptionNames<SiteOptions> = {
  notFound: true,
  makeRequestId: true,
  logger: true,
};

/** Names are compared as they are decoded: a tree is not a file system. */
const RULES: TargetRules = { dotFiles: true, windows: false };
const ROOT: readonly string[] = [];
/** Paths that decode to themselves and need no check. */
const PLAIN_PATH = /^(?:\/[\w-]+)+$/;

/**
 * Serves a tree of resources. Paths are decoded once, and segment by segment: an encoded slash never separates. A path that could be
 * understood in two ways, by empty or dot segments, encoded slashes or NUL, has no resource (404); malformed escapes, and bytes that
 * are not UTF-8, are answered with 400.
 *
 * @example await serveHttp(reactor, endpoint, new Site(root).handler);
 */
export class Site {
  /** For `serveHttp` and `HTTPFactory`. */
  readonly handler: HTTPHandler;
  readonly #context: ContextSite;
  readonly #root: Resource;

  /** @throws InvalidArgumentTypeError, UnknownOptionError */
  constructor(root: Resource, options: SiteOptions = {}) {
    this.#root = checkResource('root', root);
    checkOptions('Site', options, SITE_OPTIONS);
    const { notFound, makeRequestId = randomUUID } = options;
    const { logger = new Logger({ namespace: 'web' }) } = options;
    if (notFound !== undefined) checkResource('notFound', notFound);
    checkFunction('makeRequestId', makeRequestId);
    if (!(logger instanceof Logger))
      throw new InvalidArgumentTypeError('logger', 'a Logger', logger);
    this.#context = {
      notFound,
      makeRequestId,
      logger,
      answerAt: (context, target) => this.#answerAt(context, target),
    };
    this.handler = (request, response) => this.#answer(request, response);
  }

  #answer(request: HTTPRequest, response: HTTPResponse): unknown {
    const path = segmentsOf(request.path);
    if (typeof path === 'number') {
      return refuse(new WebContext(this.#context, request, response, ROOT), path);
    }
    const context = new WebContext(this.#context, request, response, path);
    return this.#context.logger.isEnabled('debug')
      ? this.#answerLogged(context)
      : sendResult(context, context.delegate(this.#root));
  }

  #answerAt(previous: WebContext, target: string): WebResult | PromiseLike<WebResult> {
    const { response } = previous;
    const request = new LocalRequest(previous.request, target);
    const path = segmentsOf(request.path);
    const segments = typeof path === 'number' ? ROOT : path;
    const context = new WebContext(this.#context, request, response, segments).continue(previous);
    return typeof path === 'number' ? refuse(context, path) : context.delegate(this.#root);
  }

  /** Logs errors that are answered with their own status, and therefore not reported. */
  async #answerLogged(context: WebContext): Promise<void> {
    try {
      await sendResult(context, context.delegate(this.#root));
    } catch (error) {
      const status = errorStatus(error);
      if (status !== undefined) {
        const failure = error as Error;
        context.logRefusal('debug', status, failure.message, failure);
      }
      throw error;
    }
  }
}

function segmentsOf(path: string): readonly string[] | TargetRefusal {
  if (path === '/') return ROOT;
  if (PLAIN_PATH.test(path)) return path.slice(1).split('/');
  const found = decodePath(path, RULES);
  if (typeof found === 'number') return found;
  return found.slash ? [...found.segments, ''] : found.segments;
}

function refuse(context: WebContext, status: TargetRefusal): undefined {
  const { request, response } = context;
  if (request.method === 'CONNECT') response.sendStatus(501);
  else if (request.method === 'OPTIONS' && request.target === '*') {
    // RFC 9110 section 9.3.7: a ping of the server.
    response.status = 204;
    response.send();
  } else {
    const reason = status === 400 ? 'is malformed' : 'could be understood in two ways';
    context.logRefusal('debug', status, `the path ${reason}`);
    response.sendStatus(status);
  }
  return undefined;
}
