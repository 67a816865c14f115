/**
 * Listening for engines without `_createServerHandle`, which is Bun: its `net.Server` is bound when `listen`
 * returns, but reports errors a tick later, and makes the sockets of its connections itself.
 */
import net from 'node:net';
import { constants } from 'node:os';

import type { SystemError } from '../../core/errors/base.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ConnectionHandle, CreateServerHandle, ListenHandle } from './handles.js';
import { IPV6_ONLY, REUSE_PORT } from './net-flags.js';

/** A way to learn at once why a socket can't be bound: it throws an error that has a number. */
interface ListenAtOnce {
  listen(options: Record<string, unknown>): { stop(): void };
}

/** The obstacle to a listener may be gone when its cause is looked for: then listening is retried, at most this often. */
const MAX_TRIES = 8;

/** Only root may connect to a socket's file until it is given its mode. */
const NOBODY = 0o777;

/** Works like Node's own. The socket listens already, with the engine's own backlog. */
export const createServerHandle: CreateServerHandle = (
  address,
  port,
  addressType,
  fd,
  flags = 0,
) => {
  if (fd !== undefined) return open({ fd }, { fd });
  const path = address ?? '';
  if (addressType === -1) return openPipe(path);
  const options = {
    port,
    ipv6Only: (flags & IPV6_ONLY) !== 0,
    reusePort: (flags & REUSE_PORT) !== 0,
  };
  return open({ ...options, host: path }, { ...options, hostname: path });
};

/** @throws UnsupportedError */
function openPipe(path: string): ListenHandle | number {
  if (path.startsWith('\0')) return open({ path }, { unix: path });
  let before: number;
  try {
    before = process.umask(NOBODY);
  } catch {
    const why = 'in a worker thread of this engine a socket cannot be given its mode in time';
    throw new UnsupportedError('listening', why);
  }
  try {
    return open({ path }, { unix: path });
  } finally {
    process.umask(before);
  }
}

/** @param probe The same for `Bun.listen`, which gives the reason if the server can't listen. */
function open(
  options: net.ListenOptions & { fd?: number },
  probe: Record<string, unknown>,
): ListenHandle | number {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const handle = new ServerHandle(server);
    // Exclusive: a worker of a cluster would ask the primary process for its socket, which takes time.
    server.listen({ ...options, exclusive: true });
    if (server.listening) return handle;
    const errno = reasonOf(probe);
    if (errno !== undefined) return errno;
  }
  return -constants.errno.EINVAL;
}

function reasonOf(options: Record<string, unknown>): number | undefined {
  const { Bun: engine } = globalThis as unknown as { Bun: ListenAtOnce };
  try {
    engine.listen({ ...options, socket: { data: () => {} } }).stop();
    return undefined;
  } catch (error) {
    const { errno = constants.errno.EINVAL } = error as Partial<SystemError>;
    return -Math.abs(errno);
  }
}

class ServerHandle implements ListenHandle {
  onconnection: ListenHandle['onconnection'] = () => {};
  readonly #server: net.Server;

  constructor(server: net.Server) {
    this.#server = server;
    server.on('connection', (socket) => this.onconnection(0, new ServedConnection(socket)));
    server.on('error', (error: SystemError) => {
      if (server.listening) this.onconnection(-Math.abs(error.errno));
    });
  }

  get fd(): number {
    const { _handle: handle } = this.#server as unknown as { _handle?: { fd?: number } | null };
    return handle?.fd ?? -1;
  }

  listen(): number {
    return 0;
  }

  /** UNIX sockets, which have no port, have no such method. */
  get getsockname(): ListenHandle['getsockname'] {
    const { address, port } = this.#server.address() as Partial<net.AddressInfo>;
    if (address === undefined || port === undefined) return undefined;
    return (out) => {
      Object.assign(out, { address, port });
      return 0;
    };
  }

  close(): void {
    this.#server.close();
  }
}

class ServedConnection implements ConnectionHandle {
  readonly socket: net.Socket;

  constructor(socket: net.Socket) {
    this.socket = socket;
  }

  getpeername(out: { address?: string; port?: number }): number {
    const { remoteAddress: address, remotePort: port } = this.socket;
    if (address !== undefined && port !== undefined) Object.assign(out, { address, port });
    return 0;
  }

  close(): void {
    this.socket.destroy();
  }
}
