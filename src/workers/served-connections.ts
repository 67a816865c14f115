/** The open connections that this thread's reactors accepted. */
import { connectionLostChannel, serverSocketChannel } from '../reactor/diagnostics.js';
import { StreamPort } from '../reactor/streams/stream-port.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';

export class ServedConnections {
  #open = 0;
  #allGone: (() => void) | undefined;

  constructor() {
    serverSocketChannel.subscribe((message) => {
      if (isServed((message as { socket: unknown }).socket)) this.#open += 1;
    });
    connectionLostChannel.subscribe((message) => {
      if (!isServed((message as { transport: unknown }).transport)) return;
      this.#open -= 1;
      if (this.#open === 0) this.#allGone?.();
    });
  }

  /** Settles when no connection is open. Call it once. */
  allGone(): Promise<void> {
    return new Promise((resolve) => {
      this.#allGone = resolve;
      if (this.#open === 0) resolve();
    });
  }
}

/** TLS may replace the transport of a connection, but not its owner. Node's own servers publish to the same channels. */
function isServed(transport: unknown): boolean {
  return transport instanceof StreamTransport && transport.owner instanceof StreamPort;
}
