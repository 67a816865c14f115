/** What a reader of lines makes of bytes, as text. */
import { RemoteProtocolError } from '../../src/core/errors/base.js';
import { LineDecoder } from '../../src/framing/line-decoder.js';

/** The texts that `read` makes of the lines in a stream, until the first fault of the peer. Chunks are overwritten after use. */
export function readLines(
  chunks: readonly Buffer[],
  maxLength: number,
  read: (line: Buffer) => readonly string[],
): string[] {
  const decoder = new LineDecoder({ maxLength });
  const texts: string[] = [];
  try {
    for (const chunk of chunks) {
      decoder.receive(chunk);
      for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
        texts.push(...read(line));
      }
      decoder.keepRest();
      chunk.fill(0xdb);
    }
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    texts.push(error.message);
  }
  return texts;
}

/** @throws Error two objects that should be the same are not. */
export function expectSame(one: object, two: object): void {
  const texts = [one, two].map((object) => JSON.stringify(object));
  if (texts[0] !== texts[1]) throw new Error(`${texts.join(' is not ')}`);
}
