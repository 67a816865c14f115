/** A SOCKS proxy: the factory of its connections. */
import type { Address, HostPort } from '../../core/address.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { Factory } from '../../core/factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { callReported } from '../../defer/callback-result.js';
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkNameResolver,
  checkReactor,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkMaxConnections } from '../../policies/counting-factory.js';
import { checkTimeout, IdleTimeouts } from '../../policies/idle-timeouts.js';
import { SocksAccessRules } from './access-rules.js';
import type { SocksAccess, SocksPermit, SocksReactor } from './destinations.js';
import { SocksRefusedError } from './errors.js';
import type { SocksCommand, SocksVersion } from './events.js';
import { type SocksAuthenticate, SocksServerProtocol, type SocksSessions } from './protocol.js';

export interface SocksServerOptions {
  /** The accepted versions; 4 includes 4a. Default both. */
  readonly versions?: readonly SocksVersion[];
  /** The commands that are carried out. `bind` and `associate` open ports of this machine. Default `connect` only. */
  readonly commands?: readonly SocksCommand[];
  /**
   * Requires a user name and a password (RFC 1929), which cross the network in clear, and decides about them. SOCKS 4 has no
   * passwords and is then refused. If it throws, the error is reported and the connection ends. Default: no authentication.
   */
  readonly authenticate?: SocksAuthenticate;
  /**
   * Networks that clients may reach although they are refused by default: loopback, private, link-local, multicast and reserved
   * addresses, addresses of this machine, and metadata services. Elements are IP addresses or networks such as `10.1.0.0/16`.
   * Default: none.
   */
  readonly allow?: readonly string[];
  /** Networks that clients may not reach, also if `allow` has them. Default: none. */
  readonly deny?: readonly string[];
  /**
   * Decides about a request that the rules permit, for each IP address of its host: by port or user, for example. For `bind`
   * without an expected host, the address is 0.0.0.0 or `::`. Default: all are permitted.
   */
  readonly permit?: SocksPermit;
  /** Time until the request is complete, password included. Default 30,000. */
  readonly handshakeTimeoutMs?: number;
  /** Time to resolve a name, again for each decision of `permit`, and again to connect to the addresses. Default 30,000. */
  readonly connectTimeoutMs?: number;
  /** Time until the expected host of `bind` connects. Default 120,000. */
  readonly bindTimeoutMs?: number;
  /** A relay ends when nothing was received from either side for this time. Default 600,000. */
  readonly idleTimeoutMs?: number;
  /** Connections of clients at a time; further ones are closed. Default 1,000. */
  readonly maxConnections?: number;
  /**
   * Called when a request succeeds, for logs. `address`: the address that the proxy connects from, or of the host that connected
   * (`bind`), or that the client sends datagrams to (`associate`).
   */
  readonly onServed?: (access: SocksAccess, peer: Address, address: HostPort) => void;
  /** Called for each client that is refused. Such connections are not reported otherwise. */
  readonly onRefused?: (reason: Error, peer: Address) => void;
}

const OPTIONS: OptionNames<SocksServerOptions> = {
  versions: true,
  commands: true,
  authenticate: true,
  allow: true,
  deny: true,
  permit: true,
  handshakeTimeoutMs: true,
  connectTimeoutMs: true,
  bindTimeoutMs: true,
  idleTimeoutMs: true,
  maxConnections: true,
  onServed: true,
  onRefused: true,
};

const COMMANDS: readonly SocksCommand[] = ['connect', 'bind', 'associate'];
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_BIND_TIMEOUT_MS = 120_000;
const DEFAULT_IDLE_TIMEOUT_MS = 600_000;

/**
 * Builds the connections of a SOCKS proxy, versions 4, 4a and 5. Without `authenticate`, everybody who reaches the port uses it:
 * listen on a loopback address then.
 *
 * @example
 * reactor.listenTCP(1080, new SocksServerFactory(reactor), { interface: '127.0.0.1' });
 */
