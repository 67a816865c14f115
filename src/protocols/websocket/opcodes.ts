/** The values on the wire of RFC 6455 section 5.2 and 7.4. */

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

export const FIN = 0x80;
export const RSV1 = 0x40;
export const MASK = 0x80;

/** The maximum payload of a control frame in bytes. */
export const MAX_CONTROL_BYTES = 125;

/** The maximum header of a frame in bytes, masking key included. */
export const MAX_HEADER_BYTES = 14;

/**
 * Whether a close frame may contain this code: 1000 to 1003, 1007 to 1014 (IANA registry), and 3000 to 4999. 1005, 1006 and
 * 1015 describe connections without a close frame.
 */
export function isCloseCode(code: number): boolean {
  if (code >= 1000 && code <= 1014) return code !== 1004 && code !== 1005 && code !== 1006;
  return code >= 3000 && code <= 4999;
}
