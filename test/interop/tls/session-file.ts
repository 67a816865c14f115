/** Session files of openssl. */

const SEQUENCE = 0x30;
/** The field `max_early_data` of SSL_SESSION (openssl, ssl/ssl_asn1.c): [15] INTEGER 16,384. */
const MAX_EARLY_DATA = Buffer.from([0xaf, 0x04, 0x02, 0x02, 0x40, 0x00]);
const MAX_EARLY_DATA_TAG = 0xaf;

/** The session, changed so that openssl sends early data, whether or not the server allows it. */
export function withEarlyData(pem: string): string {
  const label = 'SSL SESSION PARAMETERS';
  const base64 = pem.replaceAll(/-----[^-]+-----/g, '');
  const der = Buffer.from(base64, 'base64');
  const outer = header(der, 0);
  let at = outer.content;
  while (at < der.length && (der[at] ?? 0) <= MAX_EARLY_DATA_TAG) {
    const { content, length } = header(der, at);
    at = content + length;
  }
  const content = Buffer.concat([
    der.subarray(outer.content, at),
    MAX_EARLY_DATA,
    der.subarray(at),
  ]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  const changed = Buffer.concat([Buffer.from([SEQUENCE, 0x82]), length, content]);
  const lines = changed.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Where the content of a DER element begins, and how long it is. */
function header(der: Buffer, at: number): { content: number; length: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { content: at + 2, length: first };
  const bytes = first & 0x7f;
  return { content: at + 2 + bytes, length: der.readUIntBE(at + 2, bytes) };
}
