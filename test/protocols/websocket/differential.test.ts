/**
 * The parser beside the receiver of npm's `ws`, on valid, invalid and mutated frames. Each kind of disagreement is in the table
 * DISAGREEMENTS; the test fails for any other one, and for a kind that no longer occurs.
 */
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageInflater } from '../../../src/protocols/websocket/deflate.js';
import { WebSocketError } from '../../../src/protocols/websocket/errors.js';
import {
  MessageParser,
  type MessageParserOptions,
} from '../../../src/protocols/websocket/parser.js';
import type { PermessageDeflateParameters } from '../../../src/protocols/websocket/permessage-deflate.js';
import { connectionOf } from './connection-of.js';
import { closing, type FrameParts, frame, KEY, readAll, shown } from './frames.js';
import { readWithWs, sendWithWs, wsDeflate } from './ws.js';

const LIMITS = { maxMessageBytes: 300, maxFragments: 5, maxControlFrames: 1_000_000 };

/** The same programs in each run: a disagreement of a new kind must not fail a run by chance. */
const SEED = 20261129;

const NONE: PermessageDeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

interface Outcome {
  readonly events: readonly string[];
  /** The close code of the error that ended reading; undefined if there is none. */
  readonly closeCode: number | undefined;
}

/** @param problem The message of the error of this package; '' if there is none. */
type Kind = (problem: string, ours: Outcome, theirs: Outcome) => boolean;

/** This parser refuses what `ws` accepts, or refuses it earlier. */
const stricter =
  (part: string): Kind =>
  (problem, ours, theirs) =>
    problem.includes(part) && isPrefix(ours.events, theirs.events);

/** Kinds of disagreement, each with the reason to differ. */
const DISAGREEMENTS: Readonly<Record<string, Kind>> = {
  // RFC 6455 section 5.2: "the minimal number of bytes MUST be used to encode the length".
  'a length that is not in the shortest form': stricter('shortest form'),
  // Section 5.2: "the most significant bit MUST be 0"; for ws such a message is too long.
  'a length of 2^63 or more': (problem, ours, theirs) =>
    problem.includes('2^63') && theirs.closeCode === 1009 && isPrefix(ours.events, theirs.events),
  // Section 8.1 and Autobahn 6.4: text is checked as it arrives; ws checks whole messages.
  'text that is found invalid before its message ends': stricter('UTF-8'),
};

const COMPRESSED_DISAGREEMENTS: Readonly<Record<string, Kind>> = {
  ...DISAGREEMENTS,
  // ws accepts data that is cut off, or is followed by other data.
  'compressed data that does not end where the message ends': stricter('compressed message'),
  // ws decompresses fragments as they arrive; this parser decompresses whole messages.
  'compressed data that is invalid or too long before its message ends': (_problem, ours, theirs) =>
    (theirs.closeCode === 1007 || theirs.closeCode === 1009) &&
    isPrefix(theirs.events, ours.events),
};

const payload = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(125, 126, 127, 290).map((length) => Buffer.alloc(length, 'x')),
);

/** Compressed data, sometimes cut off or followed by other bytes. */
const deflated = fc
  .tuple(
    payload,
    fc.option(fc.nat(6), { freq: 3 }),
    fc.option(fc.uint8Array({ maxLength: 5 }), { freq: 3 }),
  )
  .map(([content, cut, more]) => {
    const whole = deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    return Buffer.concat([whole.subarray(0, whole.length - (cut ?? 0)), more ?? Buffer.alloc(0)]);
  });

