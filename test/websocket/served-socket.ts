/** A WebSocket server in memory, and one client that the test plays frame by frame. */
import { HTTPFactory, type HTTPServerOptions } from '../../src/http/index.js';
import { MessageParser } from '../../src/protocols/websocket/parser.js';
import { ManualClock, MemoryTransport } from '../../src/testing/index.js';
import {
  WebSocketAcceptor,
  type WebSocketProtocol,
  type WebSocketServerOptions,
  type WebSocketSessionLike,
} from '../../src/websocket/index.js';
import { closing, type FrameParts, masked, shown } from '../protocols/websocket/frames.js';

export const KEY_FIELDS: readonly string[] = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

export function handshake(...fields: string[]): string {
  const lines = ['GET /chat HTTP/1.1', 'Host: example.com', ...KEY_FIELDS, ...fields];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export interface ServedOptions extends WebSocketServerOptions {
  readonly http?: HTTPServerOptions;
}

export class ServedSockets {
  readonly clock: ManualClock = new ManualClock();
  readonly factory: HTTPFactory;
  readonly accepted: WebSocketProtocol[] = [];

  constructor(session: WebSocketSessionLike | WebSocketProtocol, options: ServedOptions = {}) {
    const { http, ...rest } = options;
    const acceptor = new WebSocketAcceptor(this.clock, rest);
    this.factory = new HTTPFactory(
      this.clock,
      (request, response) => {
        const socket = acceptor.accept(request, response, session as WebSocketSessionLike);
        if (socket !== undefined) this.accepted.push(socket);
      },
      http,
    );
  }

  /** A client whose handshake was accepted. */
  connect(options: { capacity?: number; fields?: string[] } = {}): ServedClient {
    const client = new ServedClient(this, options.capacity);
    const answer = client.send(handshake(...(options.fields ?? [])));
    if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(answer);
    client.receiveFrames(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    return client;
  }

  /** Time passes, in steps of a second. */
  advance(ms: number): void {
    for (let at = 0; at < ms; at += 1_000) this.clock.advance(Math.min(1_000, ms - at));
  }
}

export class ServedClient {
  readonly transport: MemoryTransport;
  readonly #served: ServedSockets;
  readonly #parser = new MessageParser({ role: 'client', maxMessageBytes: 2 ** 30 });

  constructor(served: ServedSockets, capacity?: number) {
    this.#served = served;
    this.transport = new MemoryTransport(capacity === undefined ? {} : { capacity });
    this.transport.connect(served.factory.buildProtocol());
  }

  /** The server's protocol of this connection. */
  get socket(): WebSocketProtocol {
    const socket = this.#served.accepted.find(({ transport }) => transport === this.transport);
    if (socket === undefined) throw new Error('the connection is no WebSocket');
    return socket;
  }

  /** Sends bytes, and returns the bytes that the server has sent since the last call. */
  send(data: string | Uint8Array): string {
    this.transport.receive(data);
    this.transport.settle();
    return this.transport.takeWritten().toString('latin1');
  }

  /** Sends frames in one piece. */
  sendFrames(...frames: FrameParts[]): void {
    this.transport.receive(Buffer.concat(frames.map(masked)));
    this.transport.settle();
  }

  sendText(...texts: string[]): void {
    this.sendFrames(...texts.map((payload) => ({ opcode: 1, payload })));
  }

  sendClose(code: number, reason = ''): void {
    this.sendFrames({ opcode: 8, payload: closing(code, reason) });
  }

  /** Frames behind the head of the server's answer. */
  receiveFrames(latin1: string): void {
    this.#parser.receive(Buffer.from(latin1, 'latin1'));
  }

  /** The events that the server has sent since the last call. */
  received(): string[] {
    this.transport.settle();
    const events: string[] = [];
    this.#parser.receive(this.transport.takeWritten());
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
      events.push(shown(this.#parser, event));
    }
    return events;
  }

  /** The answer of the server to some frames. */
  answers(...frames: FrameParts[]): string[] {
    this.sendFrames(...frames);
    return this.received();
  }
}

/** Lets promises that are settled call back. */
export async function later(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
