import { describe, expect, it, onTestFinished } from 'vitest';
import { CONNECTION_DONE, ConnectionAborted } from '../../src/core/errors/connection.js';
import { LineTooLongError } from '../../src/framing/errors.js';
import type { LineDecoderOptions } from '../../src/framing/line-decoder.js';
import { LineOnlyReceiver } from '../../src/framing/line-only-receiver.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { everySplit } from '../../src/testing/every-split.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../src/testing/logged-errors.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

/** What a line or raw bytes make the protocol do; the text is the line. */
type Commands = Record<string, (protocol: Lines) => void>;

/** Writes down what it is told. */
class Lines extends LineReceiver {
  readonly told: string[] = [];
  readonly commands: Commands;
  reason: Error | undefined = undefined;

  constructor(options?: LineDecoderOptions, commands: Commands = {}) {
    super(options);
    this.commands = commands;
  }

  override lineReceived(line: Buffer): void {
    const text = line.toString();
    this.told.push(text);
    this.commands[text]?.(this);
  }

  override rawDataReceived(data: Buffer): void {
    this.told.push(`raw ${data}`);
    this.commands[`raw ${data}`]?.(this);
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

function connected(commands?: Commands, options?: LineDecoderOptions): [Lines, MemoryTransport] {
  const transport = new MemoryTransport();
  return [transport.connect(new Lines(options, commands)), transport];
}

function capture(): LoggedErrorCapture {
  const errors = captureLoggedErrors();
  onTestFinished(() => {
    const left = errors.flush();
    errors[Symbol.dispose]();
    expect(left).toEqual([]);
  });
  return errors;
}

function join(raw: readonly string[]): string {
  return raw.map((text) => text.replace('raw ', '')).join('');
}

describe('LineReceiver', () => {
  it('delivers lines, however they are cut', () => {
    for (const chunks of everySplit(Buffer.from('one\r\n\ntwo\nthr'))) {
      const [protocol, transport] = connected();
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.told).toEqual(['one', '', 'two']);
      expect(protocol.clearLineBuffer().toString()).toBe('thr');
      transport.receive('three\n');
      expect(protocol.told.at(-1)).toBe('three');
    }
  });

  it('reads the bytes after a line as raw bytes, and then lines again', () => {
    const wire = 'one\r\nraw 5\r\n12\n45two\r\nthree\r\n';
    for (const chunks of everySplit(Buffer.from(wire))) {
      let wanted = 5;
      const bodies: string[] = [];
      const lines: string[] = [];
      class Bodies extends LineReceiver {
        override lineReceived(line: Buffer): void {
          lines.push(line.toString());
          if (line.toString() === 'raw 5') this.setRawMode();
        }
        override rawDataReceived(data: Buffer): void {
          bodies.push(data.subarray(0, wanted).toString());
          const extra = data.subarray(wanted);
          wanted -= Math.min(wanted, data.length);
          if (wanted === 0) this.setLineMode(extra);
        }
      }
      const transport = new MemoryTransport();
      transport.connect(new Bodies());
      for (const chunk of chunks) transport.receive(chunk);
      expect(lines).toEqual(['one', 'raw 5', 'two', 'three']);
      expect(bodies.join('')).toBe('12\n45');
    }
  });

  it('stays in raw mode until setLineMode', () => {
    const [protocol, transport] = connected({ go: (it) => it.setRawMode() });
    transport.receive('go\none\n');
    transport.receive('two\n');
    expect(protocol.told).toEqual(['go', 'raw one\n', 'raw two\n']);
    protocol.setLineMode();
    transport.receive('three\n');
    expect(protocol.told.at(-1)).toBe('three');
  });

  it('delivers an unfinished line as raw bytes if the mode changes outside a callback', () => {
    const [protocol, transport] = connected();
    transport.receive('on');
    protocol.setRawMode();
    expect(protocol.told).toEqual([]);
    transport.receive('e\n');
    expect(join(protocol.told)).toBe('one\n');
  });

  it('delivers the lines of extra bytes immediately outside a callback, before buffered ones', () => {
    const [protocol, transport] = connected();
    protocol.setRawMode();
    transport.receive('raw');
    protocol.setLineMode(Buffer.from('one\ntw'));
    expect(protocol.told).toEqual(['raw raw', 'one']);
    protocol.setRawMode();
    protocol.setLineMode(Buffer.from('two\n'));
    expect(protocol.told).toEqual(['raw raw', 'one', 'two']);
    transport.receive('o\n');
    expect(protocol.told.at(-1)).toBe('two');
  });

  it('reads extra bytes before buffered lines', () => {
    const [protocol, transport] = connected({
      one: (it) => it.setLineMode(Buffer.from('extra\nex')),
    });
    transport.receive('one\ntwo\n');
    expect(protocol.told).toEqual(['one', 'extra', 'extwo']);
  });

  it('withholds lines and raw bytes while it is paused', () => {
    const [protocol, transport] = connected({
      one: (it) => it.pauseProducing(),
      two: (it) => {
        it.setRawMode();
        it.pauseProducing();
      },
    });
    transport.receive('one\ntwo\nthree\n');
    expect(protocol.told).toEqual(['one']);
    expect(transport.paused).toBe(true);
    transport.receive('four\n');
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one', 'two']);
    expect(transport.paused).toBe(true);
    protocol.resumeProducing();
    expect(transport.paused).toBe(false);
    transport.settle();
    expect(join(protocol.told.slice(2))).toBe('three\nfour\n');
  });

  it('continues in the same loop if it is resumed inside a callback', () => {
    let depth = 0;
    const [protocol, transport] = connected();
    protocol.lineReceived = (line: Buffer): void => {
      depth += 1;
      expect(depth).toBe(1);
      protocol.told.push(line.toString());
      protocol.pauseProducing();
      protocol.resumeProducing();
      depth -= 1;
    };
    transport.receive('one\ntwo\nthree\n');
    expect(protocol.told).toEqual(['one', 'two', 'three']);
    expect(transport.paused).toBe(false);
  });

  it('delivers thousands of lines of one chunk, each resumed by the one before it', () => {
    const [protocol, transport] = connected();
    protocol.lineReceived = (line: Buffer): void => {
      protocol.told.push(line.toString());
      protocol.pauseProducing();
      protocol.resumeProducing();
    };
    transport.receive('x\n'.repeat(30_000));
    expect(protocol.told).toHaveLength(30_000);
  });

  it('keeps data that a transport delivers while it is paused', () => {
    const [protocol] = connected();
    protocol.pauseProducing();
    protocol.dataReceived(Buffer.from('one\nt'));
    protocol.dataReceived(Buffer.from('wo\n'));
    expect(protocol.told).toEqual([]);
    expect(protocol.clearLineBuffer().toString()).toBe('one\ntwo\n');
    protocol.resumeProducing();
    expect(protocol.told).toEqual([]);
  });

  it.each(['loseConnection', 'abortConnection'] as const)('delivers nothing after %s', (method) => {
    const [protocol, transport] = connected({ two: (it) => it.transport[method]() });
    transport.receive('one\ntwo\nthree\n');
    transport.settle();
    expect(protocol.told).toEqual(['one', 'two']);
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one', 'two']);
    expect(protocol.reason).toEqual(
      method === 'loseConnection' ? CONNECTION_DONE : new ConnectionAborted(),
    );
  });

  it('delivers no raw bytes after loseConnection was called', () => {
    const [protocol, transport] = connected({
      raw: (it) => {
        it.setRawMode();
        it.transport.loseConnection();
      },
    });
    transport.receive('raw\nbytes');
    transport.settle();
    expect(protocol.told).toEqual(['raw']);
  });

  it('delivers no buffered lines once the connection is gone', () => {
    const [protocol, transport] = connected({ one: (it) => it.pauseProducing() });
    transport.receive('one\ntwo\n');
    transport.peerResets();
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one']);
  });

  it('closes the connection when it is stopped, and delivers nothing more', () => {
    const [protocol, transport] = connected({ one: (it) => it.stopProducing() });
    transport.receive('one\ntwo\n');
    transport.settle();
    expect(protocol.told).toEqual(['one']);
    expect(protocol.reason).toBe(CONNECTION_DONE);
  });

  it('ends the connection with the error that a callback throws', () => {
    const errors = capture();
    const failure = new Error('boom');
    const [protocol, transport] = connected({
      two: () => {
        throw failure;
      },
    });
    transport.receive('one\ntwo\nthree\n');
    transport.settle();
    expect(protocol.told).toEqual(['one', 'two']);
    expect(protocol.reason).toBe(failure);
    expect(errors.flush()).toEqual([{ error: failure, where: 'dataReceived' }]);
  });

  it.each([
    ['resumeProducing', (it: Lines) => it.resumeProducing()],
    ['setLineMode', (it: Lines) => it.setLineMode(Buffer.from('two\n'))],
  ])(
    'aborts the connection where a callback throws within %s, and its caller goes on',
    (_, act) => {
      const errors = capture();
      const failure = new Error('boom');
      const [protocol, transport] = connected({
        one: (it) => it.pauseProducing(),
        two: () => {
          throw failure;
        },
      });
      if (_ === 'resumeProducing') transport.receive('one\ntwo\nthree\n');
      act(protocol);
      transport.settle();
      expect(protocol.told.at(-1)).toBe('two');
      expect(protocol.reason).toBeInstanceOf(ConnectionAborted);
      expect(errors.flush()).toEqual([{ error: failure, where: 'a receiver that was resumed' }]);
    },
  );

  it('ends the connection if raw bytes arrive without rawDataReceived', () => {
    const errors = capture();
    class LinesOnly extends LineReceiver {
      override lineReceived(): void {
        this.setRawMode();
      }
    }
    const transport = new MemoryTransport();
    transport.connect(new LinesOnly());
    transport.receive('go\nraw');
    transport.settle();
    expect(transport.connected).toBe(false);
    expect(errors.flush('ERR_UNSUPPORTED')).toHaveLength(1);
  });

  it('ends the connection with LineTooLongError after a line too long', () => {
    const [protocol, transport] = connected({}, { maxLength: 5 });
    transport.receive('12345\r\n123456\r\nnext\r\n');
    transport.settle();
    expect(protocol.told).toEqual(['12345']);
    expect(protocol.reason).toEqual(new LineTooLongError(5));
  });

  it('lets an override answer a long line and continue with later data', () => {
    const rests: string[] = [];
    class Patient extends Lines {
      override lineLengthExceeded(rest: Buffer, error: LineTooLongError): void {
        rests.push(rest.toString());
        this.sendLine(`at most ${error.limit}`);
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Patient({ maxLength: 5 }));
    transport.receive('one\n123456\ntwo\n');
    transport.receive('three\n1234567');
    transport.receive('four\n');
    expect(protocol.told).toEqual(['one', 'three', 'four']);
    expect(rests).toEqual(['123456\ntwo\n', '1234567']);
    expect(transport.text).toBe('at most 5\r\nat most 5\r\n');
    expect(transport.connected).toBe(true);
  });

  it.each([
    [{}, 'one\r\n'],
    [{ ending: 'crlf' }, 'one\r\n'],
    [{ ending: 'lf' }, 'one\n'],
    [{ delimiter: '|' }, 'one|'],
    [{ delimiter: Buffer.from('<>') }, 'one<>'],
  ] as const)('sends and receives lines with %j', (options: LineDecoderOptions, wire) => {
    const [protocol, transport] = connected({}, options);
    protocol.sendLine('one');
    protocol.sendLine(Buffer.from('one'));
    expect(transport.text).toBe(wire + wire);
    transport.receive(wire);
    expect(protocol.told).toEqual(['one']);
  });

  it('sends text as UTF-8, and refuses values that are neither text nor bytes', () => {
    const [protocol, transport] = connected();
    protocol.sendLine('é');
    expect(transport.text).toBe('é\r\n');
    expect(() => protocol.sendLine(5 as unknown as string)).toThrow(TypeError);
    expect(transport.text).toBe('é\r\n');
  });

  it('refuses impossible options', () => {
    expect(() => new Lines({ maxLength: 0 })).toThrow(RangeError);
    expect(() => new Lines({ ending: 'lf', delimiter: '|' })).toThrow(RangeError);
  });
});

describe('LineOnlyReceiver', () => {
  class OnlyLines extends LineOnlyReceiver {
    readonly told: string[] = [];
    reason: Error | undefined = undefined;

    override lineReceived(line: Buffer): void {
      this.told.push(line.toString());
    }

    override connectionLost(reason: Error): void {
      this.reason = reason;
    }
  }

  it('delivers lines, however they are cut, and sends them', () => {
    for (const chunks of everySplit(Buffer.from('one\r\n\ntwo\nthr'))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new OnlyLines());
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.told).toEqual(['one', '', 'two']);
      protocol.sendLine('sent');
      protocol.sendLine(Buffer.from('too'));
      expect(transport.text).toBe('sent\r\ntoo\r\n');
    }
  });

  it('takes the options of LineReceiver', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new OnlyLines({ delimiter: '|' }));
    transport.receive('one|two|');
    protocol.sendLine('three');
    expect(protocol.told).toEqual(['one', 'two']);
    expect(transport.text).toBe('three|');
  });

  it('ends the connection with LineTooLongError after a line too long', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new OnlyLines({ maxLength: 5 }));
    transport.receive('one\n123456\n');
    transport.settle();
    expect(protocol.told).toEqual(['one']);
    expect(protocol.reason).toEqual(new LineTooLongError(5));
  });

  it('calls an override once for a long line, with all received bytes', () => {
    const rests: string[] = [];
    class Patient extends OnlyLines {
      override lineLengthExceeded(rest: Buffer): void {
        rests.push(rest.toString());
        this.transport.write('too long');
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Patient({ maxLength: 5 }));
    transport.receive('one\n123456\ntwo\n');
    transport.receive('three\n');
    protocol.resumeProducing();
    expect(protocol.told).toEqual(['one']);
    expect(rests).toEqual(['123456\ntwo\n']);
  });
});
