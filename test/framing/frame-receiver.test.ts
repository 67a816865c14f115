import { describe, expect, it, onTestFinished } from 'vitest';
import type { RemoteProtocolError } from '../../src/core/errors/base.js';
import { CONNECTION_DONE, ConnectionAborted } from '../../src/core/errors/connection.js';
import {
  FrameTooLongError,
  InvalidFrameLengthError,
  InvalidNetstringError,
  StringTooLongError,
} from '../../src/framing/errors.js';
import type { FrameDecoder } from '../../src/framing/frame-decoder.js';
import { FrameReceiver } from '../../src/framing/frame-receiver.js';
import {
  Int8StringReceiver,
  Int16StringReceiver,
  Int32StringReceiver,
} from '../../src/framing/int-string-receivers.js';
import { LengthFieldDecoder } from '../../src/framing/length-field-decoder.js';
import type { LengthPrefixDecoderOptions } from '../../src/framing/length-prefix.js';
import { NetstringReceiver } from '../../src/framing/netstring-receiver.js';
import { everySplit } from '../../src/testing/every-split.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../src/testing/logged-errors.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

function capture(): LoggedErrorCapture {
  const errors = captureLoggedErrors();
  onTestFinished(() => {
    const left = errors.flush();
    errors[Symbol.dispose]();
    expect(left).toEqual([]);
  });
  return errors;
}

class Frames extends FrameReceiver {
  readonly told: string[] = [];
  onFrame: (text: string) => void = () => {};
  reason: Error | undefined = undefined;

  constructor(
    decoder: FrameDecoder = new LengthFieldDecoder({
      lengthFieldLength: 1,
      initialBytesToStrip: 1,
      maxFrameLength: 10,
    }),
  ) {
    super(decoder);
  }

  override frameReceived(frame: Buffer): void {
    this.told.push(frame.toString());
    this.onFrame(frame.toString());
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

const ONE_TWO_THREE = '\x03one\x03two\x05three';

describe('FrameReceiver', () => {
  it('delivers frames, however they are cut', () => {
    for (const chunks of everySplit(Buffer.from(ONE_TWO_THREE))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Frames());
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.told).toEqual(['one', 'two', 'three']);
    }
  });

  it('withholds frames while it is paused', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames());
    protocol.onFrame = (text) => {
      if (text !== 'three') protocol.pauseProducing();
    };
    transport.receive(ONE_TWO_THREE);
    expect(protocol.told).toEqual(['one']);
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one', 'two']);
    expect(transport.paused).toBe(true);
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one', 'two', 'three']);
    expect(transport.paused).toBe(false);
  });

  it('delivers nothing after loseConnection was called', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames());
    protocol.onFrame = () => protocol.stopProducing();
    transport.receive(ONE_TWO_THREE);
    transport.settle();
    expect(protocol.told).toEqual(['one']);
    expect(protocol.reason).toBe(CONNECTION_DONE);
  });

  it('ends the connection with the error that a callback throws', () => {
    const errors = capture();
    const failure = new Error('boom');
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames());
    protocol.onFrame = () => {
      throw failure;
    };
    transport.receive(ONE_TWO_THREE);
    transport.settle();
    expect(protocol.reason).toBe(failure);
    expect(errors.flush()).toHaveLength(1);
  });

  it('ends the connection with the error of its decoder', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames());
    transport.receive('\x03one\xff');
    transport.settle();
    expect(protocol.told).toEqual(['one']);
    expect(protocol.reason).toBeInstanceOf(FrameTooLongError);
  });

  it('aborts the connection if the fault is found after resuming', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Frames());
    protocol.onFrame = () => protocol.pauseProducing();
    transport.receive('\x03one\xff');
    protocol.resumeProducing();
    transport.settle();
    expect(protocol.reason).toBeInstanceOf(ConnectionAborted);
  });

  it('calls an override once for the fault, with the bytes, and drops later data', () => {
    const faults: [RemoteProtocolError, string][] = [];
    class Patient extends Frames {
      override frameError(error: RemoteProtocolError, rest: Buffer): void {
        faults.push([error, rest.toString('latin1')]);
        this.transport.write('sorry');
        this.transport.loseConnection();
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Patient());
    transport.receive(Buffer.from('\x03one\xffabc', 'latin1'));
    protocol.dataReceived(Buffer.from('\x03two'));
    protocol.resumeProducing();
    transport.settle();
    expect(faults).toEqual([[new FrameTooLongError(10, 256, 'maxFrameLength'), '\xffabc']]);
    expect(protocol.told).toEqual(['one']);
    expect(transport.text).toBe('sorry');
    expect(protocol.reason).toBe(CONNECTION_DONE);
  });

  it('delivers nothing after a fault that an override ignores', () => {
    class Indifferent extends Frames {
      override frameError(): void {}
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Indifferent());
    transport.receive('\x03one\xff');
    transport.receive('\x03two');
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one']);
    expect(transport.connected).toBe(true);
  });

  it('does not blame the peer for other errors of a decoder', () => {
    const errors = capture();
    const failure = new Error('a decoder with a fault');
    const broken: FrameDecoder = {
      bufferedBytes: 0,
      receive() {},
      next() {
        throw failure;
      },
      takeRest: () => Buffer.alloc(0),
    };
    class Patient extends Frames {
      override frameError(): void {
        throw new Error('not for this one');
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Patient(broken));
    transport.receive('x');
    transport.settle();
    expect(protocol.reason).toBe(failure);
    expect(errors.flush()).toHaveLength(1);
  });
});