/** A frame that is mostly valid in itself. */
function frames(key: readonly number[] | undefined, compressed: boolean): fc.Arbitrary<Buffer> {
  const data = fc.record({
    fin: fc.boolean(),
    opcode: fc.constantFrom(0, 0, 0, 1, 1, 2),
    payload,
    lengthBytes: fc.option(fc.constantFrom(2 as const, 8 as const), { nil: undefined, freq: 20 }),
  });
  const message = fc.record({
    opcode: fc.constantFrom(1, 2),
    rsv: fc.constant(4),
    payload: deflated,
    fin: fc.constantFrom(true, true, true, false),
  });
  const control = fc.record({
    opcode: fc.constantFrom(9, 10),
    payload: fc.uint8Array({ maxLength: 125 }),
  });
  const end = fc
    .tuple(fc.integer({ min: 990, max: 5001 }), fc.string({ unit: 'binary', maxLength: 10 }))
    .map(([code, reason]) => ({ opcode: 8, payload: closing(code, reason) }));
  const long = fc.record({
    opcode: fc.constantFrom(0, 1, 2),
    lengthBytes: fc.constant(8 as const),
    length: fc.constantFrom(0xffff, 0x10000, 2 ** 53, 2 ** 62, 2 ** 63),
  });
  const odd = fc.record({ opcode: fc.nat(15), rsv: fc.nat(7), fin: fc.boolean(), payload });
  return fc
    .oneof(
      { weight: 12, arbitrary: data },
      { weight: compressed ? 12 : 0, arbitrary: message },
      { weight: 4, arbitrary: control },
      { weight: 1, arbitrary: end },
      { weight: 1, arbitrary: odd },
      { weight: 1, arbitrary: long },
    )
    .map((parts) => {
      const { lengthBytes, ...rest } = parts as FrameParts;
      return frame({ key, ...rest, ...(lengthBytes === undefined ? {} : { lengthBytes }) });
    });
}

/** Frames, sometimes with a bit flipped or the end cut off. */
function wires(frameOf: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const mutation = fc.option(fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.nat(40) }), {
    freq: 2,
  });
  return fc
    .tuple(fc.array(frameOf, { minLength: 1, maxLength: 9 }), mutation)
    .map(([parts, change]) => {
      const wire = Buffer.concat(parts);
      if (change === null) return wire;
      const at = change.at % wire.length;
      wire[at] = (wire[at] as number) ^ (1 << change.bit);
      return wire.subarray(0, wire.length - (change.cut % wire.length));
    });
}

/** Reads with the parser. @returns Also the message of its error. */
function readOurs(
  wire: Buffer,
  options: MessageParserOptions,
): [outcome: Outcome, problem: string] {
  const parser = new MessageParser(options);
  const events: string[] = [];
  try {
    parser.receive(wire);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      events.push(shown(parser, event));
    }
    return [{ events, closeCode: undefined }, ''];
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    return [{ events, closeCode: error.closeCode }, error.message];
  }
}

function outcomeOfWs(events: readonly string[]): Outcome {
  const last = events.at(-1);
  if (last === undefined || !last.startsWith('error ')) return { events, closeCode: undefined };
  return { events: events.slice(0, -1), closeCode: Number(last.slice('error '.length)) };
}

function isPrefix(events: readonly string[], of: readonly string[]): boolean {
  return events.every((event, i) => of[i] === event);
}

function agree(ours: Outcome, theirs: Outcome): boolean {
  const sameEvents =
    ours.events.length === theirs.events.length && isPrefix(ours.events, theirs.events);
  return sameEvents && ours.closeCode === theirs.closeCode;
}

/** Reads all wires with both, and returns the kinds of disagreement that occurred. */
async function compare(
  role: 'client' | 'server',
  compressed: boolean,
  kinds: Readonly<Record<string, Kind>>,
): Promise<string[]> {
  const key = role === 'server' ? KEY : undefined;
  const found = new Set<string>();
  const each = async (wire: Buffer): Promise<void> => {
    const decompressor = new MessageInflater(false);
    const deflate = compressed ? wsDeflate(NONE, role === 'server') : undefined;
    const limits = { role, ...LIMITS, ...(compressed ? { decompressor } : {}) };
    const [ours, problem] = readOurs(wire, limits);
    const theirs = outcomeOfWs(
      await readWithWs([wire], {
        isServer: role === 'server',
        maxPayload: LIMITS.maxMessageBytes,
        maxFragments: LIMITS.maxFragments,
        ...(deflate === undefined ? {} : { deflate }),
      }),
    );
    deflate?.cleanup();
    if (agree(ours, theirs)) return;
    const kind = Object.keys(kinds).find((name) => kinds[name]?.(problem, ours, theirs));
    if (kind === undefined) {
      throw new Error(`${wire.toString('hex')}: ${JSON.stringify({ ours, problem, theirs })}`);
    }
    found.add(kind);
  };
  await fc.assert(fc.asyncProperty(wires(frames(key, compressed)), each), {
    seed: SEED,
    numRuns: compressed ? 1500 : 3000,
  });
  return [...found].sort();
}