export class SocksServerFactory extends Factory implements SocksSessions {
  /** @internal */
  readonly reactor: SocksReactor;
  /** @internal */
  readonly rules: SocksAccessRules;
  /** @internal */
  readonly permit: SocksPermit | undefined;
  /** @internal */
  readonly authenticate: SocksAuthenticate | undefined;
  /** @internal */
  readonly versions: readonly SocksVersion[];
  /** @internal */
  readonly commands: readonly SocksCommand[];
  /** @internal */
  readonly timeouts: IdleTimeouts;
  /** @internal */
  readonly handshakeTimeoutMs: number;
  /** @internal */
  readonly connectTimeoutMs: number;
  /** @internal */
  readonly bindTimeoutMs: number;
  /** @internal */
  readonly idleTimeoutMs: number;
  readonly #maxConnections: number;
  readonly #onServed: SocksServerOptions['onServed'];
  readonly #onRefused: SocksServerOptions['onRefused'];
  #connectionCount = 0;
  #refusedCount = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(reactor: SocksReactor, options: SocksServerOptions = {}) {
    super();
    checkReactor('reactor', reactor);
    checkNameResolver('nameResolver', reactor.nameResolver);
    checkOptions('SocksServerFactory', options, OPTIONS);
    const { authenticate, permit, onServed, onRefused } = options;
    for (const [name, callback] of Object.entries({ authenticate, permit, onServed, onRefused })) {
      if (callback !== undefined) checkFunction(name, callback);
    }
    this.reactor = reactor;
    const { allow = [], deny = [] } = options;
    this.rules = new SocksAccessRules({ allow, deny });
    this.permit = permit;
    this.authenticate = authenticate;
    this.versions = checkVersions(options.versions ?? [4, 5]);
    this.commands = checkCommands(options.commands ?? ['connect']);
    const time = (name: Timeout, value: number): number =>
      checkTimeout(name, options[name] ?? value);
    this.handshakeTimeoutMs = time('handshakeTimeoutMs', DEFAULT_TIMEOUT_MS);
    this.connectTimeoutMs = time('connectTimeoutMs', DEFAULT_TIMEOUT_MS);
    this.bindTimeoutMs = time('bindTimeoutMs', DEFAULT_BIND_TIMEOUT_MS);
    this.idleTimeoutMs = time('idleTimeoutMs', DEFAULT_IDLE_TIMEOUT_MS);
    this.#maxConnections = checkMaxConnections(options.maxConnections);
    this.#onServed = onServed;
    this.#onRefused = onRefused;
    const shortest = Math.min(this.handshakeTimeoutMs, this.bindTimeoutMs, this.idleTimeoutMs);
    this.timeouts = new IdleTimeouts(reactor, { tickMs: Math.min(1_000, shortest / 16) });
  }

  /** The number of open connections of clients. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** The number of clients that were refused. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    if (this.#connectionCount >= this.#maxConnections) {
      this.refused(new SocksRefusedError(`there are ${this.#maxConnections} connections`), address);
      return null;
    }
    this.#connectionCount++;
    return new SocksServerProtocol(this);
  }

  /** @internal */
  served(access: SocksAccess, peer: Address, address: HostPort): void {
    if (this.#onServed !== undefined)
      callReported('onServed', this.#onServed, access, peer, address);
  }

  /** @internal */
  refused(reason: Error, peer: Address): void {
    this.#refusedCount++;
    if (this.#onRefused !== undefined) callReported('onRefused', this.#onRefused, reason, peer);
  }

  /** @internal */
  sessionEnded(): void {
    this.#connectionCount--;
  }
}

type Timeout = 'handshakeTimeoutMs' | 'connectTimeoutMs' | 'bindTimeoutMs' | 'idleTimeoutMs';

function checkVersions(versions: readonly SocksVersion[]): readonly SocksVersion[] {
  if (!Array.isArray(versions))
    throw new InvalidArgumentTypeError('versions', 'an array', versions);
  return versions.map((version) => {
    return checkInteger('an element of versions', version, 4, 5) as SocksVersion;
  });
}

function checkCommands(commands: readonly SocksCommand[]): readonly SocksCommand[] {
  if (!Array.isArray(commands))
    throw new InvalidArgumentTypeError('commands', 'an array', commands);
  return commands.map((command) => checkChoice('an element of commands', command, COMMANDS));
}
