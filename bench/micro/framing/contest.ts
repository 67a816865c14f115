// What the benches of framing share: contenders that decode the same chunks, until the time is over; MB/s of input.

import type { FrameDecoder } from '../../../src/framing/frame-decoder.js';
import { ReceivedView } from '../../../src/reactor/native/received-view.js';
import type { Effort, Figures, MicroCase } from '../../harness/micro/bench.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

/** For the workload's sentences. */
export const CHUNK_KINDS: string =
  '`view` chunks are like those of the native reactor, `plain` ones are Buffers cut from a Buffer.';

const KINDS = ['plain', 'view'] as const;

export interface Workload {
  readonly name: string;
  readonly bytes: Buffer;
  readonly chunkBytes: number;
  /** What decoding must give: the number of frames and of bytes in them. */
  readonly frames: number;
  readonly payloadBytes: number;
}

/** What a contender found. */
export interface Decoded {
  readonly frames: number;
  readonly payloadBytes: number;
}

export type Contender = (chunks: readonly Buffer[]) => Decoded | Promise<Decoded>;

/** 4 MiB of payload in frames of 64 bytes and of 4 KiB, each in chunks of 64 KiB and of a TCP segment. */
export function workloadsOf(encode: (payload: Buffer) => Buffer): Workload[] {
  const payloadBytes = 1 << 22;
  return [64, 4096].flatMap((size) => {
    const frame = encode(Buffer.alloc(size, 'payload '));
    const frames = payloadBytes / size;
    const bytes = Buffer.alloc(frames * frame.length, frame);
    return [65_536, 1448].map((chunkBytes) => {
      const name = `${size.toLocaleString('en')} B in chunks of ${chunkBytes.toLocaleString('en')} B`;
      return { name, bytes, chunkBytes, frames, payloadBytes };
    });
  });
}

/** What every decoder of this package has to do. */
export function decodeAll(decoder: FrameDecoder, chunks: readonly Buffer[]): Decoded {
  let frames = 0;
  let payloadBytes = 0;
  for (const chunk of chunks) {
    decoder.receive(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      frames += 1;
      payloadBytes += frame.length;
    }
  }
  return { frames, payloadBytes };
}

/**
 * What people write by hand: what is left over of a chunk is joined with the next. `take` adds to `found` the frames that are
 * whole in `bytes`, and gives where the rest begins.
 */
export function bufferLoop(
  take: (bytes: Buffer, found: { frames: number; payloadBytes: number }) => number,
): Contender {
  return (chunks) => {
    const found = { frames: 0, payloadBytes: 0 };
    let rest: Buffer = Buffer.alloc(0);
    for (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      rest = bytes.subarray(take(bytes, found));
    }
    return found;
  };
}

/** Cuts the bytes, all in one slab, as received ones are. */
function chunksOf({ bytes, chunkBytes }: Workload, kind: string): Buffer[] {
  const memory = new ArrayBuffer(bytes.length);
  const all = Buffer.from(memory);
  bytes.copy(all);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const length = Math.min(chunkBytes, bytes.length - at);
    const view = kind === 'view';
    chunks.push(view ? new ReceivedView(memory, at, length) : all.subarray(at, at + length));
  }
  return chunks;
}

/** A case for each kind of chunk, with a figure for each workload. */
export function casesOf(
  workloads: readonly Workload[],
  reference: string,
  contenders: Readonly<Record<string, Contender>>,
): MicroCase[] {
  return KINDS.map((kind) => ({
    name: kind,
    reference,
    contenders: Object.fromEntries(
      Object.entries(contenders).map(([name, contender]) => [
        name,
        (effort) => measure(contender, workloads, kind, effort),
      ]),
    ),
  }));
}

async function measure(
  contender: Contender,
  workloads: readonly Workload[],
  kind: string,
  effort: Effort,
): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const workload of workloads) {
    const chunks = chunksOf(workload, kind);
    const check = ({ frames, payloadBytes }: Decoded): void => {
      expectSame(`frames of ${workload.name}`, frames, workload.frames);
      expectSame(`bytes of ${workload.name}`, payloadBytes, workload.payloadBytes);
    };
    const nsPerByte = await nsPerOperation(
      effort,
      workload.bytes.length,
      () => contender(chunks),
      check,
    );
    figures[workload.name] = 1_000 / nsPerByte;
  }
  return figures;
}
