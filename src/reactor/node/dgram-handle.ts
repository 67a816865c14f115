/**
 * The part of Node's `dgram` that shows no outside, typed in one place: the handle under a socket. It is found by the name
 * of the symbol that keeps it; where a Node had none, there would be no descriptor to show, no cause of a failed `connect`, and
 * no adopting of IPv6 sockets.
 */
import type { Socket } from 'node:dgram';

/** Its methods answer 0 or a negative errno. */
interface DgramHandle {
  readonly fd: number;
  connect(host: string, port: number): number;
  connect6(host: string, port: number): number;
  send(...args: unknown[]): number;
  send6(...args: unknown[]): number;
}

/** @returns Undefined where this Node has none to show. */
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
 * Makes an IPv6 socket of one that was made for IPv4, as `createSocket('udp6')` would have: of a descriptor the family is known
 * only when it is bound to.
 * @returns Whether that could be done.
 */
export function turnToIPv6(socket: Socket): boolean {
  const handle = dgramHandle(socket);
  if (handle === undefined) return false;
  handle.send = handle.send6;
  handle.connect = handle.connect6;
  return true;
}

/** Bytes that the system has not taken yet. Deno tells none: there, nothing is seen to wait. */
export function unsentDatagramBytes(socket: Socket): number {
  const { getSendQueueSize: size } = socket as Partial<Socket>;
  return size === undefined ? 0 : size.call(socket);
}
