import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../../../src/core/errors/arguments.js';
import {
  type WebSocketCodecOptions,
  WebSocketCodecs,
} from '../../../src/protocols/websocket/codec.js';
import { WebSocketConnection } from '../../../src/protocols/websocket/connection.js';
import {
  WebSocketFragmentError,
  WebSocketNotOpenError,
} from '../../../src/protocols/websocket/errors.js';
import type { WebSocketRole } from '../../../src/protocols/websocket/events.js';
import { MessageParser } from '../../../src/protocols/websocket/parser.js';
import type { PermessageDeflateParameters } from '../../../src/protocols/websocket/permessage-deflate.js';
import { PreparedMessage } from '../../../src/protocols/websocket/prepared-message.js';
import { type ConnectionOptions, connectionOf } from './connection-of.js';
import { closing, type FrameParts, frame, KEY, masked } from './frames.js';

type Options = Partial<ConnectionOptions>;

const key = Buffer.from(KEY as number[]).readInt32LE(0);

/** A connection and all that it has sent. */
class End {
  readonly connection: WebSocketConnection;
  readonly #sent: Buffer[] = [];
  readonly #make: (parts: FrameParts) => Buffer;

  constructor(role: WebSocketRole, options: Options = {}) {
    this.connection = connectionOf({
      role,
      sink: (bytes) => this.#sent.push(Buffer.from(bytes)),
      ...(role === 'client' ? { maskingKey: () => key } : {}),
      ...options,
    });
    this.#make = role === 'client' ? frame : masked;
  }

