/** TCP options, checked and with their defaults filled in: a socket is made from these. */
import { isIP } from 'node:net';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import type { AddressFamily } from '../../core/name-resolver.js';
import type {
  ConnectTCPOptions,
  KeepAliveOptions,
  ListenTCPOptions,
  TCPOptions,
} from '../../core/tcp-options.js';
import {
  checkAbortSignal,
  checkBoolean,
  checkChoice,
  checkInteger,
  checkMilliseconds,
  checkString,
} from '../../internal/check.js';
import { checkLocalAddress } from '../../internal/host.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

/** Bounded by the system: `net.core.somaxconn` on Linux. */
export const DEFAULT_BACKLOG = 1024;
const MAX_INT32 = 2 ** 31 - 1;
const FAMILIES: readonly AddressFamily[] = ['IPv4', 'IPv6'];
/** RFC 8305 section 8 recommends 250 ms and forbids less than 10 ms. */
const DEFAULT_ATTEMPT_DELAY_MS = 250;
const MIN_ATTEMPT_DELAY_MS = 10;
const MAX_SECONDS = 32_767;

const TCP_OPTIONS: OptionNames<TCPOptions> = {
  noDelay: true,
  keepAlive: true,
  lingerSeconds: true,
  sendBufferBytes: true,
  receiveBufferBytes: true,
  userTimeoutMs: true,
};
/** @internal */
export const LISTEN_TCP_OPTIONS: OptionNames<ListenTCPOptions> = {
  ...TCP_OPTIONS,
  interface: true,
  backlog: true,
  reuseAddress: true,
  reusePort: true,
  ipv6Only: true,
  fastOpenQueue: true,
  deferAcceptMs: true,
};
/** @internal */
export const CONNECT_TCP_OPTIONS: OptionNames<ConnectTCPOptions> = {
  ...TCP_OPTIONS,
  timeoutMs: true,
  addresses: true,
  family: true,
  preferredFamily: true,
  firstFamilyCount: true,
  attemptDelayMs: true,
  localAddress: true,
  localPort: true,
  signal: true,
  fastOpen: true,
};
const KEEP_ALIVE_OPTIONS: OptionNames<KeepAliveOptions> = {
  idleMs: true,
  intervalMs: true,
  count: true,
};

/** `undefined` leaves the system's default. */
export interface SocketSettings {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveIdleSeconds: number | undefined;
  readonly keepAliveIntervalSeconds: number | undefined;
  readonly keepAliveCount: number | undefined;
  readonly lingerSeconds: number | undefined;
  readonly sendBufferBytes: number | undefined;
  readonly receiveBufferBytes: number | undefined;
  readonly userTimeoutMs: number | undefined;
}

export interface ListenSettings extends SocketSettings {
  readonly port: number;
  /** Empty: every address of both families. */
  readonly interface: string;
  readonly backlog: number;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly ipv6Only: boolean;
  readonly fastOpenQueue: number | undefined;
  readonly deferAcceptSeconds: number | undefined;
}

