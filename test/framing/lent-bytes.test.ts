/**
 * Receivers are lent their bytes: memory transports overwrite them when `dataReceived` returns. Whatever is delivered later must
 * have been copied by then, and what is given is the application's.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { LentBytesTransferredError } from '../../src/core/errors/connection.js';
import { DelimiterDecoder } from '../../src/framing/delimiter-decoder.js';
import type { LineTooLongError } from '../../src/framing/errors.js';
import { FixedLengthDecoder } from '../../src/framing/fixed-length-decoder.js';
import type { FrameDecoder } from '../../src/framing/frame-decoder.js';
import { FrameReceiver } from '../../src/framing/frame-receiver.js';
import { LengthFieldDecoder } from '../../src/framing/length-field-decoder.js';
import { LengthPrefixDecoder } from '../../src/framing/length-prefix.js';
import { LineDecoder } from '../../src/framing/line-decoder.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { NetstringDecoder } from '../../src/framing/netstring.js';
import { type BlockState, StatefulProtocol } from '../../src/framing/stateful-protocol.js';
import { POISON_BYTE } from '../../src/internal/lent-bytes.js';
import { everySplit } from '../../src/testing/every-split.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../src/testing/logged-errors.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

/** Everybody's memory: what `Buffer.from` gives a few bytes of. */
const POOL = Buffer.from('pool').buffer;

/** Keeps the Buffers that it is told of. */
class Frames extends FrameReceiver {
  readonly frames: Buffer[] = [];
  onFrame: (frame: Buffer) => void = () => {};
  reason: Error | undefined = undefined;

  override frameReceived(frame: Buffer): void {
    this.frames.push(frame);
    this.onFrame(frame);
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

class LentFrames extends Frames {
  override readonly acceptsLentFrames = true;
}

class Lines extends LineReceiver {
  readonly lines: Buffer[] = [];
  readonly raw: Buffer[] = [];
  rest: Buffer | undefined = undefined;
  commands: Record<string, (data: Buffer) => void> = {};
  onRaw: (data: Buffer) => void = () => {};

  override lineReceived(line: Buffer): void {
    this.lines.push(line);
    this.commands[line.toString()]?.(line);
  }

  override rawDataReceived(data: Buffer): void {
    this.raw.push(data);
    this.onRaw(data);
  }

  override lineLengthExceeded(rest: Buffer, _error: LineTooLongError): void {
    this.rest = rest;
    this.transport.loseConnection();
  }
}

class LentLines extends Lines {
  override readonly acceptsLentFrames = true;
}

const texts = (buffers: readonly Buffer[]): string[] => buffers.map(String);
const isPoison = (bytes: Buffer): boolean => bytes.every((byte) => byte === POISON_BYTE);

function expectOwn(frame: Buffer): void {
  expect(frame.buffer).not.toBe(POOL);
  expect(frame.buffer.byteLength).toBeLessThanOrEqual(2 * Math.max(frame.length, 1));
}

function capture(): LoggedErrorCapture {
  const errors = captureLoggedErrors();
  onTestFinished(() => errors[Symbol.dispose]());
  return errors;
}

const DECODERS: readonly [
  name: string,
  make: () => FrameDecoder,
  wire: string,
  frames: string[],
][] = [
  ['LineDecoder', () => new LineDecoder(), 'one\r\n\r\nthree\r\n', ['one', '', 'three']],
  ['DelimiterDecoder', () => new DelimiterDecoder('--'), 'one--two--', ['one', 'two']],
  ['FixedLengthDecoder', () => new FixedLengthDecoder(3), 'onetwo', ['one', 'two']],
  ['LengthPrefixDecoder', () => new LengthPrefixDecoder(8), '\x03one\0\x02xy', ['one', '', 'xy']],
  [
    'LengthFieldDecoder',
    () => new LengthFieldDecoder({ lengthFieldLength: 1, initialBytesToStrip: 1 }),
    '\x03one\x02xy',
    ['one', 'xy'],
  ],
  ['NetstringDecoder', () => new NetstringDecoder(), '3:one,0:,2:xy,', ['one', '', 'xy']],
];

describe.each(DECODERS)('a FrameReceiver over %s', (_name, make, wire, frames) => {
  it('receives lent bytes and delivers frames with memory of their own, however the bytes are split', () => {
    for (const chunks of everySplit(Buffer.from(wire))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Frames(make()));
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.acceptsLentBytes).toBe(true);
      expect(texts(protocol.frames)).toEqual(frames);
      const memories = new Set(protocol.frames.map(({ buffer }) => buffer));
      expect(memories.size).toBe(frames.length);
    }
  });

  it('keeps frames that wait while it is paused', () => {
    for (const chunks of everySplit(Buffer.from(wire))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Frames(make()));
      protocol.onFrame = () => protocol.pauseProducing();
      for (const chunk of chunks) transport.receive(chunk);
      while (protocol.frames.length < frames.length) {
        expect(transport.paused).toBe(true);
        protocol.resumeProducing();
        transport.settle();
      }
      expect(texts(protocol.frames)).toEqual(frames);
    }
  });

