/** Scans the line in front of each chunk (RFC 9112 section 7.1): `chunk-size [ chunk-ext ] CRLF`. */
import { type HTTPRole, invalidMessage, limitExceeded } from './errors.js';
import { MORE } from './field-scanner.js';
import { CR, HEX, LF, SEMICOLON, TOKEN_CLASS, VALUE } from './octets.js';

const MAX_SIZE_DIGITS = 16;
/** RFC 9112 section 7.1.1, without the whitespace that it calls bad. */
const EXTENSIONS: RegExp = new RegExp(
  `^(?:;${TOKEN_CLASS}+(?:=(?:${TOKEN_CLASS}+|"(?:[^"\\\\]|\\\\.)*"))?)+$`,
);

export class ChunkLineScanner {
  /** The chunk size of the line that was scanned last. */
  size = 0;
  private readonly role: HTTPRole;
  private readonly maxExtensionBytes: number;
  private extensionBytes = 0;

  /** @param maxExtensionBytes The limit of all extensions of a message. */
  constructor(role: HTTPRole, maxExtensionBytes: number) {
    this.role = role;
    this.maxExtensionBytes = maxExtensionBytes;
  }

  /** A message begins. */
  begin(): void {
    this.extensionBytes = 0;
  }

  /**
   * Scans the line from its beginning.
   * @returns The length of the line, or {@link MORE}.
   * @throws InvalidHTTPMessageError, HTTPLimitError
   */
  scan(bytes: Buffer, from: number, end: number): number {
    const { role } = this;
    const extension = this.scanSize(bytes, from, end);
    let at = extension;
    if (at < end && bytes[at] === SEMICOLON) at = this.scanExtensions(bytes, at, end);
    if (at === end) return MORE;
    if (bytes[at] === LF) throw invalidMessage(role, 'bare-lf');
    if (bytes[at] !== CR) {
      throw invalidMessage(role, at === extension ? 'chunk-size' : 'chunk-extension');
    }
    if (at + 1 === end) return MORE;
    if (bytes[at + 1] !== LF) throw invalidMessage(role, 'bare-cr');
    if (at > extension) {
      this.extensionBytes += at - extension;
      if (!EXTENSIONS.test(bytes.toString('latin1', extension, at))) {
        throw invalidMessage(role, 'chunk-extension');
      }
    }
    return at + 2 - from;
  }

  /** @returns The position behind the digits. */
  private scanSize(bytes: Buffer, from: number, end: number): number {
    let at = from;
    let size = 0;
    for (; at < end; at++) {
      const digit = HEX[bytes[at] as number] as number;
      if (digit === 255) break;
      size = size * 16 + digit;
      if (size > Number.MAX_SAFE_INTEGER || at - from === MAX_SIZE_DIGITS) {
        throw invalidMessage(this.role, 'chunk-size');
      }
    }
    if (at === from && at < end) throw invalidMessage(this.role, 'chunk-size');
    this.size = size;
    return at;
  }

  private scanExtensions(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && VALUE[bytes[at] as number] === 1) at++;
    if (this.extensionBytes + at - from > this.maxExtensionBytes) {
      throw limitExceeded(this.role, 'maxChunkExtensionBytes', this.maxExtensionBytes);
    }
    return at;
  }
}