export interface ConnectSettings extends SocketSettings {
  readonly timeoutMs: number;
  /** Of the family, one or more. Undefined: the host is resolved. */
  readonly addresses: readonly string[] | undefined;
  /** The only family to connect to: the requested one, or that of the local address. */
  readonly family: AddressFamily | undefined;
  readonly preferredFamily: AddressFamily | undefined;
  readonly firstFamilyCount: number;
  readonly attemptDelayMs: number;
  readonly localAddress: string | undefined;
  readonly localPort: number;
  readonly fastOpen: boolean;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function listenSettings(port: number, options: ListenTCPOptions): ListenSettings {
  checkOptions('listenTCP', options, LISTEN_TCP_OPTIONS);
  const host = optional(options.interface, (value) => checkLocalAddress('interface', value));
  const deferAcceptMs = optional(options.deferAcceptMs, (value) =>
    checkInteger('deferAcceptMs', value, 1, MAX_SECONDS * 1000),
  );
  return {
    ...socketSettings(options),
    port: checkInteger('port', port, 0, 65_535),
    interface: host ?? '',
    backlog: checkInteger('backlog', options.backlog ?? DEFAULT_BACKLOG, 1, MAX_INT32),
    reuseAddress: checkBoolean('reuseAddress', options.reuseAddress ?? true),
    reusePort: checkBoolean('reusePort', options.reusePort ?? false),
    ipv6Only: checkBoolean('ipv6Only', options.ipv6Only ?? false),
    fastOpenQueue: optional(options.fastOpenQueue, (value) =>
      checkInteger('fastOpenQueue', value, 1, MAX_INT32),
    ),
    deferAcceptSeconds: toSeconds(deferAcceptMs),
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function connectSettings(options: ConnectTCPOptions): ConnectSettings {
  checkOptions('connectTCP', options, CONNECT_TCP_OPTIONS);
  if (options.signal !== undefined) checkAbortSignal('signal', options.signal);
  const localAddress = optional(options.localAddress, (value) => {
    const address = checkLocalAddress('localAddress', value);
    return address === '' ? undefined : address;
  });
  const family = connectFamily(options.family, localAddress);
  return {
    ...socketSettings(options),
    timeoutMs: checkMilliseconds('timeoutMs', options.timeoutMs ?? 30_000),
    addresses: optional(options.addresses, (value) => addressesOf(value, family)),
    family,
    preferredFamily: optional(options.preferredFamily, (value) =>
      checkChoice('preferredFamily', value, FAMILIES),
    ),
    firstFamilyCount: checkInteger('firstFamilyCount', options.firstFamilyCount ?? 1, 1, MAX_INT32),
    attemptDelayMs: attemptDelay(options.attemptDelayMs ?? DEFAULT_ATTEMPT_DELAY_MS),
    localAddress,
    localPort: checkInteger('localPort', options.localPort ?? 0, 0, 65_535),
    fastOpen: checkBoolean('fastOpen', options.fastOpen ?? false),
  };
}

function addressesOf(
  addresses: readonly string[],
  family: AddressFamily | undefined,
): readonly string[] {
  if (!Array.isArray(addresses)) {
    throw new InvalidArgumentTypeError('addresses', 'an array of IP addresses', addresses);
  }
  for (const address of addresses) {
    if (isIP(checkString('an element of addresses', address)) !== 0) continue;
    throw new InvalidArgumentValueError('an element of addresses', 'an IP address', address);
  }
  const usable = addresses.filter(
    (address) => family === undefined || family === `IPv${isIP(address)}`,
  );
  if (usable.length > 0) return usable;
  const expected = `one or more ${family ?? 'IP'} addresses`;
  throw new InvalidArgumentValueError('addresses', expected, addresses.join());
}

/** @throws InvalidArgumentValueError a host of another family cannot be reached with these settings. */
export function checkHostFamily(
  what: string,
  address: string,
  family: AddressFamily | undefined,
): void {
  const version = isIP(address);
  if (version === 0 || family === undefined || family === `IPv${version}`) return;
  throw new InvalidArgumentValueError(what, `a name or an ${family} address`, address);
}

function attemptDelay(value: unknown): number {
  const delay = checkMilliseconds('attemptDelayMs', value);
  if (delay >= MIN_ATTEMPT_DELAY_MS) return delay;
  const expected = `${MIN_ATTEMPT_DELAY_MS} ms or more (RFC 8305)`;
  throw new InvalidArgumentValueError('attemptDelayMs', expected, value);
}

function connectFamily(
  family: unknown,
  localAddress: string | undefined,
): AddressFamily | undefined {
  const wanted = optional(family, (value) => checkChoice('family', value, FAMILIES));
  if (localAddress === undefined) return wanted;
  const own = isIP(localAddress) === 6 ? 'IPv6' : 'IPv4';
  if (wanted === undefined || wanted === own) return own;
  throw new InvalidArgumentValueError('localAddress', `an ${wanted} address`, localAddress);
}

function socketSettings(options: TCPOptions): SocketSettings {
  const { keepAlive = false } = options;
  const probes = typeof keepAlive === 'object' ? keepAlive : {};
  if (typeof keepAlive === 'object') checkOptions('keepAlive', keepAlive, KEEP_ALIVE_OPTIONS);
  else checkBoolean('keepAlive', keepAlive);
  const seconds = (name: 'idleMs' | 'intervalMs'): number | undefined =>
    toSeconds(
      optional(probes[name], (ms) => checkInteger(`keepAlive.${name}`, ms, 1, MAX_SECONDS * 1000)),
    );
  return {
    noDelay: checkBoolean('noDelay', options.noDelay ?? true),
    keepAlive: keepAlive !== false,
    keepAliveIdleSeconds: seconds('idleMs'),
    keepAliveIntervalSeconds: seconds('intervalMs'),
    keepAliveCount: optional(probes.count, (value) =>
      checkInteger('keepAlive.count', value, 1, 127),
    ),
    lingerSeconds: optional(options.lingerSeconds, (value) =>
      checkInteger('lingerSeconds', value, 0, 65_535),
    ),
    sendBufferBytes: optional(options.sendBufferBytes, (value) =>
      checkInteger('sendBufferBytes', value, 1, MAX_INT32),
    ),
    receiveBufferBytes: optional(options.receiveBufferBytes, (value) =>
      checkInteger('receiveBufferBytes', value, 1, MAX_INT32),
    ),
    userTimeoutMs: optional(options.userTimeoutMs, (value) =>
      checkInteger('userTimeoutMs', value, 1, MAX_INT32),
    ),
  };
}

function optional<T, R>(value: T | undefined, check: (value: T) => R): R | undefined {
  return value === undefined ? undefined : check(value);
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}
