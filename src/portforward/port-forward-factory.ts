/** Forwards connections to an endpoint. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { Protocol } from '../core/protocol.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import type { Transport } from '../core/transport.js';
import { callReported } from '../defer/callback-result.js';
import { checkClock, checkFunction, checkInteger } from '../internal/check.js';
import { checkClientEndpoint } from '../internal/check-endpoint.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { CountingFactory, checkMaxConnections } from '../policies/counting-factory.js';
import { checkTimeout, IdleTimeouts } from '../policies/idle-timeouts.js';
import { type ProxyVersion, serializeProxyHeader } from '../protocols/proxy-protocol/index.js';
import { type Forwarding, ForwardingProtocol } from './forwarding-protocol.js';

export interface PortForwardOptions {
  /** Time to connect to the target, its name's look-up included. Default 30,000. */
  readonly connectTimeoutMs?: number;
  /** A connection on which neither side received anything for this time is aborted. Default 600,000. */
  readonly idleTimeoutMs?: number;
  /** Connections of clients at a time; further ones are closed. Default 1,000. */
  readonly maxConnections?: number;
  /**
   * Begins each connection to the target with a PROXY header of this version, which names the client and the address that it
   * connected to. The target must expect it. Default: no header.
   */
  readonly proxyHeader?: ProxyVersion;
  /** Called when a client is connected to the target, for logs. */
  readonly onForwarded?: (client: Address, target: Address) => void;
  /** Called if the target could not be reached. The client's connection is reset. Default: the error is reported. */
  readonly onFailed?: (reason: Error, client: Address) => void;
}

const OPTIONS: OptionNames<PortForwardOptions> = {
  connectTimeoutMs: true,
  idleTimeoutMs: true,
  maxConnections: true,
  proxyHeader: true,
  onForwarded: true,
  onFailed: true,
};

const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;
const DEFAULT_IDLE_TIMEOUT_MS = 600_000;

/**
 * Forwards each connection to `target`, with backpressure and half-close in both directions. A reset is passed on as a reset.
 *
 * @example
 * const target = clientFromString(reactor, 'tcp:10.0.0.7:5432');
 * reactor.listenTCP(5432, new PortForwardFactory(reactor, target), { interface: '127.0.0.1' });
 */
export class PortForwardFactory extends CountingFactory implements Forwarding {
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly target: StreamClientEndpoint;
  /** @internal */
  readonly timeouts: IdleTimeouts;
  /** @internal */
  readonly connectTimeoutMs: number;
  /** @internal */
  readonly idleTimeoutMs: number;
  /** @internal */
  protected readonly maxConnections: number;
  readonly #proxyHeader: ProxyVersion | undefined;
  readonly #onForwarded: PortForwardOptions['onForwarded'];
  readonly #onFailed: PortForwardOptions['onFailed'];

  /**
   * @param clock Measures the timeouts: usually the reactor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, target: StreamClientEndpoint, options: PortForwardOptions = {}) {
    super();
    checkClock('clock', clock);
    checkClientEndpoint(target);
    checkOptions('PortForwardFactory', options, OPTIONS);
    const {
      connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS,
      idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS,
      proxyHeader,
      onForwarded,
      onFailed,
    } = options;
    if (proxyHeader !== undefined) checkInteger('proxyHeader', proxyHeader, 1, 2);
    if (onForwarded !== undefined) checkFunction('onForwarded', onForwarded);
    if (onFailed !== undefined) checkFunction('onFailed', onFailed);
    this.clock = clock;
    this.target = target;
    this.connectTimeoutMs = checkTimeout('connectTimeoutMs', connectTimeoutMs);
    this.idleTimeoutMs = checkTimeout('idleTimeoutMs', idleTimeoutMs);
    this.maxConnections = checkMaxConnections(options.maxConnections);
    this.#proxyHeader = proxyHeader;
    this.#onForwarded = onForwarded;
    this.#onFailed = onFailed;
    this.timeouts = new IdleTimeouts(clock, { tickMs: Math.min(1_000, idleTimeoutMs / 16) });
  }

  /** @internal */
  protected override makeProtocol(): Protocol {
    return new ForwardingProtocol(this);
  }

  /** @internal */
  headerFor(client: Transport): Buffer | undefined {
    const version = this.#proxyHeader;
    if (version === undefined) return undefined;
    const [source, destination] = [client.getPeer(), client.getHost()];
    return serializeProxyHeader({ version, source, destination });
  }

  /** @internal */
  forwarded(client: Address, target: Address): void {
    if (this.#onForwarded !== undefined)
      callReported('onForwarded', this.#onForwarded, client, target);
  }

  /** @internal */
  failed(reason: Error, client: Address): void {
    if (this.#onFailed !== undefined) callReported('onFailed', this.#onFailed, reason, client);
    else reportError(reason, 'the target of a forwarded port', client);
  }
}
