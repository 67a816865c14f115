/** Pull decoders as their contract uses them: options, feeding a decoder, comparing frames. */
import assert from 'node:assert/strict';

/** A reader of a byte stream: `FrameDecoder` and anything of that shape, with any kind of frame. */
export interface PullDecoder<Frame> {
  receive(chunk: Buffer): void;
  /** The next whole frame, or `undefined` if more bytes are needed. */
  next(): Frame | undefined;
  /** Returns the bytes that belong to no frame, and forgets them. */
  takeRest?(): Uint8Array;
  /** Copies unconsumed bytes out of the received chunks, which are then overwritten. */
  keepRest?(): void;
  /** Bytes received and not yet returned. */
  readonly bufferedBytes?: number;
}

type ErrorClass = abstract new (...args: never[]) => Error;

/** Bytes that the decoder must refuse. */
export interface RefusedInput<Frame> {
  readonly name: string;
  readonly wire: Uint8Array;
  /** The frames before the fault. Default: none. */
  readonly frames?: readonly Frame[];
  readonly error: ErrorClass;
}

/** Bytes that never complete a frame however often they are repeated. */
export interface UnendingInput {
  readonly bytes: Uint8Array;
  /** The decoder must have given up before it keeps more than this. */
  readonly maxBufferedBytes: number;
  readonly error: ErrorClass;
}

export interface DecoderContractOptions<Frame> {
  make(): PullDecoder<Frame>;
  /** Two frames or more, whole, with nothing behind them; short, since it is cut at every place. */
  readonly wire: Uint8Array;
  /** The frames in `wire`. Compared by `assert.deepEqual`; bytes by their values. */
  readonly frames: readonly Frame[];
  readonly refused?: readonly RefusedInput<Frame>[];
  /** Default: the limit is not checked. */
  readonly unending?: UnendingInput;
  /** The errors that may be thrown for any bytes. Default: the classes named in `refused` and `unending`. */
  readonly errors?: readonly ErrorClass[];
}

/** @internal */
export type AddCase = (name: string, body: () => void) => void;

/** Gives the decoder a chunk and takes all the frames that it completes. */
export function feed<Frame>(decoder: PullDecoder<Frame>, chunk: Buffer): Frame[] {
  return [...completed(decoder, chunk)];
}

export function* completed<Frame>(decoder: PullDecoder<Frame>, chunk: Buffer): Generator<Frame> {
  const before = decoder.bufferedBytes ?? 0;
  decoder.receive(chunk);
  yield* pulled(decoder, before + chunk.length);
}

export function drain<Frame>(decoder: PullDecoder<Frame>, bytes: number): Frame[] {
  return [...pulled(decoder, bytes)];
}

/** A decoder that gives frames for ever would hang the test: no frame is made of less than a byte. */
const SLACK_FRAMES = 4096;

function* pulled<Frame>(decoder: PullDecoder<Frame>, bytes: number): Generator<Frame> {
  let count = 0;
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
    count += 1;
    assert(count <= bytes + SLACK_FRAMES, `${bytes} bytes gave ${count} frames, and no end`);
    yield frame;
  }
}

export function assertSame(
  actual: readonly unknown[],
  expected: readonly unknown[],
  what: string,
): void {
  const [given, wanted] = [actual.map(comparable), expected.map(comparable)];
  try {
    assert.deepEqual(given, wanted);
  } catch (cause) {
    const { message } = cause as Error;
    throw new assert.AssertionError({
      message: `${what}: ${message}`,
      actual: given,
      expected: wanted,
      operator: 'assertSame',
    });
  }
}

/** Bytes as a copy that compares by value, regardless of their class. */
export function comparable(frame: unknown): unknown {
  return frame instanceof Uint8Array ? Buffer.from(frame) : frame;
}

export function sizes(chunks: readonly Buffer[]): string {
  if (chunks.length > 2) return `${chunks.length} single bytes`;
  return chunks.map(({ length }) => length).join(' + ');
}

/** A whole number from 0 to below `below`. */
export type Random = (below: number) => number;

/** The same numbers for the same seed. */
export function randomBelow(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}
