/** Errors of framing: invalid frames from the peer, and frames and files that cannot be sent. */

import { LocalProtocolError, RemoteProtocolError } from '../core/errors/base.js';
import { ConnectionLost } from '../core/errors/connection.js';

/** The peer sent a line longer than the decoder's `maxLength`. */
export class LineTooLongError extends RemoteProtocolError {
  override readonly name = 'LineTooLongError';
  override readonly code = 'ERR_LINE_TOO_LONG';
  /** The option that was exceeded. */
  readonly option = 'maxLength';
  /** Its value in bytes, terminator excluded. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the peer sent a line of more than ${limit} bytes`);
    this.limit = limit;
  }
}

/** The peer sent or announced a frame longer than the decoder's limit. */
export class FrameTooLongError extends RemoteProtocolError {
  override readonly name = 'FrameTooLongError';
  override readonly code = 'ERR_FRAME_TOO_LONG';
  /** The option that was exceeded, such as `maxLength`. */
  readonly option: string;
  /** Its value in bytes. */
  readonly limit: number;
  /** The announced length, if there was one and it is completely known. Inexact from 2^53 on. */
  readonly length: number | undefined;

  constructor(limit: number, length?: number, option = 'maxLength') {
    const what = length === undefined ? 'a frame' : `a frame of ${length} bytes`;
    super(`the peer sent ${what}, but at most ${limit} are allowed`);
    this.option = option;
    this.limit = limit;
    this.length = length;
  }
}

/** The peer announced an impossible length: negative, or less than the frame's own header. */
export class InvalidFrameLengthError extends RemoteProtocolError {
  override readonly name = 'InvalidFrameLengthError';
  override readonly code = 'ERR_INVALID_FRAME_LENGTH';
  /** The announced length of the frame, adjustment included. */
  readonly length: number;

  constructor(length: number, why: string) {
    super(`the peer announced a frame of ${length} bytes: ${why}`);
    this.length = length;
  }
}

/** The peer's bytes are not a netstring. */
export class InvalidNetstringError extends RemoteProtocolError {
  override readonly name = 'InvalidNetstringError';
  override readonly code = 'ERR_INVALID_NETSTRING';
}

/** The string is too long for its length field. Nothing was sent. */
export class StringTooLongError extends LocalProtocolError {
  override readonly name = 'StringTooLongError';
  override readonly code = 'ERR_STRING_TOO_LONG';
  /** The greatest length that the length field can express, in bytes. */
  readonly limit: number;
  /** The length of the string in bytes. */
  readonly length: number;

  constructor(limit: number, length: number) {
    super(`a string of ${length} bytes does not fit: at most ${limit}`);
    this.limit = limit;
    this.length = length;
  }
}

/** The consumer ended before all bytes were sent. */
export class TransferStoppedError extends ConnectionLost {
  override readonly name = 'TransferStoppedError';
  override readonly code = 'ERR_TRANSFER_STOPPED';
  /** The bytes that the consumer had accepted; how many of them reached the peer is unknown. */
  readonly bytesSent: number;

  constructor(bytesSent: number) {
    super(`the consumer stopped the transfer after ${bytesSent} bytes`);
    this.bytesSent = bytesSent;
  }
}
