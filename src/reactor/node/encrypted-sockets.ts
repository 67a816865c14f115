/** The encrypted sockets of a reactor, which are inspected now and then. */
import type { Socket } from 'node:net';

/** Between two inspections: a peer at 1 Gbit/s causes at most 30 MB of answers in that time. */
const INSPECTION_MS = 250;

/** All encrypted sockets of one reactor: they share a timer, which does not keep the process alive. */
export class EncryptedSockets {
  readonly #inspections: Map<Socket, () => void> = new Map();
  #timer: NodeJS.Timeout | undefined = undefined;

  /** Calls `inspect` several times a second until the socket is closed: input that Node answers by itself causes no event. */
  add(socket: Socket, inspect: () => void): void {
    this.#inspections.set(socket, inspect);
    this.#timer ??= setInterval(this.#tick, INSPECTION_MS).unref();
    socket.once('close', () => {
      this.#inspections.delete(socket);
      if (this.#inspections.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  readonly #tick = (): void => {
    for (const inspect of this.#inspections.values()) inspect();
  };
}
