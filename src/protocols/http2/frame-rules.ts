/** The sizes and streams that each type of frame may have (RFC 9113 section 6, RFC 9218 section 7.1). */
import { protocolError } from './errors.js';
import {
  ACK,
  CONTINUATION,
  DATA,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  PRIORITY_UPDATE,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frame-types.js';

/** Whether frames of the type belong to a stream. WINDOW_UPDATE has both kinds. */
function belongsToStream(type: number): boolean | undefined {
  switch (type) {
    case DATA:
    case HEADERS:
    case PRIORITY:
    case RST_STREAM:
    case PUSH_PROMISE:
    case CONTINUATION:
      return true;
    case SETTINGS:
    case PING:
    case GOAWAY:
    case PRIORITY_UPDATE:
      return false;
    default:
      return undefined;
  }
}

/** Whether payload of this length is possible. The rest is checked when it has arrived. */
function hasValidLength(type: number, flags: number, length: number): boolean {
  switch (type) {
    case DATA:
    case HEADERS:
      return (flags & PADDED) === 0 || length >= 1;
    case PRIORITY:
      return length === 5;
    case RST_STREAM:
    case WINDOW_UPDATE:
      return length === 4;
    case SETTINGS:
      return (flags & ACK) === 0 ? length % 6 === 0 : length === 0;
    case PUSH_PROMISE:
      return length >= ((flags & PADDED) === 0 ? 4 : 5);
    case PING:
      return length === 8;
    case GOAWAY:
      return length >= 8;
    case PRIORITY_UPDATE:
      return length >= 4;
    default:
      return true;
  }
}

/**
 * Checks the header of a frame. All violations end the connection: RFC 9113 permits that for those that concern one
 * stream too, and no usual peer commits them.
 * @throws HTTP2ProtocolError
 */
export function checkFrameHeader(
  type: number,
  flags: number,
  streamId: number,
  length: number,
  maxFrameBytes: number,
): void {
  if (length > maxFrameBytes) throw protocolError('frame-too-long');
  const needsStream = belongsToStream(type);
  if (needsStream !== undefined && needsStream !== (streamId !== 0)) {
    throw protocolError('frame-stream');
  }
  if (!hasValidLength(type, flags, length)) throw protocolError('frame-length');
}
