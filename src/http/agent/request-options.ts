/** Requests as callers of an agent describe them. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import {
  checkAbortSignal,
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import type { HTTPClientRequest } from '../client/client-request.js';
import type { AgentSettings } from './agent-options.js';
import type { AgentRequest, AgentTimes } from './agent-request.js';
import { type BodyChoice, bodyOf } from './bodies.js';
import type { Body } from './body.js';
import { CACHE_MODES, type CacheMode, MODE_FIELDS } from './cache-mode.js';
import { type AgentCredentials, checkCredentials } from './credentials.js';
import {
  type AgentFields,
  type FieldList,
  fieldList,
  fieldOf,
  withDefaults,
  withField,
} from './field-list.js';
import { REDIRECT_MODES, type RedirectMode } from './redirect-mode.js';
import { appendQuery, parseHTTPURL, type QueryParameters } from './urls.js';

type PassedOn = Pick<
  HTTPClientRequest,
  'contentLength' | 'continueTimeoutMs' | 'idempotent' | 'onInformational' | 'signal' | 'trailers'
>;

/** A request whose method is given otherwise. */
export interface RequestDetails extends PassedOn, AgentTimes, BodyChoice {
  /** In place of the agent's fields with the same names, and besides the others. Host replaces that of the URL. Default: none. */
  readonly fields?: AgentFields;
  /** Parameters that are added to the query of the URL. Default: none. */
  readonly query?: QueryParameters;
  /** In place of the agent's. */
  readonly redirect?: RedirectMode;
  /** In place of the agent's. */
  readonly maxRedirects?: number;
  /** In place of the agent's. */
  readonly decode?: boolean;
  /** In place of the agent's. */
  readonly retries?: number;
  /**
   * Sends Basic or Digest authentication to the origin of the URL; false sends none. Default: that of the agent, for the origin of its
   * `baseURL`, unless `fields` has Authorization.
   */
  readonly auth?: AgentCredentials | false;
  /** Whether cookies of the agent's jar are sent and stored. Default true. */
  readonly cookies?: boolean;
  /** How the cache of the agent is used. The fields by which other caches learn of it are added in any case. Default `default`. */
  readonly cache?: CacheMode;
}

export interface AgentRequestOptions extends RequestDetails {
  /** Default `GET`. Case-sensitive. */
  readonly method?: string;
}

const DETAILS: OptionNames<RequestDetails> = {
  fields: true,
  query: true,
  content: true,
  redirect: true,
  maxRedirects: true,
  decode: true,
  retries: true,
  auth: true,
  cookies: true,
  cache: true,
  json: true,
  form: true,
  multipart: true,
  contentLength: true,
  continueTimeoutMs: true,
  idempotent: true,
  onInformational: true,
  signal: true,
  trailers: true,
  connectTimeoutMs: true,
  headTimeoutMs: true,
  bodyIdleTimeoutMs: true,
  unreadTimeoutMs: true,
  writeTimeoutMs: true,
  totalTimeoutMs: true,
};

const NAMES: OptionNames<AgentRequestOptions> = { ...DETAILS, method: true };

const TIMES: OptionNames<AgentTimes> = {
  connectTimeoutMs: true,
  headTimeoutMs: true,
  bodyIdleTimeoutMs: true,
  unreadTimeoutMs: true,
  writeTimeoutMs: true,
  totalTimeoutMs: true,
};

