/** Recognizes the preface of HTTP/2 (RFC 9113 section 3.4) in the first bytes of a connection. */
import type { Transport } from '../../core/transport.js';
import { PREFACE } from '../../protocols/http2/frame-types.js';

/** The first octet of the preface, which few requests of HTTP/1 begin with. */
export const FIRST_OCTET = 0x50;

/**
 * @param known The bytes that have arrived before and are the beginning of the preface.
 * @returns How many bytes of the preface there are with these; -1 if it is none.
 */
export function prefaceBytes(data: Buffer, known: number): number {
  const length = Math.min(data.length, PREFACE.length - known);
  return PREFACE.compare(data, 0, length, known, known + length) === 0 ? known + length : -1;
}

/** The first bytes of the preface, which have arrived. */
export function prefaceStart(known: number): Buffer {
  return PREFACE.subarray(0, known);
}

export function isPreface(known: number): boolean {
  return known === PREFACE.length;
}

/** Whether the preface decides: in clear it does (RFC 9113 section 3.3); over TLS, HTTP/2 is negotiated (section 3.2). */
export function decidesByPreface({ tls }: Transport): boolean {
  return tls === undefined;
}
