/** Clients of npm's `ws`, as peers. It has no published types. */
import { within } from './deadline.js';

type Data = string | Buffer;

interface Ws {
  readonly protocol: string;
  readonly extensions: string;
  on(event: string, listener: (...args: never[]) => void): this;
  send(data: Data | Uint8Array, options?: object): void;
  ping(data?: Data): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

const { WebSocket } = (await import('ws' as string)) as {
  WebSocket: new (url: string, protocols?: readonly string[], options?: object) => Ws;
};

export class WsClient implements AsyncDisposable {
  readonly socket: Ws;
  readonly #closed: Promise<string>;
  #received: Data[] = [];
  #waiting: (() => void)[] = [];

  private constructor(socket: Ws) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code: number, reason: Buffer) => resolve(`${code} ${reason}`.trim()));
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#received.push(isBinary ? data : String(data));
      for (const waiting of this.#waiting.splice(0)) waiting();
    });
  }

  /** Fails with the error of `ws`, such as that of a refused handshake. */
  static async connect(
    url: string,
    protocols: readonly string[] = [],
    options: object = {},
  ): Promise<WsClient> {
    const socket = new WebSocket(url, protocols, options);
    const client = new WsClient(socket);
    const opened = new Promise<void>((resolve, reject) => {
      socket.on('open', () => resolve()).on('error', (error: Error) => reject(error));
    });
    await within(opened, 'the handshake');
    return client;
  }

  /** The next message. */
  async next(): Promise<Data> {
    while (this.#received.length === 0) {
      const arrival = new Promise<void>((resolve) => void this.#waiting.push(resolve));
      await within(arrival, 'a message');
    }
    return this.#received.shift() as Data;
  }

  /** The code and the reason of the end of the connection. */
  ended(): Promise<string> {
    return within(this.#closed, 'the end of the connection');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.ended();
  }
}
