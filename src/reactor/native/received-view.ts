/**
 * The Buffers that are lent to receivers: views of the memory that the core received into. A subclass of Uint8Array with
 * Buffer's prototype is made in a third of the time of `Buffer.from(arrayBuffer, ...)`, and is sliced
 * faster than a Buffer: parsers do that once for each line or frame.
 */
class View extends Uint8Array {
  /** The same as `buffer`, which would be a call into C++. */
  readonly #memory: ArrayBuffer;

  constructor(memory: ArrayBuffer, offset: number, length: number) {
    super(memory, offset, length);
    this.#memory = memory;
  }

  static isOf(data: Uint8Array, memory: ArrayBuffer): boolean {
    return (#memory in data ? data.#memory : data.buffer) === memory;
  }

  override subarray(start = 0, end: number = this.length): Uint8Array<ArrayBuffer> {
    const inside = start >>> 0 === start && end >>> 0 === end && start <= end && end <= this.length;
    const from = inside ? start : clamp(start, this.length);
    const to = inside ? end : Math.max(from, clamp(end, this.length));
    return new View(this.#memory, this.byteOffset + from, to - from) as Uint8Array<ArrayBuffer>;
  }

  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }
}
Object.setPrototypeOf(View.prototype, Buffer.prototype);
Object.defineProperty(View.prototype, 'constructor', { value: Buffer, writable: true });

/** The meaning of a relative index: counted from the end if negative, clamped. NaN is 0. */
function clamp(index: number, length: number): number {
  const whole = Math.trunc(index) || 0;
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length);
}

/** Whether `data`, of any class, is a view of `memory`. */
export function isViewOf(data: Uint8Array, memory: ArrayBuffer): boolean {
  return View.isOf(data, memory);
}

/** `new ReceivedView(memory, offset, length)` behaves like a Buffer: `Buffer.isBuffer` and every method. */
export const ReceivedView = View as unknown as new (
  memory: ArrayBuffer,
  offset: number,
  length: number,
) => Buffer;