  /** Receives frames of the peer in one chunk and returns all events. */
  receive(...parts: FrameParts[]): string[] {
    return this.receiveBytes(Buffer.concat(parts.map(this.#make)));
  }

  receiveBytes(bytes: Buffer): string[] {
    const { connection } = this;
    const events: string[] = [];
    connection.receive(bytes);
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      events.push(this.#shown(event));
    }
    return events;
  }

  /** The bytes sent since the last call. */
  sent(): Buffer {
    return Buffer.concat(this.#sent.splice(0));
  }

  #shown(event: string): string {
    const { connection } = this;
    if (event === 'text') return `text ${connection.text}`;
    if (event === 'close') return `close ${connection.closeCode} ${connection.closeReason}`;
    return `${event} ${connection.bytes.toString()}`;
  }
}

/** The frames that a role sends. */
const sends = (role: WebSocketRole, ...parts: FrameParts[]): Buffer =>
  Buffer.concat(parts.map(role === 'client' ? masked : frame));

const close = (code?: number, reason?: string): FrameParts => ({
  opcode: 8,
  payload: code === undefined ? '' : closing(code, reason),
});

for (const role of ['client', 'server'] as const) {
  describe(`WebSocketConnection of a ${role}`, () => {
    it('sends and receives messages and control frames', () => {
      const end = new End(role);
      end.connection.sendText('grüße');
      end.connection.sendBinary(Buffer.from('bytes'));
      end.connection.ping(Buffer.from('p'));
      end.connection.pong();
      expect(end.sent()).toEqual(
        sends(
          role,
          { opcode: 1, payload: 'grüße' },
          { opcode: 2, payload: 'bytes' },
          { opcode: 9, payload: 'p' },
          { opcode: 10 },
        ),
      );
      expect(
        end.receive({ opcode: 1, payload: 'a' }, { opcode: 2, payload: 'b' }, { opcode: 10 }),
      ).toEqual(['text a', 'binary b', 'pong ']);
      expect(end.connection.state).toBe('open');
      expect(end.connection.closeCode).toBe(1006);
    });

    it('answers the last of several pings, when all bytes are read', () => {
      const end = new End(role);
      const pings = Array.from({ length: 500 }, (_, i) => ({ opcode: 9, payload: `${i}` }));
      end.connection.receive(Buffer.concat(pings.map(role === 'client' ? frame : masked)));
      for (let i = 0; i < 500; i++) expect(end.connection.next()).toBe('ping');
      expect(end.sent()).toHaveLength(0);
      expect(end.connection.next()).toBe(undefined);
      expect(end.sent()).toEqual(sends(role, { opcode: 10, payload: '499' }));
      end.receive({ opcode: 1 });
      expect(end.sent()).toHaveLength(0);
    });

    it('answers pings when reading is paused', () => {
      const end = new End(role);
      const make = role === 'client' ? frame : masked;
      end.connection.receive(
        Buffer.concat([make({ opcode: 9, payload: 'x' }), make({ opcode: 1 })]),
      );
      expect(end.connection.next()).toBe('ping');
      end.connection.keepRest();
      expect(end.sent()).toEqual(sends(role, { opcode: 10, payload: 'x' }));
      expect(end.connection.bufferedBytes).toBeGreaterThan(0);
      expect(end.connection.next()).toBe('text');
    });

    it.each([
      [1000, 'bye'],
      [1001, ''],
      [3000, ''],
      [4999, 'é'],
      [1008, ''],
    ] as const)(
      'begins the closing handshake with %i and ends it with the answer',
      (code, reason) => {
        const end = new End(role);
        end.connection.close(code, reason);
        expect(end.sent()).toEqual(sends(role, close(code, reason)));
        expect(end.connection.state).toBe('closing');
        // The peer may finish what it is sending; no frame is sent after a close frame.
        expect(end.receive({ opcode: 1, payload: 'late' }, { opcode: 9 })).toEqual([
          'text late',
          'ping ',
        ]);
        end.connection.close();
        expect(end.receive(close(code), { opcode: 1, payload: 'x' })).toEqual([`close ${code} `]);
        expect(end.connection.state).toBe('closed');
        expect(end.sent()).toHaveLength(0);
        expect(end.receive({ opcode: 1, payload: 'x' })).toEqual([]);
      },
    );

    it.each([
      [close(1000, 'done'), 'close 1000 done', close(1000)],
      [close(1001), 'close 1001 ', close(1001)],
      [close(4000), 'close 4000 ', close(4000)],
      [close(), 'close 1005 ', close()],
    ])('answers the close frame %j with the same code', (received, event, answer) => {
      const end = new End(role);
      expect(end.receive({ opcode: 9, payload: 'dropped' }, received)).toEqual([
        'ping dropped',
        event,
      ]);
      expect(end.sent()).toEqual(sends(role, answer));
      expect(end.connection.state).toBe('closed');
      end.connection.close();
      expect(end.sent()).toHaveLength(0);
    });

    it.each([
      [{ opcode: 3 }, 1002],
      [close(1005), 1002],
      [{ opcode: 1, payload: Buffer.of(0xff) }, 1007],
      [{ opcode: 1, fin: false, payload: Buffer.of(0xff) }, 1007],
      [{ opcode: 2, payload: Buffer.alloc(11) }, 1009],
    ])('answers the violation %j with %i', (parts, code) => {
      const end = new End(role, { maxMessageBytes: 10 });
      expect(() => end.receive(parts)).toThrow(expect.objectContaining({ closeCode: code }));
      expect(end.sent()).toEqual(sends(role, close(code)));
      expect(end.connection.state).toBe('closed');
      expect(end.connection.closeCode).toBe(1006);
      expect(end.receive({ opcode: 1 })).toEqual([]);
    });

    it('answers floods with 1008', () => {
      const end = new End(role, { maxFragments: 2, maxControlFrames: 2 });
      const fragments = [{ opcode: 1, fin: false }, { opcode: 0, fin: false }, { opcode: 0 }];
      expect(() => end.receive(...fragments)).toThrow('more than 2 frames');
      expect(end.sent()).toEqual(sends(role, close(1008)));
      const other = new End(role, { maxControlFrames: 2 });
      other.receive({ opcode: 9 }, { opcode: 9 });
      other.connection.resetControlFrames();
      other.receive({ opcode: 9 }, { opcode: 9 });
      other.sent();
      expect(() => other.receive({ opcode: 10 })).toThrow('control frames');
      expect(other.sent()).toEqual(sends(role, close(1008)));
    });

    it('does not send a second close frame for a violation while closing', () => {
      const end = new End(role);
      end.connection.close();
      end.sent();
      expect(() => end.receive({ opcode: 3 })).toThrow('opcode');
      expect(end.sent()).toHaveLength(0);
    });

    it('sends nothing after the closing handshake has begun', () => {
      const ended = new End(role);
      ended.connection.connectionLost();
      expect(ended.connection.state).toBe('closed');
      const shut = new End(role);
      shut.connection.close();
      for (const { connection } of [ended, shut]) {
        for (const call of [
          () => connection.sendText('x'),
          () => connection.sendBinary(Buffer.of(1)),
          () => connection.sendFragment('x', true),
          () => connection.sendPrepared(new PreparedMessage('x')),
          () => connection.ping(),
          () => connection.pong(),
        ]) {
          expect(call).toThrow(WebSocketNotOpenError);
        }
      }
      ended.connection.close();
      expect(ended.sent()).toHaveLength(0);
      expect(ended.connection.closeCode).toBe(1006);
    });

    it('sends fragments, with control frames between them', () => {
      const end = new End(role);
      end.connection.sendFragment('a', false);
      end.connection.ping();
      end.connection.sendFragment('b', false);
      expect(() => end.connection.sendText('x')).toThrow(WebSocketFragmentError);
      expect(() => end.connection.sendBinary(Buffer.of(1))).toThrow(WebSocketFragmentError);
      expect(() => end.connection.sendFragment(Buffer.of(1), false)).toThrow(
        WebSocketFragmentError,
      );
      expect(() => end.connection.sendPrepared(new PreparedMessage('x'))).toThrow(
        WebSocketFragmentError,
      );
      end.connection.sendFragment('c', true);
      end.connection.sendFragment(Buffer.from('d'), false);
      end.connection.sendFragment(Buffer.alloc(0), true);
      end.connection.sendText('e');
      expect(end.sent()).toEqual(
        sends(
          role,
          { opcode: 1, fin: false, payload: 'a' },
          { opcode: 9 },
          { opcode: 0, fin: false, payload: 'b' },
          { opcode: 0, payload: 'c' },
          { opcode: 2, fin: false, payload: 'd' },
          { opcode: 0 },
          { opcode: 1, payload: 'e' },
        ),
      );
    });

    it('keeps characters whole that are cut in two between fragments', () => {
      const end = new End(role);
      end.connection.sendFragment('a\ud83d', false);
      end.connection.sendFragment('\ude00\ud83d', true);
      end.connection.sendFragment('b', true);
      expect(end.sent()).toEqual(
        sends(
          role,
          { opcode: 1, fin: false, payload: 'a' },
          { opcode: 0, payload: '\u{1f600}\ufffd' },
          { opcode: 1, payload: 'b' },
        ),
      );
    });

    it('checks arguments before anything is sent', () => {
      const end = new End(role);
      const { connection } = end;
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 1000.5, Number.NaN, '1000']) {
        expect(() => connection.close(code as number)).toThrow(InvalidArgumentValueError);
      }
      expect(() => connection.close(1000, 'é'.repeat(62))).toThrow(InvalidArgumentValueError);
      expect(() => connection.close(1000, 5 as never)).toThrow(InvalidArgumentTypeError);
      expect(() => connection.ping(Buffer.alloc(126))).toThrow(InvalidArgumentValueError);
      expect(() => connection.pong('x' as never)).toThrow(InvalidArgumentTypeError);
      expect(() => connection.sendText(Buffer.of(1) as never)).toThrow(InvalidArgumentTypeError);
      expect(() => connection.sendBinary('x' as never)).toThrow(InvalidArgumentTypeError);
      expect(() => connection.sendFragment(5 as never, true)).toThrow(InvalidArgumentTypeError);
      expect(() => connection.sendPrepared('x' as never)).toThrow(InvalidArgumentTypeError);
      expect(end.sent()).toHaveLength(0);
      connection.close(1000, 'r'.repeat(123));
      expect(end.sent()).toEqual(sends(role, close(1000, 'r'.repeat(123))));
    });

    it('sends prepared messages', () => {
      const text = new PreparedMessage('grüße');
      const source = Buffer.from('bytes');
      const bytes = new PreparedMessage(source);
      source.fill(0);
      const end = new End(role);
      end.connection.sendPrepared(text);
      end.connection.sendPrepared(bytes);
      expect(end.sent()).toEqual(
        sends(role, { opcode: 1, payload: 'grüße' }, { opcode: 2, payload: 'bytes' }),
      );
    });
  });
}

describe('WebSocketConnection', () => {
  it('refuses options that it does not know, and wrong ones', () => {
    const make = (options: object) => () => new WebSocketCodecs(options as WebSocketCodecOptions);
    expect(make({ role: 'server', perMessageDeflate: true })).toThrow(UnknownOptionError);
    expect(make({ role: 'client' })).toThrow('maskingKey');
    expect(make({ role: 'server', maskingKey: () => 0 })).toThrow('maskingKey');
    expect(make({ role: 'peer', maskingKey: undefined })).toThrow('role');
    expect(make({ role: 'server', maxFragments: 0 })).toThrow('maxFragments');
    expect(make({ role: 'server', compressionThreshold: 0 })).toThrow('compressionThreshold');
    expect(make({ role: 'server', compressionLevel: 10 })).toThrow('compressionLevel');
    expect(() => new PreparedMessage(5 as never)).toThrow(InvalidArgumentTypeError);
  });

  it('sends one serialization of a prepared message on all connections of a server', () => {
    const written: Uint8Array[] = [];
    const message = new PreparedMessage('x'.repeat(2000));
    const codecs = new WebSocketCodecs({ role: 'server' });
    const sink = { write: (bytes: Uint8Array): unknown => written.push(bytes) };
    for (const deflate of [undefined, undefined, NO_TAKEOVER, NO_TAKEOVER]) {
      const connection = new WebSocketConnection(codecs.codec(deflate), sink);
      expect(connection.sendPrepared(message)).toBe(written.at(-1)?.length);
    }
    expect(written).toHaveLength(4);
    expect(written[0]).toBe(written[1]);
    expect(written[2]).toBe(written[3]);
    expect(written[2]?.length).toBeLessThan(100);
  });
});

const NO_TAKEOVER: PermessageDeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

describe('compression', () => {
  it('begins at the threshold in bytes', () => {
    const end = new End('server', { deflate: NO_TAKEOVER, compressionThreshold: 100 });
    const isCompressed = (): boolean => ((end.sent()[0] as number) & 0x40) !== 0;
    end.connection.sendText('x'.repeat(99));
    expect(isCompressed()).toBe(false);
    end.connection.sendText('x'.repeat(100));
    expect(isCompressed()).toBe(true);
    end.connection.sendText('é'.repeat(49));
    expect(isCompressed()).toBe(false);
    end.connection.sendText('é'.repeat(50));
    expect(isCompressed()).toBe(true);
    end.connection.sendBinary(Buffer.alloc(99));
    expect(isCompressed()).toBe(false);
    end.connection.sendBinary(Buffer.alloc(100));
    expect(isCompressed()).toBe(true);
    end.connection.sendPrepared(new PreparedMessage(Buffer.alloc(99)));
    expect(isCompressed()).toBe(false);
    end.connection.sendPrepared(new PreparedMessage('x'.repeat(100)));
    expect(isCompressed()).toBe(true);
  });

  it('is off without parameters, and for a window of 256 bytes', () => {
    for (const deflate of [undefined, { ...NO_TAKEOVER, serverMaxWindowBits: 8 }]) {
      const end = new End('server', { deflate });
      end.connection.sendText('x'.repeat(5000));
      expect(end.sent()).toEqual(frame({ opcode: 1, payload: 'x'.repeat(5000) }));
    }
  });

  it('carries any messages between two connections of the same parameters', () => {
    const bits = fc.integer({ min: 8, max: 15 });
    const parameters = fc.record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
    });
    const text = fc
      .array(fc.constantFrom('one ', 'two ', 'drei ', 'é'), { maxLength: 300 })
      .map((w) => w.join(''));
    const message = fc.oneof(text, fc.uint8Array({ maxLength: 2000 }));
    const sends = fc.array(fc.tuple(message, fc.constantFrom('whole', 'fragment', 'prepared')), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(parameters, sends, fc.boolean(), (deflate, messages, fromClient) => {
        const shared: Options = { deflate, compressionThreshold: 50 };
        const from = new End(fromClient ? 'client' : 'server', shared);
        const to = connectionOf({
          role: fromClient ? 'server' : 'client',
          sink: () => {},
          ...(fromClient ? {} : { maskingKey: () => key }),
          ...shared,
        });
        for (const [content, how] of messages) {
          if (how === 'fragment') {
            const half = content.length >> 1;
            from.connection.sendFragment(content.slice(0, half), false);
            from.connection.sendFragment(content.slice(half), true);
          } else if (how === 'prepared') from.connection.sendPrepared(new PreparedMessage(content));
          else if (typeof content === 'string') from.connection.sendText(content);
          else from.connection.sendBinary(content);
          to.receive(from.sent());
          const event = to.next();
          expect(event === 'text' ? to.text : new Uint8Array(to.bytes)).toEqual(content);
          expect(to.next()).toBe(undefined);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('leaves compressed messages unacceptable without parameters', () => {
    expect(() => new MessageParser({ role: 'client' }).receive(Buffer.of())).not.toThrow();
    const end = new End('client');
    expect(() => end.receive({ opcode: 1, rsv: 4 })).toThrow('RSV1');
  });
});
