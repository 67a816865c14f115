/**
 * The memory in which frames and header blocks are written, shared by all connections of the thread: an idle connection has none, and a
 * frame takes no allocation. Each part is written to its end by one call, or rewound.
 */
import { markLent } from '../../internal/lent-bytes.js';
import type { HTTPOutput } from '../http/message-serializer.js';

/** So many bytes are gathered at most: transports copy lent writes of up to this size into memory that they have. */
const BYTES = 65_536;

class OutputMemory {
  bytes: Buffer = lentBytes(BYTES);
  /** The position behind the last octet that was written. */
  end = 0;
  private spare: Buffer | undefined = undefined;

  /** Makes room behind `end`. Views of `bytes` may then be of other memory. */
  reserve(count: number): void {
    if (this.end + count > this.bytes.length) this.grow(count);
  }

  /** Whether there is room without more memory. */
  hasRoom(count: number): boolean {
    return this.end + count <= this.bytes.length;
  }

  /**
   * Passes all that was written to the output, as lent bytes. Other memory takes their place until it returns, because it may call code
   * that writes frames.
   */
  pass(output: HTTPOutput): void {
    const { bytes, end } = this;
    this.bytes = this.spare ?? lentBytes(BYTES);
    this.spare = undefined;
    this.end = 0;
    output.write(bytes.subarray(0, end));
    if (bytes.length === BYTES) this.spare = bytes;
  }

  private grow(count: number): void {
    const grown = lentBytes(2 * (this.end + count));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
  }
}

function lentBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  markLent(bytes.buffer);
  return bytes;
}

export const memory: OutputMemory = new OutputMemory();