  it('delivers lent frames on request, which are valid during the callback only', () => {
    for (const chunks of everySplit(Buffer.from(wire))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new LentFrames(make()));
      const read: string[] = [];
      protocol.onFrame = (frame) => void read.push(frame.toString());
      for (const chunk of chunks) transport.receive(chunk);
      expect(read).toEqual(frames);
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new LentFrames(make()));
    transport.receive(wire);
    expect(protocol.frames.every(isPoison)).toBe(true);
  });
});

describe('a frame that is given', () => {
  it.each([1, 64, 65, 1000, 60_000, 200_000])('of %i bytes has memory of its own', (length) => {
    const data = Buffer.alloc(length, 'frame ');
    for (const chunkBytes of [length + 4, 1 + (length >> 1), 1448, 65_536]) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(
        new Frames(new LengthPrefixDecoder(32, { maxLength: 1e6 })),
      );
      const wire = Buffer.alloc(4 + length);
      wire.writeUInt32BE(length);
      data.copy(wire, 4);
      const stream = Buffer.concat([wire, wire, wire]);
      for (let at = 0; at < stream.length; at += chunkBytes) {
        transport.receive(stream.subarray(at, at + chunkBytes));
      }
      expect(protocol.frames).toHaveLength(3);
      for (const frame of protocol.frames) expect(frame.equals(data)).toBe(true);
      for (const frame of protocol.frames) expectOwn(frame);
    }
  });

  it('can be transferred while others wait', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames(new LineDecoder()));
    const read: string[] = [];
    protocol.onFrame = (frame) => {
      read.push(frame.toString());
      const { buffer } = frame;
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      expect(frame.length).toBe(0);
    };
    transport.receive('one\ntwo\nthr');
    transport.receive('ee\nfour\n');
    expect(read).toEqual(['one', 'two', 'three', 'four']);
    expect(Buffer.from('pool').toString()).toBe('pool');
  });
});

describe('lent frames that are transferred', () => {
  const transfer = (bytes: Buffer): void => {
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
  };
  const PARTS: readonly (readonly string[])[] = [
    ['one\ntwo\n'],
    ['on', 'e\ntwo\n'],
    ['one\nt', 'wo\n'],
  ];

  it.each(PARTS)('end the connection with an error: %j %j', (...parts) => {
    for (const make of [
      (): Frames => Object.assign(new LentFrames(new LineDecoder()), { onFrame: transfer }),
      (): Lines & { reason?: Error } =>
        Object.assign(new LentLines({ ending: 'lf' }), { commands: { one: transfer } }),
    ]) {
      const errors = capture();
      const transport = new MemoryTransport();
      const protocol = make();
      let reason: Error | undefined;
      protocol.connectionLost = (why) => {
        reason = why;
      };
      transport.connect(protocol);
      for (const part of parts) transport.receive(part);
      transport.settle();
      expect(reason).toBeInstanceOf(LentBytesTransferredError);
      expect(errors.flush().map(({ error }) => error)).toEqual([reason]);
    }
  });

  it('end the connection when more arrives, if they shared the memory of an unfinished frame', () => {
    const errors = capture();
    const transport = new MemoryTransport();
    const protocol = transport.connect(new LentFrames(new LineDecoder()));
    protocol.onFrame = () => protocol.pauseProducing();
    transport.receive('on');
    transport.receive('e\ntwo\nth');
    protocol.resumeProducing();
    protocol.onFrame = () => {};
    transfer(protocol.frames[1] as Buffer);
    transport.receive('ree\n');
    transport.settle();
    protocol.resumeProducing();
    transport.settle();
    expect(errors.flush()).toMatchObject([{ error: { code: 'ERR_LENT_BYTES_TRANSFERRED' } }]);
    expect(protocol.reason).toBeDefined();
  });
});

