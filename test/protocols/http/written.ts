/** Collects the writes of a serializer. */
import type { HTTPOutput } from '../../../src/protocols/http/message-serializer.js';

export class Written implements HTTPOutput {
  readonly pieces: Buffer[] = [];

  write(data: string | Uint8Array): void {
    this.pieces.push(Buffer.from(data as string));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  /** All writes, a character per octet. */
  get text(): string {
    return this.bytes.toString('latin1');
  }
}
