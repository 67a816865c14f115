import type { Clock } from '../../core/clock.js';
import { hostPortText } from '../../core/destination.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ProtocolOf, StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { ProxyClientFactory } from '../../endpoints/proxy-client.js';
import { checkClock, checkInteger, checkSecretString, checkString } from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkHost } from '../../internal/host.js';
import { checkOptions, type OptionNames, pickOptions } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { checkTimeout, IdleTimeouts } from '../../policies/idle-timeouts.js';
import type { ResponseParserOptions } from '../../protocols/http/limits.js';
import { RequestSerializer } from '../../protocols/http/request-serializer.js';
import { ResponseParser } from '../../protocols/http/response-parser.js';
import { basicCredentials } from './basic-credentials.js';
import { TunnelProtocol } from './tunnel-protocol.js';

type AnswerLimits = Pick<ResponseParserOptions, 'maxHeadBytes' | 'maxFields' | 'maxInformational'>;

/** The limits of the proxy's answer, and: */
export interface HTTPTunnelOptions extends AnswerLimits {
  /** Measures `timeoutMs`: usually the reactor. */
  readonly clock: Clock;
  /** The user of Basic authentication, without a colon; with `password`. It is sent to the proxy only. Default: none. */
  readonly username?: string;
  readonly password?: string;
  /** Time for the proxy's answer, its connection to the host included. Default 60,000. */
  readonly timeoutMs?: number;
}

const LIMITS: OptionNames<AnswerLimits> = {
  maxHeadBytes: true,
  maxFields: true,
  maxInformational: true,
};

const OPTIONS: OptionNames<HTTPTunnelOptions> = {
  ...LIMITS,
  clock: true,
  username: true,
  password: true,
  timeoutMs: true,
};

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Connects to a host through an HTTP proxy, by CONNECT (RFC 9110 section 9.3.6). The proxy resolves the host's name; this machine does not.
 * The connection then belongs to the application's protocol, without a layer in between: `transport.getPeer()` is the proxy's address.
 *
 * `connect` fails with an HTTPTunnelError if the proxy does not make the connection, with an HTTPMessageError if its answer is malformed or
 * too long, with a ConnectTimeoutError after `timeoutMs`, and with the errors of the endpoint of the proxy.
 *
 * @example
 * const proxy = clientFromString(reactor, 'tcp:proxy.example:3128');
 * const endpoint = new HTTPTunnelEndpoint(proxy, 'example.com', 443, { clock: reactor });
 */
export class HTTPTunnelEndpoint implements StreamClientEndpoint {
  readonly host: string;
  readonly port: number;
  readonly #proxy: StreamClientEndpoint;
  readonly #head: string;
  readonly #limits: AnswerLimits;
  readonly #timeouts: IdleTimeouts;
  readonly #timeoutMs: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, InvalidHTTPOutputError */
  constructor(proxy: StreamClientEndpoint, host: string, port: number, options: HTTPTunnelOptions) {
    checkClientEndpoint(proxy);
    checkOptions('HTTPTunnelEndpoint', options, OPTIONS);
    const { clock, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    checkClock('clock', clock);
    this.host = checkHost('host', host);
    this.port = checkInteger('port', port, 1, 65_535);
    this.#proxy = proxy;
    this.#head = connectHead(hostPortText(host, port), credentialsOf(options));
    this.#limits = pickOptions(options, LIMITS);
    // Checks the limits now.
    new ResponseParser(this.#limits);
    this.#timeoutMs = checkTimeout('timeoutMs', timeoutMs);
    this.#timeouts = new IdleTimeouts(clock, { tickMs: Math.min(1_000, timeoutMs / 16) });
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const attempt = {
      head: this.#head,
      parser: new ResponseParser(this.#limits),
      destination: { host: this.host, port: this.port },
      timeouts: this.#timeouts,
      timeoutMs: this.#timeoutMs,
    };
    const wrapped = toFactory(factory);
    return this.#proxy
      .connect(new ProxyClientFactory(wrapped, () => new TunnelProtocol(attempt, wrapped)))
      .addCallback(({ opened }) => opened) as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }

  toString(): string {
    return `<${hostPortText(this.host, this.port)} by CONNECT over ${this.#proxy}>`;
  }
}

showAsText(HTTPTunnelEndpoint);

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError. They do not show the password. */
function credentialsOf({ username, password }: HTTPTunnelOptions): string | undefined {
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) {
    throw new InvalidArgumentValueError('username', 'given, because there is a password', username);
  }
  checkSecretString('password', password ?? '');
  if (!checkString('username', username).includes(':')) {
    return basicCredentials(username, password ?? '');
  }
  throw new InvalidArgumentValueError('username', 'a name without a colon', username);
}

/** @throws InvalidHTTPOutputError */
function connectHead(authority: string, credentials: string | undefined): string {
  const parts: (string | Uint8Array)[] = [];
  const serializer = new RequestSerializer({ write: (part) => void parts.push(part) });
  const fields: [string, string][] = [['Host', authority]];
  if (credentials !== undefined) fields.push(['Proxy-Authorization', credentials]);
  serializer.request('CONNECT', authority, fields);
  return parts.join('');
}