describe('the parser and that of ws', () => {
  it.each(['client', 'server'] as const)('of a %s disagree only in known ways', async (role) => {
    expect(await compare(role, false, DISAGREEMENTS)).toEqual(Object.keys(DISAGREEMENTS).sort());
  });

  it.each(['client', 'server'] as const)(
    'of a %s disagree only in known ways about compressed messages',
    async (role) => {
      expect(await compare(role, true, COMPRESSED_DISAGREEMENTS)).toEqual(
        Object.keys(COMPRESSED_DISAGREEMENTS).sort(),
      );
    },
  );
});

const content = fc.oneof(
  fc
    .array(fc.constantFrom('one ', 'two ', 'grüße ', 'x'), { maxLength: 60 })
    .map((words) => words.join('')),
  fc.uint8Array({ maxLength: 300 }),
);

const parameters = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: fc.integer({ min: 9, max: 15 }),
  clientMaxWindowBits: fc.integer({ min: 9, max: 15 }),
});

const shownMessage = (message: string | Uint8Array): string =>
  typeof message === 'string'
    ? `text ${JSON.stringify(message)}`
    : `binary ${Buffer.from(message).toString('hex')}`;

describe('messages', () => {
  const cases = [fc.array(content, { maxLength: 6 }), fc.option(parameters), fc.boolean()] as const;

  it('of a connection are read by ws', async () => {
    await fc.assert(
      fc.asyncProperty(...cases, async (messages, deflate, fromClient) => {
        const sent: Buffer[] = [];
        const connection = connectionOf({
          role: fromClient ? 'client' : 'server',
          sink: (bytes) => sent.push(Buffer.from(bytes)),
          ...(fromClient ? { maskingKey: () => 0x12345678 } : {}),
          ...(deflate === null ? {} : { deflate }),
          compressionThreshold: 20,
        });
        for (const message of messages) {
          if (typeof message === 'string') connection.sendText(message);
          else connection.sendBinary(message);
        }
        connection.close(4000, 'end');
        const theirs = deflate === null ? undefined : wsDeflate(deflate, fromClient);
        const events = await readWithWs([Buffer.concat(sent)], {
          isServer: fromClient,
          ...(theirs === undefined ? {} : { deflate: theirs }),
        });
        theirs?.cleanup();
        expect(events).toEqual([...messages.map(shownMessage), 'close 4000 "end"']);
      }),
    );
  });

  it('of ws are read by the parser', async () => {
    await fc.assert(
      fc.asyncProperty(...cases, async (messages, deflate, fromClient) => {
        const theirs = deflate === null ? undefined : wsDeflate(deflate, !fromClient);
        const wire = await sendWithWs(theirs, async (sender) => {
          for (const message of messages) {
            const binary = typeof message !== 'string';
            const options = { binary, compress: theirs !== undefined, fin: true, mask: fromClient };
            const data = binary ? Buffer.from(message) : message;
            await new Promise<void>((done) => sender.send(data, options, done));
          }
          await new Promise<void>((done) => sender.ping('p', fromClient, done));
          await new Promise<void>((done) => sender.close(4000, 'end', fromClient, done));
        });
        theirs?.cleanup();
        const takeover = fromClient
          ? deflate?.clientNoContextTakeover === false
          : deflate?.serverNoContextTakeover === false;
        const events = readAll([wire], {
          role: fromClient ? 'server' : 'client',
          ...(deflate === null ? {} : { decompressor: new MessageInflater(takeover) }),
        });
        expect(events).toEqual([...messages.map(shownMessage), 'ping 70', 'close 4000 "end"']);
      }),
    );
  });
});
