/** Health over HTTP. */
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { HTTPHandler } from '../http/http-service.js';
import { checkBoolean, checkFunction, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Health, HealthReport } from './health.js';

export interface HealthHandlerOptions {
  /** Default `/healthz`. */
  readonly livePath?: string;
  /** Default `/readyz`. */
  readonly readyPath?: string;
  /** Whether answers contain the messages of failed checks, which may name hosts and accounts. Default false. */
  readonly messages?: boolean;
}

const OPTIONS: OptionNames<HealthHandlerOptions> = {
  livePath: true,
  readyPath: true,
  messages: true,
};

/**
 * Answers GET and HEAD of `/healthz` and `/readyz` with 200 or 503 and a JSON object: `healthy`, `state`, and `checks` with the
 * `name` and `healthy` of each.
 *
 * @param next Handles the other requests. Default: they are answered with 404.
 * @throws InvalidArgumentTypeError, UnknownOptionError
 */
export function healthHandler(
  health: Health,
  next: HTTPHandler = (_request, response) => response.sendStatus(404),
  options: HealthHandlerOptions = {},
): HTTPHandler {
  checkOptions('healthHandler', options, OPTIONS);
  checkFunction('next', next);
  const livePath = checkString('livePath', options.livePath ?? '/healthz');
  const readyPath = checkString('readyPath', options.readyPath ?? '/readyz');
  const messages = checkBoolean('messages', options.messages ?? false);
  return (request: HTTPRequest, response: HTTPResponse): unknown => {
    const { path } = request;
    if (path !== livePath && path !== readyPath) return next(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setField('Allow', 'GET, HEAD').sendStatus(405);
      return undefined;
    }
    const checked = path === livePath ? health.live() : health.ready();
    return checked.addCallback((report) => answer(response, report, messages));
  };
}

function answer(response: HTTPResponse, report: HealthReport, messages: boolean): void {
  const { healthy, state } = report;
  const checks = report.checks.map((check) => ({
    name: check.name,
    healthy: check.healthy,
    ...(messages && check.message !== undefined ? { message: check.message } : {}),
  }));
  response.status = healthy ? 200 : 503;
  response.setField('Cache-Control', 'no-store').sendJSON({ healthy, state, checks });
}
