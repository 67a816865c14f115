// What the benches of framing share: contenders that decode the same chunks, and a table of how fast they were.
//
// Each round of each contender and kind of chunk is a process of its own, the contenders taking turns. A process decodes
// each workload until 0.3 s have passed, after a warm-up of 0.1 s. The figures are the median and range of the rounds, in
// MB/s of input. `view` chunks are what the native reactor gives, `plain` ones are Buffers cut from a Buffer.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FrameDecoder } from '../../../src/framing/frame-decoder.js';
import { ReceivedView } from '../../../src/reactor/native/received-view.js';
import { spreadOf } from '../../harness/statistics.js';

const KINDS = ['plain', 'view'] as const;
const WARM_UP_MS = 100;
const MEASURED_MS = 300;

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
      const name = `${size} B in ${chunkBytes}`;
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

async function measure(contender: Contender, workload: Workload, kind: string): Promise<number> {
  const chunks = chunksOf(workload, kind);
  const pass = async (): Promise<void> => {
    const { frames, payloadBytes } = await contender(chunks);
    if (frames !== workload.frames || payloadBytes !== workload.payloadBytes) {
      throw new Error(`${frames} frames, ${payloadBytes} bytes in ${workload.name}`);
    }
  };
  const passesFor = async (ms: number): Promise<number> => {
    const start = performance.now();
    let passes = 0;
    do {
      await pass();
      passes += 1;
    } while (performance.now() - start < ms);
    return ((workload.bytes.length * passes) / (performance.now() - start)) * 1e-3;
  };
  await passesFor(WARM_UP_MS);
  return passesFor(MEASURED_MS);
}

/** Runs a bench: without arguments, or with the number of rounds (default 5), prints the table. */
export async function contest(
  bench: string,
  workloads: readonly Workload[],
  contenders: Readonly<Record<string, Contender>>,
): Promise<void> {
  const [first = '5', kind] = process.argv.slice(2);
  const contender = contenders[first];
  if (contender !== undefined && kind !== undefined) {
    const speeds: number[] = [];
    for (const workload of workloads) speeds.push(await measure(contender, workload, kind));
    console.log(JSON.stringify(speeds));
    return;
  }
  report(fileURLToPath(bench), workloads, Object.keys(contenders), Number(first));
}

function report(
  bench: string,
  workloads: readonly Workload[],
  contenders: readonly string[],
  rounds: number,
): void {
  const cells = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      for (const contender of contenders) {
        const args = [...process.execArgv, bench, contender, kind];
        const speeds: number[] = JSON.parse(execFileSync(process.execPath, args).toString());
        workloads.forEach(({ name }, i) => {
          const key = `${name} ${kind} ${contender}`;
          cells.set(key, [...(cells.get(key) ?? []), speeds[i] ?? Number.NaN]);
        });
      }
    }
  }
  const row = (...columns: string[]): void => {
    console.log(
      columns
        .map((text, i) => (i === 0 ? text.padEnd(22) : text.padStart(i === 1 ? 8 : 24)))
        .join(''),
    );
  };
  console.log(`MB/s, median (range) of ${rounds} rounds, Node ${process.version}`);
  row('workload', 'chunks', ...contenders);
  for (const { name } of workloads) {
    for (const kind of KINDS) {
      const columns = contenders.map((contender) => {
        const {
          median = 0,
          min = 0,
          max = 0,
        } = spreadOf(cells.get(`${name} ${kind} ${contender}`) ?? []) ?? {};
        return `${median.toFixed(0)} (${min.toFixed(0)}-${max.toFixed(0)})`;
      });
      row(name, kind, ...columns);
    }
  }
}
