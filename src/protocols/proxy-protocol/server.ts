/** Servers behind a proxy or load balancer that sends PROXY headers. */
import type { Address } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import type { FactoryLike } from '../../core/factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { callReported } from '../../defer/callback-result.js';
import { checkChoice, checkFunction } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkTimeout, IdleTimeouts } from '../../policies/idle-timeouts.js';
import { WrappingFactory } from '../../policies/wrapping-factory.js';
import { UntrustedProxyError } from './errors.js';
import type { ProxyVersion } from './events.js';
import { ProxyHeaderParser, type ProxyHeaderParserOptions } from './parser.js';
import { ProxiedConnection, type ProxiedConnectionOwner } from './protocol.js';
import { type TrustedPeers, trustedPeers } from './trusted-peers.js';

export interface ProxyProtocolOptions {
  /** Measures `headerTimeoutMs`: usually the reactor. */
  readonly clock: Clock;
  /**
   * The proxies: IP addresses, networks such as `10.0.0.0/8`, and `unix` for all peers over UNIX sockets. A header can claim any
   * client address, so list only hosts that you control. `everybody` accepts headers from all peers: only for ports that a
   * firewall protects.
   */
  readonly trustedPeers: TrustedPeers;
  /**
   * Other peers. `refuse` closes their connections without an answer. `passThrough` serves them without a header, under their
   * own address. Default `refuse`.
   */
  readonly untrusted?: 'refuse' | 'passThrough';
  /**
   * Time after connecting within which the header must be complete. Default {@link PROXY_HEADER_TIMEOUT_MS}. The specification
   * recommends at least 3,000, to allow for one lost packet.
   */
  readonly headerTimeoutMs?: number;
  /** The accepted versions. Default both. */
  readonly versions?: readonly ProxyVersion[];
  /** Longest version 2 header accepted, in bytes: 16 to 65,551. Default `MAX_PROXY_HEADER_BYTES`, 16,384. */
  readonly maxHeaderBytes?: number;
  /**
   * Called for each connection that is closed because of its header, with the reason and the address of the peer. Such
   * connections are not reported otherwise: anybody could fill a log with them.
   */
  readonly onRefused?: (reason: Error, peer: Address) => void;
}

/** The default of `headerTimeoutMs`. */
export const PROXY_HEADER_TIMEOUT_MS: number = 5_000;

const OPTIONS: OptionNames<ProxyProtocolOptions> = {
  clock: true,
  trustedPeers: true,
  untrusted: true,
  headerTimeoutMs: true,
  versions: true,
  maxHeaderBytes: true,
  onRefused: true,
};

/**
 * Wraps a factory for connections that begin with a PROXY header, version 1 or 2. The wrapped factory builds its protocol when
 * the header is complete: `buildProtocol`, `transport.getPeer()` and `transport.getHost()` have the addresses of the client's
 * connection, and {@link proxyHeaderOf} has the whole header. Without addresses in the header (`LOCAL`, as in health checks,
 * and `UNKNOWN`) they are those of the proxy's connection.
 *
 * A connection with a malformed header, or with none in time, ends with a `RemoteProtocolError`, and the wrapped factory does
 * not learn of it.
 *
 * TLS is a layer above: the proxy sends its header before the handshake.
 *
 * @example
 * const options = { clock: reactor, trustedPeers: ['10.0.0.0/8'] };
 * reactor.listenTCP(25, new ProxyProtocolFactory(Mail, options));
 */
export class ProxyProtocolFactory extends WrappingFactory implements ProxiedConnectionOwner {
  /** @internal */
  readonly parserOptions: ProxyHeaderParserOptions;
  /** @internal */
  readonly timeouts: IdleTimeouts;
  /** @internal */
  readonly headerTimeoutMs: number;
  readonly #clock: Clock;
  readonly #trusts: (address: Address) => boolean;
  readonly #passesThrough: boolean;
  readonly #onRefused: ProxyProtocolOptions['onRefused'];
  #refused = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: ProxyProtocolOptions) {
    super(wrapped);
    checkOptions('ProxyProtocolFactory', options, OPTIONS);
    const { clock, untrusted = 'refuse', headerTimeoutMs = PROXY_HEADER_TIMEOUT_MS } = options;
    this.#passesThrough =
      checkChoice('untrusted', untrusted, ['refuse', 'passThrough']) === 'passThrough';
    this.headerTimeoutMs = checkTimeout('headerTimeoutMs', headerTimeoutMs);
    this.timeouts = new IdleTimeouts(clock, { tickMs: Math.min(1_000, headerTimeoutMs / 16) });
    this.#clock = clock;
    this.#trusts = trustedPeers(options.trustedPeers);
    if (options.onRefused !== undefined) checkFunction('onRefused', options.onRefused);
    this.#onRefused = options.onRefused;
    const { versions, maxHeaderBytes } = options;
    this.parserOptions = {
      ...(versions === undefined ? {} : { versions: [...versions] }),
      ...(maxHeaderBytes === undefined ? {} : { maxHeaderBytes }),
    };
    // Checks them now.
    new ProxyHeaderParser(this.parserOptions);
  }

  /** The number of connections that were closed because of their header or because their peer is not trusted. */
  get refusedCount(): number {
    return this.#refused;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    if (this.#trusts(address)) return new ProxiedConnection(this);
    if (this.#passesThrough) return super.buildProtocol(address);
    this.refused(new UntrustedProxyError(String(address)), address);
    return null;
  }

  /** @internal */
  soon(callback: () => void): void {
    this.#clock.callLater(0, callback);
  }

  /** @internal */
  refused(reason: Error, peer: Address): void {
    this.#refused++;
    if (this.#onRefused !== undefined) callReported('onRefused', this.#onRefused, reason, peer);
  }
}
