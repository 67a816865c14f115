/** Compresses the content of a response while it is written, in threads of libuv. */
import { Deferred } from '../defer/deferred.js';
import type { ContentCoding } from './accept-encoding.js';
import { type Compressor, makeCompressor } from './compressor.js';

/** Receives compressed content. */
export interface CompressedContent {
  /** @returns Whether the client keeps up. */
  compressed(data: Buffer): boolean;
  /** Fires when everything written was sent; fails if the client is gone. */
  taken(): Deferred<void>;
  /** Everything was passed on. */
  compressionEnded(): void;
  compressionFailed(error: Error): void;
}

/**
 * Passes compressed content on, no faster than the client takes it. When everything that was written is compressed, it is flushed, so
 * that the client can decompress all of it: a handler that waits before it writes more delays nothing.
 */
export class ContentCompressor {
  private readonly compressor: Compressor;
  private waiting: Deferred<void>[] = [];

  constructor(coding: ContentCoding, output: CompressedContent) {
    this.compressor = makeCompressor(coding);
    const { transform } = this.compressor;
    transform.on('data', (data: Buffer) => {
      if (output.compressed(data)) return;
      transform.pause();
      const resume = (): void => void transform.resume();
      output.taken().addCallbacks(resume, () => {});
    });
    transform.on('drain', () => {
      for (const drained of this.waiting.splice(0)) drained.callback(undefined);
    });
    transform.on('end', () => output.compressionEnded());
    transform.on('error', (error) => output.compressionFailed(error));
  }

  /** @param data Kept by reference. @returns Whether there is room for more. */
  write(data: Buffer): boolean {
    const { transform, flushKind } = this.compressor;
    return transform.write(data, () => {
      if (transform.writableLength === 0 && transform.writable) transform.flush(flushKind);
    });
  }

  /** Fires when there is room for more. */
  drained(): Deferred<void> {
    const drained = new Deferred<void>();
    if (this.compressor.transform.writableNeedDrain) this.waiting.push(drained);
    else drained.callback(undefined);
    return drained;
  }

  end(): void {
    this.compressor.transform.end();
  }

  /** The client is gone: the rest is dropped. */
  stop(reason: unknown): void {
    this.compressor.transform.destroy();
    for (const drained of this.waiting.splice(0)) drained.errback(reason as Error);
  }
}
