/**
 * An internal part of Node's `dgram`, typed in one place: the handle under a socket. It is found by the name
 * of its symbol; on a Node without one, there is no descriptor to show, no cause of a failed `connect`, and
 * no adopting of IPv6 sockets.
 */
import type { Socket } from 'node:dgram';

/** Its methods return 0 or a negative errno. */
interface DgramHandle {
  readonly fd: number;
  connect(host: string, port: number): number;
  connect6(host: string, port: number): number;
  send(...args: unknown[]): number;
  send6(...args: unknown[]): number;
}

/** @returns Undefined if this Node does not expose one. */
export function dgramHandle(socket: Socket): DgramHandle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (symbol === undefined) return undefined;
  const { handle } = (socket as unknown as Record<symbol, { handle?: DgramHandle | null }>)[
    symbol
  ] ?? { handle: undefined };
  return handle ?? undefined;
}

/**
 * Turns a socket made for IPv4 into one for IPv6, like those of `createSocket('udp6')`: the family of a descriptor is known
 * only when it is bound.
 * @returns Whether that was possible.
 */
export function turnToIPv6(socket: Socket): boolean {
  const handle = dgramHandle(socket);
  if (handle === undefined) return false;
  handle.send = handle.send6;
  handle.connect = handle.connect6;
  return true;
}

/** Bytes that the system has not taken yet. Deno does not report them, so there none seem to wait. */
export function unsentDatagramBytes(socket: Socket): number {
  const { getSendQueueSize: size } = socket as Partial<Socket>;
  return size === undefined ? 0 : size.call(socket);
}
