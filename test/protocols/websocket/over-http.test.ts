/** A whole connection without sockets: handshakes read and written by the HTTP parsers and serializers of both roles. */
import { describe, expect, it } from 'vitest';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import { RequestSerializer } from '../../../src/protocols/http/request-serializer.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import { ResponseSerializer } from '../../../src/protocols/http/response-serializer.js';
import { ClientHandshake } from '../../../src/protocols/websocket/client-handshake.js';
import type { WebSocketConnection } from '../../../src/protocols/websocket/connection.js';
import { WebSocketRequestError } from '../../../src/protocols/websocket/errors.js';
import { acceptRequest } from '../../../src/protocols/websocket/server-handshake.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { connectionOf } from './connection-of.js';

class Output {
  readonly #parts: Buffer[] = [];

  write(data: string | Uint8Array): void {
    this.#parts.push(Buffer.from(data as string));
  }

  taken(): Buffer {
    return Buffer.concat(this.#parts.splice(0));
  }
}

const OPTIONS = { subprotocols: ['chat'], deflate: {} };

/** What a server does with these bytes: its output and the messages that it read. */
function serve(chunks: readonly Buffer[]): { output: Buffer; messages: string[] } {
  const output = new Output();
  const parser = new RequestParser();
  const serializer = new ResponseSerializer(output);
  const messages: string[] = [];
  let connection: WebSocketConnection | undefined;
  const read = (): void => {
    while (connection?.next() === 'text') {
      messages.push(connection.text);
      connection.sendText(connection.text.toUpperCase());
    }
  };
  for (const chunk of chunks) {
    if (connection !== undefined) {
      connection.receive(chunk);
      read();
      continue;
    }
    parser.receive(chunk);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      // The bytes behind the end of the request are of the other protocol.
      if (event === 'end' && connection !== undefined) break;
      if (event !== 'head') continue;
      serializer.begin(parser.head);
      try {
        const { fields, deflate } = acceptRequest(parser.head, OPTIONS);
        serializer.respond(101, fields, '');
        const sink = (bytes: Uint8Array): void => output.write(bytes);
        connection = connectionOf({ role: 'server', sink, deflate });
      } catch (error) {
        if (!(error instanceof WebSocketRequestError)) throw error;
        serializer.respond(error.status, error.fields, error.message);
      }
    }
    if (connection !== undefined) {
      connection.receive(parser.takeRest());
      read();
    }
  }
  return { output: output.taken(), messages };
}

describe('a WebSocket over HTTP', () => {
  it('is opened and used, however its bytes are split', () => {
    const handshake = new ClientHandshake({ nonce: Buffer.alloc(16, 7), ...OPTIONS });
    const output = new Output();
    const fields = [['Host', 'example.com'] as const, ...handshake.fields];
    new RequestSerializer(output).request('GET', '/chat', fields);
    const request = output.taken();

    const responses = new ResponseParser();
    responses.requestSent('GET', true);
    const { output: answer } = serve([request]);
    responses.receive(answer);
    expect(responses.next()).toBe('head');
    const agreed = handshake.check(responses.head);
    expect(agreed.subprotocol).toBe('chat');
    const client = connectionOf({
      role: 'client',
      sink: (bytes) => output.write(bytes),
      maskingKey: () => 0x01020304,
      deflate: agreed.deflate,
    });
    client.sendText('hello');
    client.sendText('long '.repeat(500));
    client.close();
    const sent = output.taken();

    for (const chunks of everySplit(Buffer.concat([request, sent]))) {
      const served = serve(chunks);
      expect(served.messages).toEqual(['hello', 'long '.repeat(500)]);
      const connection = connectionOf({
        role: 'client',
        sink: () => {},
        maskingKey: () => 0,
        deflate: agreed.deflate,
      });
      connection.receive(served.output.subarray(answer.length));
      expect(connection.next()).toBe('text');
      expect(connection.text).toBe('HELLO');
      expect(connection.next()).toBe('text');
      expect(connection.text).toBe('LONG '.repeat(500));
      expect(connection.next()).toBe('close');
      expect(connection.closeCode).toBe(1000);
    }
  });

  it('is refused with the status and the fields of the error', () => {
    const output = new Output();
    new RequestSerializer(output).request('GET', '/', {
      Host: 'example.com',
      Connection: ['keep-alive', 'Upgrade'],
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '8',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    });
    const text = serve([output.taken()]).output.toString();
    expect(text).toMatch(/^HTTP\/1.1 426 /);
    expect(text).toMatch(/^Sec-WebSocket-Version: 13\r$/im);
  });
});
