/** Clients of examples/scaled-chat.ts. */
import { get as httpGet, type IncomingMessage } from 'node:http';
import type { Reactor } from '../../src/index.js';
import { connectWebSocket, type WebSocketProtocol } from '../../src/websocket/index.js';
import { Pulse, within } from '../support/deadline.js';

/** A WebSocket in the room. */
export class ChatClient implements AsyncDisposable {
  readonly messages: string[] = [];
  /** The process that serves it. */
  pid = 0;
  hasEnded = false;
  readonly #socket: WebSocketProtocol;
  readonly #pulse = new Pulse();

  private constructor(socket: WebSocketProtocol) {
    this.#socket = socket;
  }

  static async join(reactor: Reactor, port: number): Promise<ChatClient> {
    const url = `ws://127.0.0.1:${port}/socket`;
    const client = new ChatClient(await within(connectWebSocket(reactor, url), 'a WebSocket'));
    void client.#read();
    await client.has(/^welcome to process \d+$/);
    client.pid = Number(client.messages[0]?.split(' ').at(-1));
    return client;
  }

  say(text: string): void {
    this.#socket.send(text);
  }

  has(text: string | RegExp): Promise<void> {
    const found = (message: string): boolean =>
      typeof text === 'string' ? message === text : text.test(message);
    return this.#pulse.until(() => this.messages.some(found), `${text}`);
  }

  ended(): Promise<void> {
    return this.#pulse.until(() => this.hasEnded, 'the end');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.ended();
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#socket) {
        this.messages.push(String(message));
        this.#pulse.notify();
      }
    } catch {
      // The connection was lost.
    }
    this.hasEnded = true;
    this.#pulse.notify();
  }
}

/** A client of the event stream. */
export class EventClient implements Disposable {
  text = '';
  readonly #pulse = new Pulse();
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8').on('error', () => {});
    response.on('data', (text: string) => {
      this.text += text;
      this.#pulse.notify();
    });
  }

  static open(port: number): Promise<EventClient> {
    const request = httpGet({ port, host: '127.0.0.1', path: '/events', agent: false });
    return new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => resolve(new EventClient(response)));
    });
  }

  has(data: string): Promise<void> {
    return this.#pulse.until(() => this.text.includes(`data: ${data}\n\n`), data);
  }

  [Symbol.dispose](): void {
    this.#response.destroy();
  }
}
