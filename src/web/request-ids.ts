/** Ids of requests, shared with proxies in front and with clients. */
import { checkFieldName } from '../http/field-lines.js';
import { checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkResource, isRequestId, type Resource, type WebContext } from './web-context.js';

export interface RequestIdsOptions {
  /** The field of requests and answers. Default `X-Request-Id`. */
  readonly field?: string;
  /**
   * Whether the id that a request brings is used, if it is valid: true if only a proxy of yours can reach the server, or a function that
   * decides, for example by `request.remoteAddress`. Default false: clients could otherwise forge entries of logs.
   */
  readonly trusted?: boolean | ((context: WebContext) => boolean);
}

const OPTIONS: OptionNames<RequestIdsOptions> = { field: true, trusted: true };

/**
 * A resource whose answers, also those with errors, have the id of the request. The id is `context.id`; `context.log` shows it.
 *
 * @throws InvalidArgumentTypeError, InvalidHTTPOutputError, UnknownOptionError
 */
export function requestIds(resource: Resource, options: RequestIdsOptions = {}): Resource {
  checkResource('resource', resource);
  checkOptions('requestIds', options, OPTIONS);
  const { field = 'X-Request-Id', trusted = false } = options;
  const lower = checkFieldName(field);
  if (typeof trusted !== 'boolean') checkFunction('trusted', trusted);
  const trusts = typeof trusted === 'function' ? trusted : (): boolean => trusted;
  return {
    isLeaf: true,
    render(context) {
      const given = context.request.field(lower);
      if (given !== undefined && isRequestId(given) && trusts(context)) context.id = given;
      context.response.addLastingField(field, context.id);
      return context.delegate(resource);
    },
  };
}
