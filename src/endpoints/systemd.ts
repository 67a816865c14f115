/** An endpoint whose socket a service manager opened: sd_listen_fds(3). */
import type { Address } from '../core/address.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { DescriptorError } from '../core/errors/listening.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ReactorAdoption } from '../core/reactor-adoption.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { CallbackResult, Deferred } from '../defer/deferred.js';
import { type InheritedSocket, takeInheritedSockets } from '../handover/inherited-sockets.js';
import { checkChoice, checkInteger, checkObject, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { showAsText } from '../internal/shown-as-text.js';
import { AlreadyListenedError, NoInheritedSocketError } from './errors.js';
import { listenOnce } from './listening.js';

/** Exactly one of `index` and `name` must be given. */
export interface SystemdServerEndpointOptions {
  /** The position of the socket in the unit, from 0. */
  readonly index?: number;
  /** The socket's name: `FileDescriptorName=` of its unit. */
  readonly name?: string;
  /** The expected kind of socket: `listen` fails with a DescriptorError if it is another one. Default: any. */
  readonly family?: 'IPv4' | 'IPv6' | 'UNIX';
  /** The environment that describes the sockets. Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
}

const OPTIONS: OptionNames<SystemdServerEndpointOptions> = {
  index: true,
  name: true,
  family: true,
  environment: true,
};
const FAMILIES = ['IPv4', 'IPv6', 'UNIX'] as const;
const MAX_INDEX = 65_535;

/** The sockets of one environment. Descriptors belong to the process, so their use is recorded for all endpoints together. */
interface InheritedSockets {
  readonly sockets: readonly InheritedSocket[];
  /** The descriptors that were taken over. */
  readonly listened: Set<number>;
}

const taken = new WeakMap<NodeJS.ProcessEnv, InheritedSockets>();

/**
 * A socket of systemd's socket activation (`LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES`). `listen` succeeds once for each socket,
 * regardless of the number of its endpoints.
 *
 * The first endpoint takes all sockets: it removes the variables from the environment, like `takeInheritedSockets`. Later
 * endpoints of the same environment find the sockets anyway.
 */
export class SystemdServerEndpoint implements StreamServerEndpoint {
  readonly fd: number;
  readonly #reactor: ReactorAdoption;
  readonly #family: SystemdServerEndpointOptions['family'];
  readonly #listened: Set<number>;

  /**
   * @throws NoInheritedSocketError there is no such socket, or none at all.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorAdoption, options: SystemdServerEndpointOptions) {
    checkOptions('SystemdServerEndpoint', options, OPTIONS);
    const { index, name, family, environment = process.env } = options;
    checkObject('environment', environment);
    if ((index === undefined) === (name === undefined)) {
      throw new InvalidArgumentValueError('index', 'given, or else name, but not both', index);
    }
    if (index !== undefined) checkInteger('index', index, 0, MAX_INDEX);
    if (name !== undefined) checkString('name', name);
    this.#reactor = reactor;
    this.#family = family === undefined ? undefined : checkChoice('family', family, FAMILIES);
    const { sockets, listened } = inheritedSockets(environment);
    this.#listened = listened;
    this.fd = find(sockets, index ?? (name as string)).fd;
  }

  /** Also fails with a DescriptorError: the descriptor is not a listening socket, or not one of the expected family. */
  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    const listened = listenOnce(factory, (checked) => {
      if (this.#listened.has(this.fd)) throw new AlreadyListenedError(this.fd);
      const port = this.#reactor.adoptStreamPort(this.fd, checked, { takeOver: true });
      this.#listened.add(this.fd);
      return port;
    });
    return listened.addCallback((port) => this.#checkFamily(port));
  }

  toString(): string {
    return `<server endpoint of inherited descriptor ${this.fd}>`;
  }

  #checkFamily(port: ListeningPort<Address>): CallbackResult<ListeningPort<Address>> {
    const { family } = port.getHost();
    if (this.#family === undefined || family === this.#family) return port;
    const cause = new Error(`its family is ${family}`);
    return port.stopListening().addCallback(() => {
      throw new DescriptorError(`a socket of the family ${this.#family}`, this.fd, { cause });
    });
  }
}

function inheritedSockets(environment: NodeJS.ProcessEnv): InheritedSockets {
  const known = taken.get(environment);
  if (known !== undefined) return known;
  const found = { sockets: takeInheritedSockets(environment), listened: new Set<number>() };
  if (found.sockets.length > 0) taken.set(environment, found);
  return found;
}

function find(sockets: readonly InheritedSocket[], wanted: number | string): InheritedSocket {
  const found =
    typeof wanted === 'number' ? sockets[wanted] : sockets.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  if (sockets.length === 0) {
    const why = 'LISTEN_PID and LISTEN_FDS are not set for this process, or were removed';
    throw new NoInheritedSocketError(`this process inherited no sockets: ${why}`);
  }
  const which = typeof wanted === 'number' ? `with the index ${wanted}` : `named '${wanted}'`;
  const names = sockets.map(({ name }) => name).join(', ');
  throw new NoInheritedSocketError(`there is no inherited socket ${which}; the sockets: ${names}`);
}

showAsText(SystemdServerEndpoint);
