/** The `write` methods of streams that are captured at present. */

export type Write = (this: unknown, text: string) => unknown;

const originals = new Map<object, Write>();

export function originalWrite(stream: object): Write | undefined {
  return originals.get(stream);
}

/** @param write Undefined at the end of the capture. */
export function setOriginalWrite(stream: object, write: Write | undefined): void {
  if (write === undefined) originals.delete(stream);
  else originals.set(stream, write);
}