describe('a FrameReceiver', () => {
  it('keeps the bytes behind a callback that throws, and the rest for frameError', () => {
    const errors = capture();
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames(new LineDecoder()));
    protocol.onFrame = () => {
      throw new Error('no');
    };
    transport.receive('one\ntwo\nrest');
    transport.settle();
    expect(errors.flush()).toHaveLength(1);
    protocol.keepRest();
    expect(texts(protocol.frames)).toEqual(['one']);
  });

  it('hands frameError a rest of its own', () => {
    class Refusing extends Frames {
      rest: Buffer | undefined = undefined;
      override frameError(_error: unknown, rest: Buffer): void {
        this.rest = rest;
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Refusing(new NetstringDecoder()));
    transport.receive('1:a,nonsense');
    expect(protocol.rest?.toString()).toBe('nonsense');
    expectOwn(protocol.rest as Buffer);
  });

  it('copies lent bytes that are received from inside a callback', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames(new LineDecoder()));
    protocol.onFrame = (frame) => {
      if (frame.toString() !== 'one') return;
      const lent = Buffer.from('inner\nunfin');
      protocol.dataReceived(lent);
      lent.fill(POISON_BYTE);
    };
    transport.receive('one\n');
    transport.receive('ished\n');
    expect(texts(protocol.frames)).toEqual(['one', 'inner', 'unfinished']);
  });

  it('receives given bytes if its decoder cannot keep lent ones', () => {
    const inner = new LineDecoder();
    const decoder: FrameDecoder = {
      receive: (chunk) => inner.receive(chunk),
      next: () => inner.next(),
      takeRest: () => inner.takeRest(),
      get bufferedBytes() {
        return inner.bufferedBytes;
      },
    };
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames(decoder));
    protocol.onFrame = () => protocol.pauseProducing();
    transport.receive('one\ntwo\n');
    protocol.resumeProducing();
    expect(protocol.acceptsLentBytes).toBe(false);
    expect(texts(protocol.frames)).toEqual(['one', 'two']);
    for (const frame of protocol.frames) expectOwn(frame);
  });
});

describe('a LineReceiver', () => {
  it('gives lines and raw bytes of their own through changes of mode', () => {
    const wire = 'first\nraw\n0123456789after\nlast\n';
    for (const chunks of everySplit(Buffer.from(wire))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Lines());
      let left = 10;
      protocol.commands = { raw: () => protocol.setRawMode() };
      protocol.onRaw = (data) => {
        if (data.length >= left) protocol.setLineMode(data.subarray(left));
        left -= data.length;
      };
      for (const chunk of chunks) transport.receive(chunk);
      expect(texts(protocol.lines)).toEqual(['first', 'raw', 'after', 'last']);
      expect(Buffer.concat(protocol.raw).toString().slice(0, 10)).toBe('0123456789');
      for (const line of protocol.lines) expectOwn(line);
    }
  });

  it('lends lines and raw bytes on request, through changes of mode', () => {
    const wire = 'first\nraw\n0123456789after\nlast\nunfinished';
    for (const chunks of everySplit(Buffer.from(wire))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new LentLines());
      const read: string[] = [];
      let left = 10;
      const note = (line: Buffer): void => void read.push(line.toString());
      protocol.commands = {
        first: note,
        after: note,
        last: note,
        raw: () => protocol.setRawMode(),
      };
      protocol.onRaw = (data) => {
        if (data.length >= left) protocol.setLineMode(data.subarray(left));
        left -= data.length;
      };
      for (const chunk of chunks) transport.receive(chunk);
      expect(read).toEqual(['first', 'after', 'last']);
      expect(protocol.clearLineBuffer().toString()).toBe('unfinished');
    }
  });

  it('keeps raw bytes and lines that wait while it is paused', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Lines());
    protocol.commands = {
      raw: () => {
        protocol.setRawMode();
        protocol.pauseProducing();
      },
    };
    transport.receive('raw\nbytes\nthat wait');
    protocol.onRaw = (data) => {
      protocol.setLineMode(data.subarray(6));
      protocol.pauseProducing();
    };
    protocol.resumeProducing();
    protocol.onRaw = () => {};
    protocol.resumeProducing();
    transport.settle();
    transport.receive('\n');
    expect(texts(protocol.raw)).toEqual(['bytes\nthat wait']);
    expect(texts(protocol.lines)).toEqual(['raw', 'that wait']);
  });

  it('copies what setLineMode is given outside of callbacks', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Lines());
    protocol.setRawMode();
    const extra = Buffer.from('line\nunfin');
    protocol.setLineMode(extra);
    extra.fill(POISON_BYTE);
    transport.receive('ished\n');
    expect(texts(protocol.lines)).toEqual(['line', 'unfinished']);
  });

  it('hands lineLengthExceeded and clearLineBuffer bytes of their own', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Lines({ maxLength: 5 }));
    transport.receive('one\nhal');
    const buffer = protocol.clearLineBuffer();
    transport.receive('much too long\nmore');
    expect([buffer.toString(), protocol.rest?.toString()]).toEqual(['hal', 'much too long\nmore']);
    expectOwn(buffer);
    expectOwn(protocol.rest as Buffer);
  });

  it('keeps the unread bytes of a connection that it closes', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Lines());
    protocol.commands = { quit: () => transport.loseConnection() };
    transport.receive('quit\nleft\nover');
    expect(protocol.clearLineBuffer().toString()).toBe('left\nover');
  });
});

