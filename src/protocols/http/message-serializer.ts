/** The part of serialization that is the same in both roles: content with its framing, and trailers. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { HTTPContentLengthError, HTTPSequenceError } from './errors.js';
import { type FieldBlock, type HTTPFields, trailerBlock } from './field-block.js';
import type { Framing } from './response-framing.js';

/** Takes bytes to be sent; strings are UTF-8. A transport is one. */
export interface HTTPOutput {
  write(data: string | Uint8Array): void;
}

/** Content to be sent; strings are sent in UTF-8. */
export type HTTPContent = string | Uint8Array;

/** Pieces of up to this size are copied, so that they need one write. */
const COPIED_BYTES = 4096;

/**
 * Writes the messages of one connection, one after the other. A call that throws has written nothing; after
 * HTTPContentLengthError the message cannot be completed unless the caller writes other content.
 */
export abstract class MessageSerializer {
  protected readonly output: HTTPOutput;
  private framing: Framing = 'none';
  private isOpen = false;
  private announced = 0;
  private written = 0;

  /** @param output Receives each message in as few writes as possible. */
  constructor(output: HTTPOutput) {
    const { write } = (output ?? {}) as { write?: unknown };
    if (typeof write !== 'function') {
      throw new InvalidArgumentTypeError('output', 'an object with a method write', output);
    }
    this.output = output;
  }

  /** Whether the head of a message was written and `end` was not called. */
  get isInMessage(): boolean {
    return this.isOpen;
  }

  /**
   * Sends a piece of the content. Empty pieces are ignored. Arrays are not copied if they are long: do not write to them.
   * @throws HTTPSequenceError there is no open message, or it has no content. HTTPContentLengthError it would be too long.
   */
  write(data: HTTPContent): void {
    const length = this.checkPiece(data);
    if (length === 0) return;
    this.written += length;
    if (this.framing === 'chunked') this.writeChunk(data, length);
    else if (this.framing !== 'dropped') this.output.write(data);
  }

  /**
   * Completes the message.
   * @param data The last piece of the content.
   * @param trailers Sent if the content is chunked. A recipient without chunked coding does not get them.
   * @throws HTTPSequenceError, HTTPContentLengthError; InvalidHTTPOutputError in the trailers.
   */
  end(data: HTTPContent = '', trailers?: Exclude<HTTPFields, FieldBlock>): void {
    const { framing } = this;
    const length = this.checkPiece(data);
    if (framing === 'length' && this.written + length !== this.announced) {
      throw new HTTPContentLengthError(this.announced, this.written + length);
    }
    const block = trailers === undefined ? undefined : trailerBlock(trailers);
    if (length > 0) this.write(data);
    this.isOpen = false;
    if (framing !== 'chunked') return;
    if (block === undefined) this.output.write('0\r\n\r\n');
    else this.writeText(`0\r\n${block.text}\r\n`, block.isASCII);
  }

  /** @param announced The value of Content-Length. */
  protected open(framing: Framing, announced: number): void {
    this.framing = framing;
    this.isOpen = true;
    this.announced = announced;
    this.written = 0;
  }

  protected checkNotOpen(): void {
    if (this.isOpen) throw new HTTPSequenceError('the previous HTTP message is not complete');
  }

  /** Writes a head, or other text with a character per octet. */
  protected writeText(text: string, isASCII: boolean): void {
    this.output.write(isASCII ? text : Buffer.from(text, 'latin1'));
  }

  /** Completes an open message whose head has not been written: in one write, if its content is a string or not long. */
  protected writeWhole(head: string, isASCII: boolean, content: HTTPContent, length: number): void {
    this.isOpen = false;
    const { output } = this;
    if (length === 0 || this.framing === 'dropped') {
      this.writeText(head, isASCII);
    } else if (isASCII && typeof content === 'string') {
      output.write(head + content);
    } else if (typeof content === 'string' || length <= COPIED_BYTES) {
      const message = Buffer.allocUnsafe(head.length + length);
      message.write(head, 'latin1');
      if (typeof content === 'string') message.write(content, head.length);
      else message.set(content, head.length);
      output.write(message);
    } else {
      this.writeText(head, isASCII);
      output.write(content);
    }
  }

  /** @returns The length of the piece in bytes. */
  private checkPiece(data: HTTPContent): number {
    const length = contentBytes(data);
    if (!this.isOpen) throw new HTTPSequenceError('there is no open HTTP message');
    if (this.framing === 'none' && length > 0) {
      throw new HTTPSequenceError('this HTTP message has no content');
    }
    if (this.framing === 'length' && this.written + length > this.announced) {
      throw new HTTPContentLengthError(this.announced, this.written + length);
    }
    return length;
  }

  private writeChunk(data: HTTPContent, length: number): void {
    const size = `${length.toString(16)}\r\n`;
    if (typeof data === 'string') {
      this.output.write(`${size}${data}\r\n`);
    } else if (length <= COPIED_BYTES) {
      const chunk = Buffer.allocUnsafe(size.length + length + 2);
      chunk.write(size, 'latin1');
      chunk.set(data, size.length);
      chunk.write('\r\n', size.length + length, 'latin1');
      this.output.write(chunk);
    } else {
      this.output.write(size);
      this.output.write(data);
      this.output.write('\r\n');
    }
  }
}

/** The length in bytes. */
export function contentBytes(data: HTTPContent): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  if (data instanceof Uint8Array) return data.length;
  throw new InvalidArgumentTypeError('content', 'a string or a Uint8Array', data);
}
