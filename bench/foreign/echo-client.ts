// The client of latency.ts, over node:net: messages one after the other, or at a fixed rate.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const MESSAGE = Buffer.alloc(64, 'x');

export class EchoClient {
  readonly #socket: Socket;
  #received = 0;
  #arrived: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#received += data.length;
      this.#arrived();
    });
  }

  static async connect(port: number): Promise<EchoClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new EchoClient(socket);
  }

  /** Sends a message when the last one is back. Returns the milliseconds that each took. */
  async pingPong(ms: number): Promise<number[]> {
    const latencies: number[] = [];
    const end = performance.now() + ms;
    await new Promise<void>((resolve) => {
      let sent = performance.now();
      let wanted = this.#received + MESSAGE.length;
      this.#arrived = () => {
        if (this.#received < wanted) return;
        const now = performance.now();
        latencies.push(now - sent);
        if (now >= end) {
          resolve();
          return;
        }
        wanted += MESSAGE.length;
        sent = performance.now();
        this.#socket.write(MESSAGE);
      };
      this.#socket.write(MESSAGE);
    });
    return latencies;
  }

  /** Sends `perSecond` messages a second, and returns how many came back. */
  async steady(ms: number, perSecond: number): Promise<number> {
    const begun = performance.now();
    const before = this.#received;
    let sent = 0;
    this.#arrived = () => {};
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const passed = performance.now() - begun;
        for (; sent < (passed * perSecond) / 1000; sent += 1) this.#socket.write(MESSAGE);
        if (passed < ms) return;
        clearInterval(timer);
        resolve();
      }, 1);
    });
    const all = before + sent * MESSAGE.length;
    await new Promise<void>((resolve) => {
      this.#arrived = () => {
        if (this.#received >= all) resolve();
      };
      this.#arrived();
    });
    return sent;
  }

  close(): void {
    this.#socket.destroy();
  }
}
