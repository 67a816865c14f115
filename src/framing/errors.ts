/** Errors of framing: bytes from the peer that are no frames, and frames and files that can't be sent. */

import { LocalProtocolError, RemoteProtocolError } from '../core/errors/base.js';
import { ConnectionLost } from '../core/errors/connection.js';

/** The peer sent a line longer than the decoder's `maxLength`. */
export class LineTooLongError extends RemoteProtocolError {
  override readonly name = 'LineTooLongError';
  override readonly code = 'ERR_LINE_TOO_LONG';
  /** The limit in bytes, terminator excluded. */
  readonly maxLength: number;

  constructor(maxLength: number) {
    super(`the peer sent a line of more than ${maxLength} bytes`);
    this.maxLength = maxLength;
  }
}

/** The peer sent or announced a frame longer than the decoder's limit. */
export class FrameTooLongError extends RemoteProtocolError {
  override readonly name = 'FrameTooLongError';
  override readonly code = 'ERR_FRAME_TOO_LONG';
  /** The limit in bytes. */
  readonly maxLength: number;
  /** The length that was announced, where one was and it is known whole. Inexact from 2^53 on. */
  readonly length: number | undefined;

  constructor(maxLength: number, length?: number) {
    const what = length === undefined ? 'a frame' : `a frame of ${length} bytes`;
    super(`the peer sent ${what}, where at most ${maxLength} are allowed`);
    this.maxLength = maxLength;
    this.length = length;
  }
}

/** The peer announced a length that no frame can have: negative, or less than the frame's own header. */
export class InvalidFrameLengthError extends RemoteProtocolError {
  override readonly name = 'InvalidFrameLengthError';
  override readonly code = 'ERR_INVALID_FRAME_LENGTH';
  /** The length of the frame that was announced, adjustment included. */
  readonly length: number;

  constructor(length: number, why: string) {
    super(`the peer announced a frame of ${length} bytes: ${why}`);
    this.length = length;
  }
}

/** The peer's bytes are no netstring. */
export class InvalidNetstringError extends RemoteProtocolError {
  override readonly name = 'InvalidNetstringError';
  override readonly code = 'ERR_INVALID_NETSTRING';
}

/** The string is too long for the length field it would be sent with. Nothing was sent. */
export class StringTooLongError extends LocalProtocolError {
  override readonly name = 'StringTooLongError';
  override readonly code = 'ERR_STRING_TOO_LONG';
  /** The most bytes that the length field can tell. */
  readonly maxLength: number;
  /** The bytes that were to be sent. */
  readonly length: number;

  constructor(maxLength: number, length: number) {
    super(`a string of ${length} bytes does not fit: at most ${maxLength}`);
    this.maxLength = maxLength;
    this.length = length;
  }
}

/** The consumer was gone before all was sent. */
export class TransferStoppedError extends ConnectionLost {
  override readonly name = 'TransferStoppedError';
  override readonly code = 'ERR_TRANSFER_STOPPED';
  /** What the consumer had taken by then; how much of that has reached the peer is not known. */
  readonly bytesSent: number;

  constructor(bytesSent: number) {
    super(`the consumer stopped the transfer after ${bytesSent} bytes`);
    this.bytesSent = bytesSent;
  }
}
