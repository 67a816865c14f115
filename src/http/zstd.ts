/** Zstandard of node:zlib, which Node 20 does not have: the types of Node 20 omit it too. */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

interface ZstdOptions {
  readonly params?: Readonly<Record<number, number>>;
  readonly chunkSize?: number;
}

/** The part of node:zlib from 22.15 and 23.8 on. */
interface Zstd {
  createZstdCompress(options: ZstdOptions): Transform;
  createZstdDecompress(options: ZstdOptions): zlib.Gunzip;
  zstdCompress(
    bytes: Uint8Array,
    options: ZstdOptions,
    done: (error: Error | null, compressed: Buffer) => void,
  ): void;
  readonly constants: Readonly<
    Record<'ZSTD_e_flush' | 'ZSTD_c_windowLog' | 'ZSTD_d_windowLogMax', number>
  >;
}

const {
  createZstdCompress: create,
  createZstdDecompress: createDecompress,
  zstdCompress: compressWhole,
  constants,
} = zlib as unknown as Zstd;

/** The argument of `flush`. */
export const ZSTD_FLUSH: number = constants.ZSTD_e_flush;

/** Only for a Node that has it: `HAS_ZSTD`. */
export function createZstdCompress(windowLog: number): Transform {
  return create({ params: { [constants.ZSTD_c_windowLog]: windowLog } });
}

/** Only for a Node that has it: `HAS_ZSTD`. */
export function zstdCompress(bytes: Uint8Array, windowLog: number): Promise<Buffer> {
  const params = { [constants.ZSTD_c_windowLog]: windowLog };
  return new Promise((resolve, reject) => {
    compressWhole(bytes, { params }, (error, compressed) => {
      if (error === null) resolve(compressed);
      else reject(error);
    });
  });
}

/** Only for a Node that has it: `HAS_ZSTD`. A body that needs a larger window is refused. */
export function createZstdDecompress(windowLogMax: number): zlib.Gunzip {
  return createDecompress({ params: { [constants.ZSTD_d_windowLogMax]: windowLogMax } });
}
