/** What the receivers of length-prefixed strings have beyond FrameReceiver: `recvd` and `maxLength`. */
import { describe, expect, it } from 'vitest';
import { Protocol } from '../../src/core/protocol.js';
import { IntNStringReceiver } from '../../src/framing/int-string-receivers.js';
import { encodeLengthPrefixed, type PrefixBits } from '../../src/framing/length-prefix.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

type Action = 'read' | 'empty' | 'replace' | 'limit';

/** Does something at the string `one`, and keeps a log as the programs did whose output is below. */
class Acting extends IntNStringReceiver {
  readonly log: string[] = [];
  readonly #bits: PrefixBits;
  readonly #action: Action | undefined;

  constructor(bits: PrefixBits, action?: Action) {
    super(bits);
    this.#bits = bits;
    this.#action = action;
  }

  override stringReceived(string: Buffer): void {
    this.log.push(`string ${string}`);
    if (string.toString() !== 'one') return;
    if (this.#action === 'limit') this.maxLength = 3;
    if (this.#action === 'read' || this.#action === 'empty') this.#logRest();
    if (this.#action === 'empty') this.recvd = Buffer.alloc(0);
    if (this.#action === 'replace') {
      this.recvd = Buffer.concat([encodeLengthPrefixed('other', this.#bits), this.recvd]);
    }
  }

  override lengthLimitExceeded(length: number): void {
    this.log.push(`limit ${length} ${this.recvd.toString('hex')}`);
    this.transport.loseConnection();
  }

  #logRest(): void {
    this.log.push(`recvd ${this.recvd.toString('hex')}`);
  }
}

/** The prefixes of the wire's four strings, `one`, `two`, `three` and `six`. */
const PREFIXES = { 8: ['03', '05'], 16: ['0003', '0005'], 32: ['00000003', '00000005'] } as const;

/** What Twisted 22.4 logs, with `prefix` in the place of those above. */
function expected(bits: PrefixBits, action: Action, whole: boolean): string[] {
  const [three, five] = PREFIXES[bits];
  const rest = `${three}74776f${five}7468726565${three}736978`;
  const all = ['string one', 'string two', 'string three', 'string six'];
  const recvd = `recvd ${whole ? rest : ''}`;
  if (action === 'read') return ['string one', recvd, ...all.slice(1), 'left '];
  if (action === 'empty') {
    return whole ? ['string one', recvd, 'left '] : ['string one', recvd, ...all.slice(1), 'left '];
  }
  if (action === 'replace') return ['string one', 'string other', ...all.slice(1), 'left '];
  const refused = whole ? `${five}7468726565${three}736978` : five;
  return ['string one', 'string two', `limit 5 ${refused}`, `left ${refused}`];
}

const PROGRAMS = ([8, 16, 32] as const).flatMap((bits) =>
  (['read', 'empty', 'replace', 'limit'] as const).flatMap((action) =>
    [true, false].map((whole) => ({ bits, action, whole })),
  ),
);

describe('IntNStringReceiver', () => {
  it.each(PROGRAMS)(
    'does what Twisted does: $bits bits, $action, in one piece: $whole',
    ({ bits, action, whole }) => {
      const wire = Buffer.concat(
        ['one', 'two', 'three', 'six'].map((text) => encodeLengthPrefixed(text, bits)),
      );
      const transport = new MemoryTransport();
      const protocol = transport.connect(new Acting(bits, action));
      const chunks = whole ? [wire] : [...wire].map((byte) => Buffer.of(byte));
      for (const chunk of chunks) transport.receive(chunk);
      protocol.log.push(`left ${protocol.recvd.toString('hex')}`);
      expect(protocol.log).toEqual(expected(bits, action, whole));
    },
  );

  it('switches to another protocol in the middle of a stream', () => {
    class Raw extends Protocol {
      readonly got: string[] = [];
      override dataReceived(data: Buffer): void {
        this.got.push(data.toString());
      }
    }
    class Switching extends Acting {
      readonly next = new Raw();
      #switched = false;

      override stringReceived(string: Buffer): void {
        super.stringReceived(string);
        if (string.toString() !== 'raw') return;
        this.#switched = true;
        const rest = this.recvd;
        this.recvd = Buffer.alloc(0);
        this.next.makeConnection(this.transport);
        this.next.dataReceived(rest);
      }

      override dataReceived(data: Buffer): void {
        if (this.#switched) this.next.dataReceived(Buffer.from(data));
        else super.dataReceived(data);
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Switching(8));
    transport.receive('\x01a\x03raw\x05no string');
    transport.receive(' either');
    expect(protocol.log).toEqual(['string a', 'string raw']);
    expect(protocol.next.got).toEqual(['\x05no string', ' either']);
  });

  it('shows an unfinished string with its prefix, in memory of the caller', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Acting(8));
    transport.receive('\x03on');
    expect(protocol.recvd.toString()).toBe('\x03on');
    protocol.recvd.fill(0);
    transport.receive('e');
    expect(protocol.log).toEqual(['string one']);
  });

  it('immediately delivers data assigned between two callbacks', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Acting(8));
    transport.receive('\x03on');
    protocol.recvd = Buffer.from('\x02hi\x01');
    expect(protocol.log).toEqual(['string hi']);
    transport.receive('x');
    expect(protocol.log).toEqual(['string hi', 'string x']);
    expect(() => {
      protocol.recvd = 'text' as never;
    }).toThrow(TypeError);
  });

  it('delivers nothing that is assigned after the limit was exceeded', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Acting(8));
    protocol.maxLength = 1;
    transport.receive('\x02');
    protocol.recvd = Buffer.from('\x01x');
    expect(protocol.recvd.toString()).toBe('\x01x');
    expect(protocol.log).toEqual(['limit 2 02']);
  });

  it('delivers nothing that takes the place of frames after an error', () => {
    class Replacing extends Acting {
      override frameError(): void {
        this.replaceUnprocessed(Buffer.from('\x01x'));
      }
    }
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Replacing(8));
    protocol.maxLength = 1;
    transport.receive('\x02');
    expect(protocol.log).toEqual([]);
  });

  it('withholds assigned data while it is paused', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Acting(8));
    protocol.pauseProducing();
    protocol.recvd = Buffer.from('\x01x');
    expect(protocol.log).toEqual([]);
    protocol.resumeProducing();
    expect(protocol.log).toEqual(['string x']);
  });

  it('applies a new limit to a string that is still arriving', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Acting(8));
    expect(protocol.maxLength).toBe(99_999);
    transport.receive('\x03on');
    protocol.maxLength = 2;
    transport.receive('e');
    expect(protocol.log).toEqual(['limit 3 036f6e65']);
    for (const limit of [0, 1.5, '7']) {
      expect(() => {
        protocol.maxLength = limit as never;
      }).toThrow();
    }
  });

  it('sends strings longer than it accepts', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Acting(8));
    protocol.maxLength = 1;
    protocol.sendString('long');
    expect(transport.text).toBe('\x04long');
  });
});