/**
 * @param named The method, unless it is an option.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function agentRequest(
  settings: AgentSettings,
  url: string | URL,
  options: AgentRequestOptions,
  named: string | undefined,
  startedMs: number,
): AgentRequest {
  if (named === undefined) checkOptions('the request', options, NAMES);
  else checkOptions<RequestDetails>('the request', options, DETAILS);
  const target = parseHTTPURL(url, settings.baseURL);
  if (options.query !== undefined) appendQuery(target, options.query);
  checkDetails(options);
  const { method = named ?? 'GET', fields, contentLength, trailers, idempotent } = options;
  const { continueTimeoutMs, onInformational, signal } = options;
  const { redirect = settings.redirect, maxRedirects = settings.maxRedirects } = options;
  const { decode = settings.decode } = options;
  const { retries = settings.retries, cookies = true, cache = 'default' } = options;
  checkBoolean('decode', decode);
  const body = bodyOf(options, settings.makeBoundary);
  const own = fields === undefined ? [] : fieldList(fields);
  return {
    url: target,
    method: checkString('method', method),
    fields: withMode(fieldsOf(settings, own, decode, body), checkMode(settings, cache)),
    redirect: checkChoice('redirect', redirect, REDIRECT_MODES),
    maxRedirects: checkInteger('maxRedirects', maxRedirects, 0, 100),
    decode,
    retries: checkInteger('retries', retries, 0, 100),
    auth: credentialsFor(settings, options.auth, own, target),
    cookies: checkBoolean('cookies', cookies),
    cache,
    initiator: target,
    content: body.content,
    contentLength: lengthOf(body, contentLength),
    trailers,
    idempotent,
    continueTimeoutMs,
    onInformational,
    signal,
    times: timesOf(settings, options),
    startedMs,
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
function checkDetails(options: RequestDetails): void {
  const { contentLength, trailers, idempotent, onInformational, signal } = options;
  if (idempotent !== undefined) checkBoolean('idempotent', idempotent);
  if (onInformational !== undefined) checkFunction('onInformational', onInformational);
  if (trailers !== undefined) checkFunction('trailers', trailers);
  if (signal !== undefined) checkAbortSignal('signal', signal);
  if (contentLength !== undefined) {
    checkInteger('contentLength', contentLength, 0, Number.MAX_SAFE_INTEGER);
  }
}

/** An Authorization field of the request replaces the credentials of the agent. */
function credentialsFor(
  { auth, baseURL }: AgentSettings,
  given: AgentCredentials | false | undefined,
  own: FieldList,
  { origin }: URL,
): AgentCredentials | undefined {
  if (given === false) return undefined;
  if (given !== undefined) return checkCredentials(given);
  if (fieldOf(own, 'authorization') !== undefined) return undefined;
  return baseURL?.origin === origin ? auth : undefined;
}

/** A part of coded content cannot be decoded, so a request for a range accepts no coding. */
function fieldsOf(
  { fields: defaults, codedFields }: AgentSettings,
  own: FieldList,
  decode: boolean,
  { type }: Body,
): FieldList {
  const all = decode && fieldOf(own, 'range') === undefined ? codedFields : defaults;
  const typed: FieldList = type === undefined ? all : withField(all, 'Content-Type', type);
  return withDefaults(own, typed);
}

/** @throws InvalidArgumentValueError */
function checkMode(settings: AgentSettings, mode: CacheMode): CacheMode {
  checkChoice('cache', mode, CACHE_MODES);
  if (mode !== 'only-if-cached' || settings.cache !== undefined) return mode;
  throw new InvalidArgumentValueError('cache', 'another mode for an agent without cache', mode);
}

function withMode(fields: FieldList, mode: CacheMode): FieldList {
  const added = MODE_FIELDS[mode];
  return added === undefined ? fields : withDefaults(fields, added);
}

function lengthOf(body: Body, contentLength: number | undefined): number | undefined {
  if (contentLength === undefined || body.type === undefined) {
    return contentLength ?? body.contentLength;
  }
  const expected = 'left out with json, form and multipart';
  throw new InvalidArgumentValueError('contentLength', expected, contentLength);
}

function timesOf({ times }: AgentSettings, options: AgentRequestOptions): AgentTimes {
  let own: Record<string, number> | undefined;
  for (const name in TIMES) {
    const value = options[name as keyof AgentTimes];
    if (value === undefined) continue;
    own ??= { ...times };
    own[name] = checkTimeout(name, value);
  }
  return own ?? times;
}
