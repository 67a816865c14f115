/** The maximum number of bytes of one UTF-16 code unit in UTF-8. */
export const MAX_UTF8_BYTES = 3;

/** Throws for other octets than UTF-8, and omits a byte order mark. Only for whole texts: `stream` would leave a state. */
export const UTF8: InstanceType<typeof TextDecoder> = new TextDecoder('utf-8', { fatal: true });

/** Throws for other octets than UTF-8, and keeps a byte order mark as a character. Only for whole texts. */
export const UTF8_WITH_BOM: InstanceType<typeof TextDecoder> = new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});

/**
 * Data to be gathered with text. One that begins with a low surrogate, behind one that ends with a high surrogate, would become another
 * character, with another length: such text is encoded.
 */
export function gatherable(data: string | Uint8Array): string | Uint8Array {
  if (typeof data !== 'string') return data;
  const first = data.charCodeAt(0);
  return first >= 0xdc00 && first <= 0xdfff ? Buffer.from(data) : data;
}
