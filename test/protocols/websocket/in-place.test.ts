/** Payload that is unmasked in the memory where it arrives, and sent back from there. */
import { describe, expect, it } from 'vitest';
import { WebSocketCodecs } from '../../../src/protocols/websocket/codec.js';
import { WebSocketConnection } from '../../../src/protocols/websocket/connection.js';
import { maskShort } from '../../../src/protocols/websocket/masking.js';
import { BINARY, PING, TEXT } from '../../../src/protocols/websocket/opcodes.js';
import { frame, masked } from './frames.js';

const LONG = 5_000;
const text = (seed: string): string => seed.repeat(LONG).slice(0, LONG);

/** A server's connection, and a transport that receives into one memory and sends bytes out of it by reference. */
class Server {
  readonly memory: Buffer = Buffer.alloc(100_000);
  readonly connection: WebSocketConnection;
  readonly written: Uint8Array[] = [];
  masks = 0;

  constructor(codecs = new WebSocketCodecs({ role: 'server', lendsBinary: true })) {
    this.connection = new WebSocketConnection(codecs.codec(), {
      write: (bytes) => void this.written.push(bytes),
      maskReceived: (data, at, length, key) => {
        if (data.buffer !== this.memory.buffer) return undefined;
        this.masks += 1;
        maskShort(data, at, length, key, data, at);
        return data.subarray(at, at + length).every((byte) => byte < 0x80);
      },
    });
  }

  receive(bytes: Uint8Array): void {
    this.memory.set(bytes);
    this.connection.receive(this.memory.subarray(0, bytes.length));
  }

  /** Sends each message back as it arrives. */
  echo(): void {
    const { connection } = this;
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      if (event === 'text') connection.sendText(connection.text);
      else if (event === 'binary') connection.sendBinary(connection.bytes);
    }
  }

  /** The bytes that a transport sends at the end of the turn. */
  sent(): Buffer {
    return Buffer.concat(this.written.splice(0));
  }

  isInMemory(index: number): boolean {
    return this.written[index]?.buffer === this.memory.buffer;
  }
}

describe('Long payload in memory that may be changed', () => {
  it.each([
    ['text', TEXT, text('hello')],
    ['text that is not ASCII', TEXT, 'grüße '.repeat(LONG)],
    ['bytes', BINARY, text('\u0001b')],
  ])('is unmasked there, and sent back as one piece: %s', (_name, opcode, content) => {
    const server = new Server();
    server.receive(masked({ opcode, payload: content }));
    server.echo();
    expect(server.masks).toBe(1);
    expect(server.written).toHaveLength(1);
    expect(server.isInMemory(0)).toBe(true);
    expect(server.sent()).toEqual(frame({ opcode, payload: content }));
  });

  it('is sent back before and behind other frames of the chunk', () => {
    const server = new Server();
    const frames = [
      { opcode: TEXT, payload: 'short' },
      { opcode: BINARY, payload: text('first') },
      { opcode: TEXT, payload: text('second') },
      { opcode: BINARY, payload: 'end' },
    ];
    server.receive(Buffer.concat(frames.map(masked)));
    // Short frames are written from memory that is used again.
    const { written } = server;
    const copies: Buffer[] = [];
    Object.assign(server.written, { push: (bytes: Uint8Array) => copies.push(Buffer.from(bytes)) });
    server.echo();
    expect(written).toHaveLength(0);
    expect(Buffer.concat(copies)).toEqual(Buffer.concat(frames.map(frame)));
  });

  it('is sent twice, and in frames of different kinds', () => {
    const server = new Server();
    const payload = text('again');
    server.receive(masked({ opcode: BINARY, payload }));
    const { connection } = server;
    expect(connection.next()).toBe('binary');
    const { bytes } = connection;
    connection.sendBinary(bytes);
    connection.sendBinary(bytes);
    const twice = server.sent();
    connection.sendFragment(bytes, false);
    const begun = server.sent();
    connection.sendFragment(bytes, true);
    const ended = server.sent();
    expect(twice).toEqual(Buffer.concat(Array(2).fill(frame({ opcode: BINARY, payload }))));
    expect(begun).toEqual(frame({ opcode: BINARY, payload, fin: false }));
    expect(ended).toEqual(frame({ opcode: 0, payload }));
  });

  it('is not sent from there once the memory belongs to the transport again', () => {
    const server = new Server();
    const payload = text('kept');
    const { connection } = server;
    const frames = [masked({ opcode: TEXT, payload }), masked({ opcode: PING, payload: '' })];
    server.receive(Buffer.concat(frames));
    expect(connection.next()).toBe('text');
    connection.keepRest();
    server.memory.fill('x');
    connection.sendText(payload);
    expect(server.isInMemory(0)).toBe(false);
    expect(server.sent()).toEqual(frame({ opcode: TEXT, payload }));
  });

  it('is not sent from there by another connection after this one has ended', () => {
    const codecs = new WebSocketCodecs({ role: 'server' });
    const [ended, other] = [new Server(codecs), new Server(codecs)];
    const payload = text('gone');
    ended.receive(masked({ opcode: TEXT, payload }));
    expect(ended.connection.next()).toBe('text');
    ended.connection.connectionLost();
    ended.memory.fill('x');
    other.connection.sendText(payload);
    expect(other.sent()).toEqual(frame({ opcode: TEXT, payload }));
  });

  it('is gathered if the message arrives in pieces, cut anywhere', () => {
    const payload = `${'grüße '.repeat(1_000)}`;
    const bytes = masked({ opcode: TEXT, payload });
    for (let cut = 1; cut < bytes.length; cut += cut < 20 ? 1 : 997) {
      const server = new Server();
      server.receive(bytes.subarray(0, cut));
      server.echo();
      expect(server.written).toHaveLength(0);
      server.connection.keepRest();
      server.receive(bytes.subarray(cut));
      server.echo();
      expect(server.sent(), `cut at ${cut}`).toEqual(frame({ opcode: TEXT, payload }));
    }
  });

  it('is refused if it is not UTF-8', () => {
    const server = new Server();
    const payload = Buffer.alloc(LONG, 0xff);
    server.receive(masked({ opcode: TEXT, payload }));
    expect(() => server.connection.next()).toThrow(/UTF-8/);
  });
});
