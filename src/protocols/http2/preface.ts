/** Reads the preface of a client (RFC 9113 section 3.4), which may arrive in pieces. */
import { protocolError } from './errors.js';
import { PREFACE } from './frame-types.js';

export class Preface {
  private length = 0;

  get isComplete(): boolean {
    return this.length === PREFACE.length;
  }

  /** @returns The position behind the octets that were read. @throws HTTP2ProtocolError At the first octet that differs. */
  read(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && !this.isComplete) {
      if (chunk[at++] !== PREFACE[this.length++]) throw protocolError('preface');
    }
    return at;
  }
}
