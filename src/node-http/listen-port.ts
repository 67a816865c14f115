/** Opens the port of a server on its reactor. */
import type { Address } from '../core/address.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import type { ListenUNIXOptions } from '../core/unix-options.js';
import type { ListenRequest } from './listen-arguments.js';
import type { ServerOptions } from './server-options.js';

/**
 * @param address An IP address; undefined: every address. Used for ports only.
 * @throws CannotListenError, DescriptorError, UnsupportedError
 */
export function openPort(
  reactor: Reactor,
  factory: FactoryLike,
  request: ListenRequest,
  address: string | undefined,
  options: ServerOptions,
): ListeningPort<Address> {
  const { fd, path, port } = request;
  // As Node's server, which closes the descriptor.
  if (fd !== undefined) return reactor.adoptStreamPort(fd, factory, { takeOver: true });
  if (path !== undefined) return reactor.listenUNIX(path, factory, unixOptions(request, path));
  return reactor.listenTCP(port, factory, tcpOptions(request, address, options));
}

function tcpOptions(
  { backlog, ipv6Only, reusePort }: ListenRequest,
  address: string | undefined,
  { keepAlive, keepAliveInitialDelay, noDelay }: ServerOptions,
): ListenTCPOptions {
  const idleMs = keepAliveInitialDelay ?? 0;
  return {
    ...(backlog !== undefined && { backlog }),
    ...(address !== undefined && { interface: address }),
    ...(noDelay !== undefined && { noDelay }),
    ...(keepAlive === true && { keepAlive: idleMs > 0 ? { idleMs } : true }),
    ...(ipv6Only && { ipv6Only }),
    ...(reusePort && { reusePort }),
  };
}

const READABLE_BY_ALL = 0o444;
const WRITABLE_BY_ALL = 0o222;

/** The file has the permissions that Node gives it: those that the umask leaves, and the requested ones. */
function unixOptions(
  { backlog, readableAll, writableAll }: ListenRequest,
  path: string,
): ListenUNIXOptions {
  const queue = backlog === undefined ? {} : { backlog };
  const requested = (readableAll ? READABLE_BY_ALL : 0) | (writableAll ? WRITABLE_BY_ALL : 0);
  const hasFile = process.platform !== 'win32' && !path.startsWith('\0');
  // Named pipes have no mode: the reactor refuses it.
  if (!hasFile) return requested === 0 ? queue : { ...queue, mode: requested };
  return { ...queue, mode: (0o777 & ~process.umask()) | requested };
}
