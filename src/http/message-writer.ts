/** Writes responses in the form of HTTP/1 (RFC 9112): heads as text, and content after a length, in chunks or until the end. */
import { gatherable } from '../internal/utf8.js';
import { statusLine } from '../protocols/http/status.js';
import { ConnectionWriter } from './connection-writer.js';
import { linesText, without } from './field-lines.js';
import type {
  ReadyHead,
  RelayedHead,
  ResponseService,
  ResponseWriter,
} from './response-connection.js';
import {
  CRLF,
  connectionField,
  encodedHead,
  headText,
  LAST_CHUNK,
  lastChunk,
  relayedContentFields,
  UNKNOWN,
} from './response-head.js';

export abstract class MessageWriter extends ConnectionWriter implements ResponseWriter {
  abstract readonly service: ResponseService;

  writeWhole(head: ReadyHead, length: number, content: string | Uint8Array | undefined): void {
    const text = headText(head, length, this.service.dateLine);
    const { isAscii } = head;
    if (isAscii && typeof content === 'string') this.write(text + content);
    else {
      this.write(isAscii ? text : Buffer.from(text, 'latin1'));
      if (content !== undefined) this.write(content);
    }
  }

  writeHead(head: ReadyHead): void {
    const text = headText(head, UNKNOWN, this.service.dateLine);
    this.write(head.isAscii ? text : Buffer.from(text, 'latin1'));
  }

  writeRelayedHead(head: RelayedHead, length: number): void {
    const { code, framing, request, lines } = head;
    let text = statusLine(code) + head.relayed;
    if (lines !== undefined) text += linesText(without(lines, 'content-length'));
    if (!head.hasDate) text += this.service.dateLine;
    text += relayedContentFields(framing, length, code);
    text += connectionField(head.closes, request.version) + CRLF;
    this.write(encodedHead(text));
  }

  writePiece({ framing }: ReadyHead, data: string | Uint8Array, length: number): void {
    if (framing !== 'chunked') this.write(gatherable(data));
    else if (typeof data === 'string') this.write(`${length.toString(16)}\r\n${data}\r\n`);
    else {
      this.write(`${length.toString(16)}\r\n`);
      this.write(data);
      this.write(CRLF);
    }
  }

  writeEnd({ framing, trailerLines }: ReadyHead): void {
    if (framing !== 'chunked') return;
    this.write(trailerLines === undefined ? LAST_CHUNK : lastChunk(trailerLines));
  }

  writeInformational(status: number, lines: string): void {
    this.write(encodedHead(`${statusLine(status)}${lines}${CRLF}`));
  }
}
