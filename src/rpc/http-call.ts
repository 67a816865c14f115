/** One call over HTTP, for the clients of both protocols. */
import { Buffer } from 'node:buffer';
import type { Clock } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { Deferred } from '../defer/deferred.js';
import { HTTPConnectionPool } from '../http/client/connection-pool.js';
import type { HTTPOrigin } from '../http/client/connection-source.js';
import { type HTTPOriginOptions, httpOrigin } from '../http/client/origin.js';
import { essenceOf } from '../http/field-values.js';
import {
  checkAbortSignal,
  checkMilliseconds,
  checkPlainObject,
  checkSecretString,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { RPCResponseError } from './errors.js';

/** Of one call. */
export interface RPCCallOptions {
  /** Time from the call to the answer in milliseconds. Default that of the client. */
  readonly timeoutMs?: number;
  /** Cancels the call: its connection is aborted, and the method may have been executed. */
  readonly signal?: AbortSignal;
}

/** @internal */
export const CALL_NAMES: OptionNames<RPCCallOptions> = { timeoutMs: true, signal: true };

export interface RPCClientOptions extends Omit<HTTPOriginOptions, 'http2'> {
  /** The pool whose connections are used. Default: one of the client, which `close` closes. */
  readonly pool?: HTTPConnectionPool;
  /** Sends Basic authentication (RFC 7617), with `password`. */
  readonly username?: string;
  readonly password?: string;
  /** Further fields of the requests, such as Authorization. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Time from a call to its answer in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

/** @internal */
export const CLIENT_NAMES: OptionNames<RPCClientOptions> = {
  tls: true,
  endpoint: true,
  pool: true,
  username: true,
  password: true,
  fields: true,
  timeoutMs: true,
};

const DEFAULT_TIMEOUT_MS = 30_000;

/** Sends the calls of one client. */
export class HTTPCalls {
  readonly #pool: HTTPConnectionPool;
  readonly #ownsPool: boolean;
  readonly #origin: HTTPOrigin;
  readonly #target: string;
  readonly #fields: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #types: readonly string[];

  /**
   * @param types Media types: the first is sent, all are accepted.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    reactor: Clock & ReactorTCP,
    url: string | URL,
    options: RPCClientOptions,
    types: readonly [string, ...string[]],
  ) {
    const {
      pool,
      username,
      password,
      fields = {},
      timeoutMs = DEFAULT_TIMEOUT_MS,
      ...where
    } = options;
    checkMilliseconds('timeoutMs', timeoutMs);
    checkPlainObject('fields', fields);
    this.#origin = httpOrigin(reactor, url, where);
    const { pathname, search } = new URL(url);
    this.#target = pathname + search;
    this.#types = types;
    this.#timeoutMs = timeoutMs;
    this.#ownsPool = pool === undefined;
    this.#pool = pool ?? new HTTPConnectionPool(reactor);
    const [type] = types;
    this.#fields = {
      'Content-Type': type === 'text/xml' ? 'text/xml; charset=utf-8' : type,
      Accept: types.join(', '),
      ...authorization(username, password),
      ...fields,
    };
  }

  /**
   * @param read Reads the bytes of an answer, of at most `maxBytes`; called for answers with status 200 only.
   * @param empty The result of an answer with 204; undefined if that is an error.
   */
  call<T>(
    method: string,
    content: string,
    options: RPCCallOptions,
    maxBytes: number,
    read: (bytes: Buffer, contentType: string | undefined) => T,
    acceptsEmpty = false,
  ): Deferred<T> {
    checkOptions('call', options, CALL_NAMES);
    const { timeoutMs = this.#timeoutMs, signal } = options;
    checkMilliseconds('timeoutMs', timeoutMs);
    if (signal !== undefined) checkAbortSignal('signal', signal);
    const request = {
      method: 'POST',
      target: this.#target,
      fields: this.#fields,
      content,
      totalTimeoutMs: Math.max(timeoutMs, 1),
    };
    const called = this.#pool.request(this.#origin, request).addCallback((response) => {
      const { status } = response;
      const contentType = response.field('content-type');
      if (status === 204 && acceptsEmpty) {
        response.discard();
        return read(Buffer.alloc(0), undefined);
      }
      const type = contentType === undefined ? undefined : essenceOf(contentType);
      if (status !== 200 || type === undefined || !this.#types.includes(type)) {
        response.discard();
        throw new RPCResponseError(method, status, type);
      }
      return response.bytes(maxBytes).addCallback((bytes) => read(bytes, contentType));
    });
    return signal === undefined ? called : called.cancelOn(signal);
  }

  /** Closes the pool, unless it is another's. */
  async close(): Promise<void> {
    if (this.#ownsPool) await this.#pool.close();
  }
}

function authorization(
  username: string | undefined,
  password: string | undefined,
): { Authorization?: string } {
  if (username === undefined && password === undefined) return {};
  checkString('username', username);
  checkSecretString('password', password);
  if (username?.includes(':') === true) {
    throw new InvalidArgumentValueError('username', 'a name without a colon', username);
  }
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  return { Authorization: `Basic ${pair}` };
}
