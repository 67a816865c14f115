/** Destinations of connections over the simulated network: a port of a host, or a path of the host itself. */
import { type IPAddress, UNIXAddress } from '../../core/address.js';
import type { SystemError } from '../../core/errors/base.js';
import { systemError } from '../../internal/system-error.js';
import type { ConnectSettings } from '../../reactor/streams/tcp-settings.js';
import type { UNIXConnectSettings } from '../../reactor/streams/unix-settings.js';
import type { Destination } from './attempt.js';
import type { FaultSettings } from './faults.js';
import type { Acceptor, Host } from './host.js';
import type { SeededRandom } from './random.js';

const UNNAMED = new UNIXAddress('');

export class TCPDestination implements Destination {
  readonly name: string;
  readonly peer: IPAddress;
  readonly to: Host | undefined;
  readonly failures = ['ECONNREFUSED', 'EHOSTUNREACH'] as const;
  readonly #from: Host;
  readonly #settings: ConnectSettings;
  /** Counts the attempts: listeners that share a port take turns. */
  readonly #number: number;

  constructor(
    from: Host,
    to: Host | undefined,
    peer: IPAddress,
    settings: ConnectSettings,
    number: number,
  ) {
    this.name = `${to?.name ?? peer.host}:${peer.port}`;
    this.peer = peer;
    this.to = to;
    this.#from = from;
    this.#settings = settings;
    this.#number = number;
  }

  bind(): IPAddress | SystemError {
    return this.#from.bind(this.#settings, this.peer.host);
  }

  acceptor(): Acceptor | SystemError {
    const acceptor = this.to?.acceptorFor(this.peer.host, this.peer.port, this.#number);
    return acceptor ?? this.error('ECONNREFUSED');
  }

  error(code: string): SystemError {
    return systemError('connect', code, this.peer.host, this.peer.port);
  }
}

export class UNIXDestination implements Destination {
  readonly name: string;
  readonly peer: UNIXAddress;
  readonly to: Host;
  readonly failures = ['ECONNREFUSED'] as const;
  readonly #settings: UNIXConnectSettings;
  readonly #faults: FaultSettings;

  constructor(host: Host, settings: UNIXConnectSettings, faults: FaultSettings) {
    this.name = settings.path.replace('\0', '@');
    this.peer = new UNIXAddress(settings.path);
    this.to = host;
    this.#settings = settings;
    this.#faults = faults;
  }

  bind(): UNIXAddress {
    return UNNAMED;
  }

  acceptor(random: SeededRandom): Acceptor | SystemError {
    const { path, checkPID } = this.#settings;
    const acceptor = this.to.paths.find(path, 'stream', checkPID);
    const full = random.fork('fullQueue').chance(this.#faults.fullQueue);
    return full && !(acceptor instanceof Error) ? this.error('EAGAIN') : acceptor;
  }

  error(code: string): SystemError {
    return systemError('connect', code, this.peer.path);
  }
}
