/** What holds of every decoder, and the few lines that all of their tests need. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../src/core/errors/base.js';
import type { FrameDecoder } from '../../src/framing/frame-decoder.js';

/** All the frames that there are now. */
export function drain(decoder: FrameDecoder): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(frame);
  return frames;
}

/** Feeds chunk after chunk, draining after each. */
export function decode(decoder: FrameDecoder, chunks: Iterable<Buffer>): Buffer[] {
  const frames: Buffer[] = [];
  for (const chunk of chunks) {
    decoder.receive(chunk);
    frames.push(...drain(decoder));
  }
  return frames;
}

/** The same, as Latin-1. */
export function decodeText(decoder: FrameDecoder, chunks: Iterable<Buffer>): string[] {
  return decode(decoder, chunks).map((frame) => frame.toString('latin1'));
}

/** What `run` throws. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Cuts bytes in chunks of the sizes given, over and over. */
export function* chunksOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    yield Buffer.from(bytes.subarray(at, at + size));
    at += size;
  }
}

export interface DecoderKind {
  /** A decoder with a limit of 40 bytes a frame. */
  readonly make: () => FrameDecoder;
  /** The only bytes that decode to `frame`. */
  readonly encode: (frame: Buffer) => Buffer;
  /** Frames that can be sent. */
  readonly frame: fc.Arbitrary<Buffer>;
  /** Bytes that garbage is mostly made of. */
  readonly alphabet: string;
}

/** Up to 40 bytes, without those of `except`. */
export function frameOf(except = ''): fc.Arbitrary<Buffer> {
  return fc
    .array(
      fc
        .integer({ min: 0, max: 255 })
        .filter((byte) => !except.includes(String.fromCharCode(byte))),
      { maxLength: 40 },
    )
    .map((bytes) => Buffer.from(bytes));
}

const SIZES = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 12 });

/** Describes what holds of a decoder whatever its frames look like. */
export function describeDecoder({ make, encode, frame, alphabet }: DecoderKind): void {
  const frames = fc.array(frame, { maxLength: 12 });
  const byte = fc.integer({ min: 0, max: 255 });
  const telling = fc.constantFrom(...Buffer.from(alphabet, 'latin1'));
  const garbage = fc
    .oneof(
      fc.array(byte, { maxLength: 300 }),
      fc.array(fc.oneof(byte, telling), { maxLength: 300 }),
      fc.array(telling, { maxLength: 100 }),
    )
    .map((bytes) => Buffer.from(bytes));

  describe('as every decoder', () => {
    it('gives the frames that were sent, however they are cut', () => {
      fc.assert(
        fc.property(frames, SIZES, (sent, sizes) => {
          const wire = Buffer.concat(sent.map(encode));
          expect(decode(make(), chunksOf(wire, sizes))).toEqual(sent);
        }),
      );
    });

    it('returns them also if it is drained only occasionally', () => {
      fc.assert(
        fc.property(frames, SIZES, fc.array(fc.nat(3), { minLength: 1 }), (sent, sizes, asks) => {
          const decoder = make();
          const got: (Buffer | undefined)[] = [];
          let step = 0;
          for (const chunk of chunksOf(Buffer.concat(sent.map(encode)), sizes)) {
            decoder.receive(chunk);
            for (let ask = asks[step++ % asks.length] ?? 0; ask > 0; ask--)
              got.push(decoder.next());
          }
          got.push(...drain(decoder));
          expect(got.filter((one) => one !== undefined)).toEqual(sent);
        }),
      );
    });

    it('hands over exactly the bytes not returned yet, at any point', () => {
      fc.assert(
        fc.property(frames, SIZES, fc.nat(12), fc.nat(20), (sent, sizes, asks, most) => {
          const decoder = make();
          const fed = [...chunksOf(Buffer.concat(sent.map(encode)), sizes)].slice(0, most);
          const got: Buffer[] = [];
          for (const chunk of fed) {
            decoder.receive(chunk);
            for (let ask = 0; ask < asks; ask++) {
              const one = decoder.next();
              if (one !== undefined) got.push(one);
            }
          }
          const { bufferedBytes } = decoder;
          const rest = decoder.takeRest();
          expect(Buffer.concat([...got.map(encode), rest])).toEqual(Buffer.concat(fed));
          expect(bufferedBytes).toBe(rest.length);
          expect(decoder.bufferedBytes).toBe(0);
          expect(decoder.next()).toBeUndefined();
          expect(decode(make(), [encode(Buffer.from('x'))])).toEqual(
            decode(decoder, [encode(Buffer.from('x'))]),
          );
        }),
      );
    });

    it('answers garbage only with its own errors, and fails for good', () => {
      fc.assert(
        fc.property(garbage, SIZES, (bytes, sizes) => {
          const decoder = make();
          try {
            decode(decoder, chunksOf(bytes, sizes));
          } catch (error) {
            expect(error).toBeInstanceOf(RemoteProtocolError);
            expect(thrownBy(() => decoder.next())).toBe(error);
            expect(thrownBy(() => decoder.receive(encode(Buffer.from('x'))))).toBe(error);
            decoder.takeRest();
            expect(decoder.bufferedBytes).toBe(0);
            expect(thrownBy(() => decoder.next())).toBe(error);
          }
        }),
      );
    });

    it('gives the same result for garbage, however it is split', () => {
      const outcome = (chunks: Iterable<Buffer>): unknown => {
        const decoder = make();
        const got: Buffer[] = [];
        try {
          for (const chunk of chunks) {
            decoder.receive(chunk);
            for (let one = decoder.next(); one !== undefined; one = decoder.next()) got.push(one);
          }
          return { got };
        } catch (error) {
          return { got, message: (error as Error).message };
        }
      };
      fc.assert(
        fc.property(garbage, SIZES, (bytes, sizes) => {
          expect(outcome(chunksOf(bytes, sizes))).toEqual(outcome([bytes]));
        }),
      );
    });

    it('refuses chunks that are not Buffers', () => {
      const decoder = make();
      for (const chunk of ['text', new Uint8Array(3), undefined, null]) {
        expect(() => decoder.receive(chunk as Buffer)).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
        );
      }
      expect(decoder.bufferedBytes).toBe(0);
    });
  });
}
