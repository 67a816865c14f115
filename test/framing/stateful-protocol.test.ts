import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { FrameTooLongError } from '../../src/framing/errors.js';
import { type BlockState, StatefulProtocol } from '../../src/framing/stateful-protocol.js';
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

/** A length in one byte and a body; a body `*` asks for numbers in two bytes from then on. */
class Messages extends StatefulProtocol {
  readonly told: string[] = [];
  reason: Error | undefined = undefined;

  override getInitialState(): BlockState {
    return [this.headerReceived, 1];
  }

  headerReceived(header: Buffer): BlockState {
    return [this.bodyReceived, header[0] as number];
  }

  bodyReceived(body: Buffer): BlockState {
    this.told.push(body.toString());
    if (body.toString() === 'pause') this.pauseProducing();
    if (body.toString() === 'close') this.transport.loseConnection();
    return body.toString() === '*' ? [this.numberReceived, 2] : [this.headerReceived, 1];
  }

  numberReceived(number: Buffer): undefined {
    this.told.push(`number ${number.readUInt16BE()}`);
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

/** One that begins in a given state. */
class Beginning extends Messages {
  readonly #initial: unknown;

  constructor(initial: unknown, maxBlockBytes = 100) {
    super({ maxBlockBytes });
    this.#initial = initial;
  }

  override getInitialState(): BlockState {
    return this.#initial as BlockState;
  }
}

describe('StatefulProtocol', () => {
  it('passes each state the bytes it requests, however they are split', () => {
    for (const chunks of everySplit(Buffer.from('\x03one\0\x01*\0\x01\0\x02\0'))) {
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Messages());
      for (const chunk of chunks) transport.receive(chunk);
      expect(protocol.told).toEqual(['one', '', '*', 'number 1', 'number 2']);
    }
  });

  it('holds blocks back while it is paused, and gives none after closing', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Messages());
    transport.receive('\x05pause\x03one\x05close\x03two');
    expect(protocol.told).toEqual(['pause']);
    protocol.resumeProducing();
    transport.settle();
    expect(protocol.told).toEqual(['pause', 'one', 'close']);
  });

  it('asks for the first state when it is connected, after connectionMade', () => {
    const order: string[] = [];
    class Ordered extends Messages {
      override connectionMade(): void {
        order.push('connectionMade');
      }
      override getInitialState(): BlockState {
        order.push('getInitialState');
        return super.getInitialState();
      }
    }
    new MemoryTransport().connect(new Ordered());
    expect(order).toEqual(['connectionMade', 'getInitialState']);
  });

  it('calls a state that asks for no bytes at once, the first one too', () => {
    const told: number[] = [];
    const second: BlockState = [
      (block) => {
        told.push(block.length);
        return undefined;
      },
      2,
    ];
    const first: BlockState = [
      (block) => {
        told.push(block.length);
        return second;
      },
      0,
    ];
    const transport = new MemoryTransport();
    transport.connect(new Beginning(first));
    expect(told).toEqual([0]);
    transport.receive('abcd');
    expect(told).toEqual([0, 2, 2]);
  });

  it('gives no empty block after closing', () => {
    class Closing extends Messages {
      override headerReceived(): BlockState {
        this.transport.loseConnection();
        return [this.bodyReceived, 0];
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Closing());
    transport.receive('\0');
    expect(protocol.told).toEqual([]);
  });

  it('does not continue forever if no state requests bytes', () => {
    const errors = capture();
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Beginning([() => undefined, 0]));
    transport.settle();
    expect(protocol.reason).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(errors.flush('ERR_INVALID_ARG_VALUE')).toHaveLength(1);
  });

  it('ends the connection if more than maxBlockBytes are announced', () => {
    class Limited extends Messages {
      constructor() {
        super({ maxBlockBytes: 5 });
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Limited());
    transport.receive('\x05fives');
    transport.receive('\x06');
    transport.settle();
    expect(protocol.told).toEqual(['fives']);
    expect(protocol.reason).toEqual(new FrameTooLongError(5, 6, 'maxBlockBytes'));
  });

  it('allows 1 MiB by default', () => {
    for (const [bytes, connected] of [
      [1024 * 1024, true],
      [1024 * 1024 + 1, false],
    ] as const) {
      class Asking extends Messages {
        override getInitialState(): BlockState {
          return [() => undefined, bytes];
        }
      }
      const transport = new MemoryTransport();
      transport.connect(new Asking());
      transport.settle();
      expect(transport.connected).toBe(connected);
    }
  });

  const nothing = (): undefined => undefined;

  it.each<[unknown, string]>([
    [[nothing, -1], 'ERR_INVALID_ARG_VALUE'],
    [[nothing, 1.5], 'ERR_INVALID_ARG_VALUE'],
    [[nothing, '1'], 'ERR_INVALID_ARG_TYPE'],
    [[(): unknown => [nothing], 0], 'ERR_INVALID_ARG_TYPE'],
    [[(): unknown => 5, 0], 'ERR_INVALID_ARG_TYPE'],
    [[(): unknown => ['x', 1], 0], 'ERR_INVALID_ARG_TYPE'],
  ])('ends the connection over a state that is none: %#', (state, code) => {
    const errors = capture();
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Beginning(state));
    transport.settle();
    expect(protocol.reason).toMatchObject({ code });
    expect(errors.flush(code)).toHaveLength(1);
  });

  it('has a type for the result of a state', () => {
    expectTypeOf<[(block: Buffer) => undefined, 1]>().toExtend<BlockState>();
    expectTypeOf<[(block: Buffer) => BlockState, number]>().toExtend<BlockState>();
    expectTypeOf<[(block: string) => undefined, number]>().not.toExtend<BlockState>();
    expectTypeOf<[(block: Buffer) => number, number]>().not.toExtend<BlockState>();
  });

  it('refuses impossible limits', () => {
    expect(() => new Beginning([nothing, 1], 0)).toThrow(RangeError);
    expect(() => new Beginning([nothing, 1], 2 ** 31)).toThrow(RangeError);
  });
});
