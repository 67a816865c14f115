/** Servers of finger. */
import type { Address } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { RemoteProtocolError } from '../../core/errors/base.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import { Deferred } from '../../defer/deferred.js';
import { isThenable } from '../../defer/thenable.js';
import {
  ANSWERING_OPTIONS,
  AnsweringFactory,
  type AnsweringOptions,
} from '../../exchange/answering-factory.js';
import type { Answer } from '../../exchange/answering-protocol.js';
import { LineDecoder } from '../../framing/line-decoder.js';
import { checkFunction, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { DEFAULT_MAX_ANSWER_BYTES, finger } from './client.js';
import { InvalidFingerQueryError } from './errors.js';
import { DEFAULT_MAX_QUERY_BYTES, type FingerQuery } from './events.js';
import { parseFingerQuery } from './parser.js';
import { serializeFingerAnswer } from './serializer.js';

/** The arguments of a look-up function after the name. */
export interface FingerRequest {
  /** Whether the client asks for more details. */
  readonly verbose: boolean;
  readonly peer: Address;
}

type Text = string | undefined;

/** The text about a user; undefined if there is no such user. Lines end with LF or CRLF. */
export type FingerLookup = (user: string, request: FingerRequest) => Text | PromiseLike<Text>;

/** Where the query for a host is sent; undefined refuses. Never connect to every host that a client names. */
export type FingerForward = (
  host: string,
  request: FingerRequest,
) => StreamClientEndpoint | undefined;

export interface FingerServerOptions extends AnsweringOptions {
  /** The list of users, for a query without a name. Default: refused, as RFC 1288 section 3.2.2 wants by default. */
  readonly list?: (request: FingerRequest) => string | PromiseLike<string>;
  /**
   * Sends queries for `user@host` on and answers with what comes back. Default: refused (RFC 1288 section 3.2.1), because a server that
   * forwards lets others reach hosts behind it, in its name.
   */
  readonly forward?: FingerForward;
  /** The longest query in bytes, its CRLF excluded: 1 to 65,536. Default 512. */
  readonly maxQueryBytes?: number;
}

const OPTIONS: OptionNames<FingerServerOptions> = {
  ...ANSWERING_OPTIONS,
  list: true,
  forward: true,
  maxQueryBytes: true,
};

const LIST_REFUSED = 'Finger online user list denied';
const FORWARDING_REFUSED = 'Finger forwarding service denied';
const FAILED = 'The finger server failed to answer.';

/**
 * Builds the connections of a finger server (RFC 1288): one query, one answer. An exception out of a look-up is reported, and the
 * client only learns that the server failed.
 *
 * @example
 * const users = new Map([['alice', 'Alice works on the reactor.']]);
 * reactor.listenTCP(79, new FingerServerFactory(reactor, users));
 */
export class FingerServerFactory extends AnsweringFactory<FingerQuery> {
  /** @internal */
  readonly answersOnce = true;
  /** @internal */
  readonly where = 'the look-up of a finger server';
  readonly #clock: Clock;
  readonly #lookup: FingerLookup;
  readonly #list: FingerServerOptions['list'];
  readonly #forward: FingerForward | undefined;
  readonly #maxQueryBytes: number;

  /**
   * @param clock Measures the timeouts: usually the reactor.
   * @param users Texts by user name, read for each query; or a function.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    clock: Clock,
    users: FingerLookup | ReadonlyMap<string, string>,
    options: FingerServerOptions = {},
  ) {
    checkOptions('FingerServerFactory', options, OPTIONS);
    super(clock, options);
    const { list, forward, maxQueryBytes = DEFAULT_MAX_QUERY_BYTES } = options;
    if (list !== undefined) checkFunction('list', list);
    if (forward !== undefined) checkFunction('forward', forward);
    this.#clock = clock;
    this.#lookup = lookupIn(users);
    this.#list = list;
    this.#forward = forward;
    this.#maxQueryBytes = checkInteger('maxQueryBytes', maxQueryBytes, 1, 65_536);
  }

  /** @internal */
  makeDecoder(): LineDecoder {
    return new LineDecoder({ maxLength: this.#maxQueryBytes });
  }

  /** @internal */
  readQuestion(line: Buffer): FingerQuery {
    return parseFingerQuery(line);
  }

  /** @internal */
  answer(query: FingerQuery, peer: Address): Answer {
    const { user, verbose, hosts } = query;
    const request = { verbose, peer };
    if (hosts.length > 0) return this.#forwarded(query, request);
    if (user === undefined) return asAnswer(this.#list?.(request), LIST_REFUSED);
    return asAnswer(this.#lookup(user, request), `finger: ${user}: no such user`);
  }

  /** @internal */
  failureAnswer(): Buffer {
    return serializeFingerAnswer(FAILED);
  }

  /** @internal */
  refusalAnswer(error: RemoteProtocolError): Buffer {
    const why = error instanceof InvalidFingerQueryError ? error.message : 'the query is too long';
    return serializeFingerAnswer(why);
  }

  #forwarded({ user = '', verbose, hosts }: FingerQuery, request: FingerRequest): Answer {
    const host = hosts[hosts.length - 1] as string;
    const endpoint = this.#forward?.(host, request);
    if (endpoint === undefined) return serializeFingerAnswer(FORWARDING_REFUSED);
    const options = { clock: this.#clock, verbose, maxAnswerBytes: DEFAULT_MAX_ANSWER_BYTES };
    const who = [user, ...hosts.slice(0, -1)].join('@');
    return finger(endpoint, who, { ...options, timeoutMs: this.answerTimeoutMs }).addCallbacks(
      serializeFingerAnswer,
      () => serializeFingerAnswer(`finger: ${host} did not answer`),
    );
  }
}

function lookupIn(users: FingerLookup | ReadonlyMap<string, string>): FingerLookup {
  if (typeof users === 'function') return users;
  if (typeof (users as Partial<Map<string, string>> | null)?.get === 'function') {
    return (user) => users.get(user);
  }
  throw new InvalidArgumentTypeError('users', 'a function or a Map', users);
}

/** @param otherwise The answer if the result is undefined. */
function asAnswer(result: Text | PromiseLike<Text>, otherwise: string): Answer {
  if (!isThenable(result)) return bytesOf(result, otherwise);
  return Deferred.fromPromise(result as PromiseLike<Text>).addCallback((text) =>
    bytesOf(text, otherwise),
  );
}

function bytesOf(text: unknown, otherwise: string): Buffer {
  if (text === undefined) return serializeFingerAnswer(otherwise);
  if (typeof text === 'string') return serializeFingerAnswer(text);
  throw new InvalidArgumentTypeError('the result of the look-up', 'a string or undefined', text);
}
