/** The open connections that this thread's reactors accepted. */
import { connectionLostChannel, serverSocketChannel } from '../reactor/diagnostics.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';

export class ServedConnections {
  readonly #open: Set<unknown> = new Set();
  #allGone: (() => void) | undefined;

  constructor() {
    serverSocketChannel.subscribe((message) => {
      const { socket } = message as { socket: unknown };
      // Node's own servers publish here too.
      if (socket instanceof StreamTransport) this.#open.add(socket);
    });
    connectionLostChannel.subscribe((message) => {
      this.#open.delete((message as { transport: unknown }).transport);
      if (this.#open.size === 0) this.#allGone?.();
    });
  }

  /** Settles when no connection is open. Call it once. */
  allGone(): Promise<void> {
    return new Promise((resolve) => {
      this.#allGone = resolve;
      if (this.#open.size === 0) resolve();
    });
  }
}