describe('a StatefulProtocol', () => {
  it('gives blocks of their own, those of 0 bytes too', () => {
    class Blocks extends StatefulProtocol {
      readonly blocks: Buffer[] = [];
      override getInitialState(): BlockState {
        return [this.length, 1];
      }
      length(block: Buffer): BlockState {
        return [this.body, block[0] as number];
      }
      body(block: Buffer): BlockState {
        this.blocks.push(block);
        return [this.length, 1];
      }
    }
    for (const chunks of everySplit(Buffer.from('\x03one\0\0\x02xy'))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Blocks());
      for (const chunk of chunks) transport.receive(chunk);
      expect(texts(protocol.blocks)).toEqual(['one', '', '', 'xy']);
      expect(new Set(protocol.blocks.map(({ buffer }) => buffer)).size).toBe(4);
    }
  });
});

it.each(DECODERS)('%s copies its buffered bytes on keepRest', (_name, make, wire, frames) => {
  for (const chunks of everySplit(Buffer.from(wire))) {
    const decoder = make();
    for (const chunk of chunks) {
      const lent = Buffer.from(chunk);
      decoder.receive(lent);
      decoder.keepRest?.();
      lent.fill(POISON_BYTE);
    }
    const read: string[] = [];
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      read.push(frame.toString());
      expect(frame.buffer).not.toBe(POOL);
    }
    expect(read).toEqual(frames);
  }
});

describe('a frame error', () => {
  const faulty = (): FrameDecoder =>
    new LengthFieldDecoder({ lengthFieldLength: 1, initialBytesToStrip: 1, maxFrameLength: 4 });
  const bytes = Buffer.from('\x02ab\x09rest of it');

  it('has a lent rest if frames are lent', () => {
    class Faulted extends LentFrames {
      seen = '';
      rest: Buffer | undefined = undefined;

      override frameError(_error: unknown, rest: Buffer): void {
        this.seen = rest.toString();
        this.rest = rest;
      }
    }
    const protocol = new MemoryTransport().connect(new Faulted(faulty()));
    (protocol.transport as MemoryTransport).receive(bytes);
    expect(protocol.seen).toBe('\x09rest of it');
    expect([...new Set(protocol.rest)]).toEqual([POISON_BYTE]);
  });
});

describe('a decoder that has no nextGiven', () => {
  /** Two bytes a frame, by the least that a decoder must have. */
  class Pairs implements FrameDecoder {
    #waiting: Buffer = Buffer.alloc(0);

    get bufferedBytes(): number {
      return this.#waiting.length;
    }

    receive(chunk: Buffer): void {
      this.#waiting = Buffer.concat([this.#waiting, chunk]);
    }

    next(): Buffer | undefined {
      if (this.#waiting.length < 2) return undefined;
      const frame = this.#waiting.subarray(0, 2);
      this.#waiting = this.#waiting.subarray(2);
      return frame;
    }

    takeRest(): Buffer {
      return this.#waiting;
    }
  }

  it('gets its frames copied', () => {
    const protocol = new MemoryTransport().connect(new Frames(new Pairs()));
    const transport = protocol.transport as MemoryTransport;
    transport.receive('abc');
    transport.receive('d');
    expect(protocol.frames.map(String)).toEqual(['ab', 'cd']);
    for (const frame of protocol.frames) expect(frame.buffer.byteLength).toBe(2);
  });
});
