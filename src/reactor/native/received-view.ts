/**
 * Makes the Buffers that `dataReceived` is given: views of the slab that the core received into. Constructing a subclass
 * of Uint8Array with Buffer's prototype takes a third of what `Buffer.from(arrayBuffer, ...)` does.
 */
class View extends Uint8Array {}
Object.setPrototypeOf(View.prototype, Buffer.prototype);
Object.defineProperty(View.prototype, 'constructor', { value: Buffer, writable: true });

/** `new ReceivedView(slab, offset, length)` is a Buffer in all that matters: `Buffer.isBuffer` and every method. */
export const ReceivedView = View as unknown as new (
  slab: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;
