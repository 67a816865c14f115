/**
 * Public keys and signatures of SSH (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709), verified by node:crypto.
 *
 * ssh-rsa signatures (SHA-1), ssh-dss, certificates and keys of security tokens (`sk-`) are not supported. The algorithm of a
 * signature must be one of the key's type, so none can be mistaken for another.
 */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { InvalidCredentialsError } from '../errors.js';

/** Longest key and longest signature, in octets. */
export const MAX_BLOB_BYTES = 8_192;
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 16_384;

export interface SSHKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  readonly key: KeyObject;
}

const CURVES: Readonly<Record<string, { crv: string; bytes: number; hash: string }>> = {
  nistp256: { crv: 'P-256', bytes: 32, hash: 'sha256' },
  nistp384: { crv: 'P-384', bytes: 48, hash: 'sha384' },
  nistp521: { crv: 'P-521', bytes: 66, hash: 'sha512' },
};

const RSA_HASHES: Readonly<Record<string, string>> = {
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
};

/** Strings and numbers as SSH writes them. */
class Reader {
  readonly #octets: Buffer;
  #at = 0;

  constructor(octets: Uint8Array) {
    if (octets.length > MAX_BLOB_BYTES) throw malformed('it is too long');
    this.#octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  }

  string(): Buffer {
    const octets = this.#octets;
    if (this.#at + 4 > octets.length) throw malformed('it is too short');
    const end = this.#at + 4 + octets.readUInt32BE(this.#at);
    if (end > octets.length) throw malformed('it is too short');
    const value = octets.subarray(this.#at + 4, end);
    this.#at = end;
    return value;
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** A positive number in its shortest form, without the leading zero. */
  positive(): Buffer {
    const value = this.string();
    const [first, second = 0] = value;
    if (first === undefined || first > 0x7f || (first === 0 && second < 0x80)) {
      throw malformed('a number is not positive and in its shortest form');
    }
    return first === 0 ? value.subarray(1) : value;
  }

  end(): void {
    if (this.#at !== this.#octets.length) throw malformed('something follows it');
  }
}

/** @throws InvalidCredentialsError the key is malformed, has an unsupported type, or is too short or too long. */
export function parseSSHKey(blob: Uint8Array): SSHKey {
  const reader = new Reader(blob);
  const type = reader.text();
  const jwk = jwkOf(type, reader);
  reader.end();
  try {
    return { type, key: createPublicKey({ key: jwk, format: 'jwk' }) };
  } catch (cause) {
    throw new InvalidCredentialsError('SSH key: it is not valid', { cause });
  }
}

function jwkOf(type: string, reader: Reader): JsonWebKey {
  if (type === 'ssh-ed25519') {
    const point = reader.string();
    if (point.length !== 32) throw malformed('it has a wrong length');
    return { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
  }
  if (type === 'ssh-rsa') {
    const [e, n] = [reader.positive(), reader.positive()];
    const bits = n.length * 8 - Math.clz32(n[0] as number) + 24;
    if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
      throw malformed(`RSA keys must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`);
    }
    if (e.length > 4) throw malformed('its exponent is too large');
    return { kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') };
  }
  const [, name = ''] = /^ecdsa-sha2-(nistp\d+)$/.exec(type) ?? [];
  const curve = Object.hasOwn(CURVES, name) ? CURVES[name] : undefined;
  if (curve === undefined) throw malformed('its type is not supported');
  const point = reader.text() === name ? reader.string() : undefined;
  if (point?.length !== 1 + 2 * curve.bytes || point[0] !== 4) {
    throw malformed('it is not an uncompressed point of its curve');
  }
  const x = point.subarray(1, 1 + curve.bytes).toString('base64url');
  return { kty: 'EC', crv: curve.crv, x, y: point.subarray(1 + curve.bytes).toString('base64url') };
}

/** Whether an algorithm of signatures belongs to a type of keys. */
export function isAlgorithmOf(type: string, algorithm: string): boolean {
  return type === 'ssh-rsa' ? Object.hasOwn(RSA_HASHES, algorithm) : type === algorithm;
}

/**
 * Whether a signature is right.
 * @param algorithm The one that the client announced; the signature must name the same.
 * @throws InvalidCredentialsError the signature is malformed, or of another algorithm.
 */
export function verifySSHSignature(
  { type, key }: SSHKey,
  algorithm: string,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const reader = new Reader(signature);
  const named = reader.text();
  const value = reader.string();
  reader.end();
  if (named !== algorithm || !isAlgorithmOf(type, algorithm)) {
    throw malformed('the algorithm of the signature does not belong to it');
  }
  if (type === 'ssh-ed25519') return verify(null, signed, key, value);
  if (type === 'ssh-rsa') return verify(RSA_HASHES[algorithm], signed, key, value);
  const { bytes, hash } = CURVES[type.slice('ecdsa-sha2-'.length)] as {
    bytes: number;
    hash: string;
  };
  const numbers = new Reader(value);
  const [r, s] = [numbers.positive(), numbers.positive()];
  numbers.end();
  if (r.length > bytes || s.length > bytes) return false;
  const fixed = Buffer.alloc(2 * bytes);
  fixed.set(r, bytes - r.length);
  fixed.set(s, 2 * bytes - s.length);
  return verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, fixed);
}

function malformed(problem: string): InvalidCredentialsError {
  return new InvalidCredentialsError(`SSH key: ${problem}`);
}
