/** Boundaries of multipart bodies (RFC 2046 section 5.1.1). */

const MAX_BOUNDARY_LENGTH = 70;
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]$/;

/** 1 to 70 characters; a space is not the last one. */
export function isBoundary(text: string): boolean {
  return text.length <= MAX_BOUNDARY_LENGTH && BOUNDARY.test(text);
}
