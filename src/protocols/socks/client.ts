/** Connects through a SOCKS proxy. */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.js';
import { hostPortText } from '../../core/destination.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ProtocolOf, StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import type { EndpointType } from '../../endpoints/endpoint-type.js';
import { ProxyClientFactory } from '../../endpoints/proxy-client.js';
import { checkClock, checkInteger, checkSecretString, checkString } from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkHost } from '../../internal/host.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { checkTimeout, IdleTimeouts } from '../../policies/idle-timeouts.js';
import { SocksClientProtocol } from './client-protocol.js';
import { SocksClientConnection, type SocksClientRequest } from './connection.js';
import type { SocksVersion } from './events.js';

export interface SocksClientOptions {
  /** Measures `timeoutMs`: usually the reactor. */
  readonly clock: Clock;
  /** Default 5. Version 4 sends names as version 4a, and has no IPv6 addresses. */
  readonly version?: SocksVersion;
  /** The user name, with `password` in version 5 (RFC 1929) and alone in version 4. Default: none. */
  readonly username?: string;
  /** 1 to 255 bytes. It is sent in clear. */
  readonly password?: string;
  /** Time for the proxy's answers, the connection to the host included. Default 60,000. */
  readonly timeoutMs?: number;
}

const OPTIONS: OptionNames<SocksClientOptions> = {
  clock: true,
  version: true,
  username: true,
  password: true,
  timeoutMs: true,
};

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Connects to a host through a SOCKS proxy. The proxy resolves the host's name; this machine does not. The connection then
 * belongs to the application's protocol, without a layer in between: `transport.getPeer()` is the proxy's address.
 *
 * `connect` fails with a SocksConnectError if the proxy does not make the connection, with a SocksAuthenticationError if it does not accept
 * the client, with an InvalidSocksMessageError if it does not use SOCKS, and with the errors of the endpoint of the proxy.
 *
 * @example
 * const proxy = clientFromString(reactor, 'tcp:127.0.0.1:1080');
 * const endpoint = new SocksClientEndpoint(proxy, 'example.com', 80, { clock: reactor });
 * const chat = await endpoint.connect(Chat);
 */
export class SocksClientEndpoint implements StreamClientEndpoint {
  readonly host: string;
  readonly port: number;
  readonly #proxy: StreamClientEndpoint;
  readonly #request: SocksClientRequest;
  readonly #timeouts: IdleTimeouts;
  readonly #timeoutMs: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(
    proxy: StreamClientEndpoint,
    host: string,
    port: number,
    options: SocksClientOptions,
  ) {
    checkClientEndpoint(proxy);
    checkOptions('SocksClientEndpoint', options, OPTIONS);
    const { clock, version = 5, username, password, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    checkClock('clock', clock);
    checkInteger('version', version, 4, 5);
    if (username !== undefined) checkSecretString('username', username);
    if (password !== undefined) checkSecretString('password', password);
    if (username === undefined && password !== undefined) {
      throw new InvalidArgumentValueError(
        'username',
        'given, because there is a password',
        username,
      );
    }
    this.host = checkHost('host', host);
    this.port = checkInteger('port', port, 1, 65_535);
    this.#proxy = proxy;
    this.#request = { host, port, version, username, password };
    // Checks the lengths now.
    new SocksClientConnection(this.#request);
    this.#timeoutMs = checkTimeout('timeoutMs', timeoutMs);
    this.#timeouts = new IdleTimeouts(clock, { tickMs: Math.min(1_000, timeoutMs / 16) });
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const { host, port } = this;
    const attempt = {
      connection: new SocksClientConnection(this.#request),
      destination: { host, port },
      timeouts: this.#timeouts,
      timeoutMs: this.#timeoutMs,
    };
    const wrapped = toFactory(factory);
    return this.#proxy
      .connect(new ProxyClientFactory(wrapped, () => new SocksClientProtocol(attempt, wrapped)))
      .addCallback(({ opened }) => opened) as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }

  toString(): string {
    return `<${hostPortText(this.host, this.port)} by SOCKS over ${this.#proxy}>`;
  }
}

showAsText(SocksClientEndpoint);

/**
 * The endpoint string `socks:PROXY:HOST:PORT[:version=4][:username=NAME][:passwordFile=PATH][:timeout=60]`. PROXY is an escaped
 * endpoint, as in `socks:tcp\:127.0.0.1\:1080:example.com:80`. The password is the first line of a file, because endpoint
 * strings appear in messages and lists of processes.
 *
 * @example clientFromString(reactor, text, { types: [SOCKS_ENDPOINT] });
 */
export const SOCKS_ENDPOINT: EndpointType = {
  prefix: 'socks',
  client(args, { reactor, parse }) {
    const values = args.bind(
      ['proxy', 'host', 'port'],
      ['version', 'username', 'passwordFile', 'timeout'],
    );
    const options = {
      clock: reactor,
      version: values.integer('version', 4, 5, 5) as SocksVersion,
      ...(values.has('username') && { username: values.text('username') }),
      ...(values.has('passwordFile') && { password: firstLine(values.text('passwordFile')) }),
      ...(values.has('timeout') && { timeoutMs: values.seconds('timeout') }),
    };
    const port = values.integer('port', 1, 65_535);
    return new SocksClientEndpoint(parse(values.text('proxy')), values.text('host'), port, options);
  },
};

function firstLine(path: string): string {
  try {
    return checkString('passwordFile', readFileSync(path, 'utf8').split(/\r?\n/, 1)[0]);
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new InvalidArgumentValueError('passwordFile', 'a readable file', path, String(code));
  }
}
