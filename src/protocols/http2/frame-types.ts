/** Frame types (RFC 9113 section 6, RFC 9218 section 7.1), flags, and sizes. */

export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;
export const PRIORITY_UPDATE = 0x10;

/** Of DATA and HEADERS. */
export const END_STREAM = 0x1;
/** Of SETTINGS and PING. */
export const ACK = 0x1;
/** Of HEADERS, PUSH_PROMISE and CONTINUATION. */
export const END_HEADERS = 0x4;
/** Of DATA, HEADERS and PUSH_PROMISE. */
export const PADDED = 0x8;
/** Of HEADERS. */
export const PRIORITY_FLAG = 0x20;

export const HEADER_BYTES = 9;
/** The initial and lowest value of SETTINGS_MAX_FRAME_SIZE. */
export const MIN_MAX_FRAME_BYTES = 16_384;
export const MAX_MAX_FRAME_BYTES: number = 2 ** 24 - 1;
export const MAX_STREAM_ID: number = 2 ** 31 - 1;

/** Sent by a client in front of its first frame (RFC 9113 section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