/** Adds the callbacks of strings to one of the receivers. */
interface StringsReceived {
  readonly told: string[];
  readonly announced: number[];
}

class Int8 extends Int8StringReceiver implements StringsReceived {
  readonly told: string[] = [];
  readonly announced: number[] = [];
  override stringReceived(string: Buffer): void {
    this.told.push(string.toString());
  }
}

class Int16 extends Int16StringReceiver implements StringsReceived {
  readonly told: string[] = [];
  readonly announced: number[] = [];
  override stringReceived(string: Buffer): void {
    this.told.push(string.toString());
  }
}

class Int32 extends Int32StringReceiver implements StringsReceived {
  readonly told: string[] = [];
  readonly announced: number[] = [];
  override stringReceived(string: Buffer): void {
    this.told.push(string.toString());
  }
}

type IntReceiver = new (options?: LengthPrefixDecoderOptions) => Int8 | Int16 | Int32;

describe.each<[string, IntReceiver, string, string]>([
  ['Int8StringReceiver', Int8, '03', '02'],
  ['Int16StringReceiver', Int16, '0003', '0002'],
  ['Int32StringReceiver', Int32, '00000003', '00000002'],
])('%s', (_name, Receiver, three, two) => {
  const wire = Buffer.from(`${three}6f6e65${two}c3a9`, 'hex');

  it('receives strings, however they are cut', () => {
    for (const chunks of everySplit(wire)) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Receiver());
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.told).toEqual(['one', 'é']);
    }
  });

  it('sends strings and bytes', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Receiver());
    protocol.sendString(Buffer.from('one'));
    protocol.sendString('é');
    expect(transport.written).toEqual(wire);
    expect(() => protocol.sendString(1 as unknown as string)).toThrow(TypeError);
    expect(transport.written).toEqual(wire);
  });

  it('sends and receives little-endian', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Receiver({ littleEndian: true }));
    protocol.sendString('one');
    expect(transport.written[0]).toBe(3);
    transport.receive(transport.written);
    expect(protocol.told).toEqual(['one']);
  });

  it('ends the connection if a longer string is announced', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Receiver({ maxLength: 2 }));
    let reason: Error | undefined;
    protocol.connectionLost = (why: Error): void => {
      reason = why;
    };
    transport.receive(wire);
    transport.settle();
    expect(protocol.told).toEqual([]);
    expect(reason).toEqual(new FrameTooLongError(2, 3));
  });

  it('passes the announced length to an override', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Receiver({ maxLength: 2, signed: true }));
    protocol.lengthLimitExceeded = (length: number): void => {
      protocol.announced.push(length);
    };
    transport.receive(wire);
    transport.receive(wire);
    expect(protocol.announced).toEqual([3]);
    expect(protocol.told).toEqual([]);
  });
});

describe('the int receivers', () => {
  it('refuse to send strings too long for their prefix', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Int8());
    protocol.sendString('x'.repeat(255));
    transport.clear();
    expect(() => protocol.sendString('x'.repeat(256))).toThrow(new StringTooLongError(255, 256));
    expect(() => new MemoryTransport().connect(new Int16()).sendString('é'.repeat(32_768))).toThrow(
      new StringTooLongError(65_535, 65_536),
    );
    expect(transport.written).toHaveLength(0);
    expect(transport.connected).toBe(true);
  });

  it('report negative lengths as announced', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Int8({ signed: true }));
    const told: [number, Error][] = [];
    protocol.lengthLimitExceeded = (length, error): void => {
      told.push([length, error]);
    };
    transport.receive(Buffer.of(0xfe));
    expect(told).toEqual([[-2, expect.any(InvalidFrameLengthError)]]);
  });
});

describe('NetstringReceiver', () => {
  class Netstrings extends NetstringReceiver {
    readonly told: string[] = [];
    reason: Error | undefined = undefined;

    override stringReceived(string: Buffer): void {
      this.told.push(string.toString());
    }

    override connectionLost(reason: Error): void {
      this.reason = reason;
    }
  }

  it('receives strings, however they are cut', () => {
    for (const chunks of everySplit(Buffer.from('3:one,0:,2:é,'))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Netstrings());
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.told).toEqual(['one', '', 'é']);
    }
  });

  it('sends strings and bytes', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Netstrings());
    protocol.sendString('é');
    protocol.sendString(Buffer.alloc(0));
    expect(transport.text).toBe('2:é,0:,');
    expect(() => protocol.sendString(1 as unknown as string)).toThrow(TypeError);
    expect(transport.text).toBe('2:é,0:,');
  });

  it.each([
    ['4:', FrameTooLongError],
    ['x', InvalidNetstringError],
  ])('ends the connection after %j', (wire, ErrorClass) => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Netstrings({ maxLength: 3 }));
    transport.receive(`3:one,${wire}`);
    transport.settle();
    expect(protocol.told).toEqual(['one']);
    expect(protocol.reason).toBeInstanceOf(ErrorClass);
  });
});
