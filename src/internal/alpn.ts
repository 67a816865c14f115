/** The names as in the extension of ALPN (RFC 7301 section 3.1): each in UTF-8, after a byte with its length, which is 1 to 255. */
export function encodedProtocols(names: readonly string[]): Buffer {
  return Buffer.concat(
    names.flatMap((name) => [Buffer.of(Buffer.byteLength(name)), Buffer.from(name)]),
  );
}
