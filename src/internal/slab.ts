/** Copies small bytes one behind the other into memory that is written once: one allocation for many copies. */
const SLAB_BYTES = 64 * 1024;

export class Slab {
  #memory: Buffer = Buffer.alloc(0);
  #used = 0;

  /** @param bytes At most 64 KiB. */
  copyOf(bytes: Uint8Array): Buffer {
    const from = this.#used;
    const to = from + bytes.byteLength;
    if (to > this.#memory.byteLength) {
      this.#memory = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
      return this.copyOf(bytes);
    }
    this.#memory.set(bytes, from);
    this.#used = to;
    return this.#memory.subarray(from, to);
  }
}
