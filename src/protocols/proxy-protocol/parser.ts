/**
 * Reads the PROXY header at the beginning of a connection, version 1 or 2. Strict: the specification requires that anything
 * else ends the connection.
 *
 * Version 1 is a line of at most 107 bytes, CRLF included:
 *
 *     PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n     also TCP6; PROXY UNKNOWN [anything]\r\n
 *
 * Version 2:
 *
 *     0   12   signature 0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a
 *     12   1   version 2 in the high four bits; command in the low ones: 0 LOCAL, 1 PROXY
 *     13   1   family in the high four bits: 0 none, 1 IPv4, 2 IPv6, 3 UNIX; kind: 0 none, 1 stream, 2 datagram
 *     14   2   length of the rest
 *     16       source and destination address, ports, TLVs
 */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { type RemoteProtocolError, withoutStack } from '../../core/errors/base.js';
import { ByteQueue } from '../../framing/byte-queue.js';
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { AF_UNIX, addressFromText, pairBytes, readPair } from './addresses.js';
import { crc32c } from './crc32c.js';
import {
  InvalidProxyHeaderError,
  ProxyHeaderChecksumError,
  ProxyHeaderTooLongError,
} from './errors.js';
import type { ProxyHeader, ProxyVersion } from './events.js';
import { readTLVs } from './tlvs.js';

export interface ProxyHeaderParserOptions {
  /** The accepted versions. Default both. */
  readonly versions?: readonly ProxyVersion[];
  /** Longest version 2 header accepted, in bytes: 16 to 65,551. Default {@link MAX_PROXY_HEADER_BYTES}. */
  readonly maxHeaderBytes?: number;
}

/** The default limit of version 2 headers: addresses and the TLVs that proxies send, client certificates included. */
export const MAX_PROXY_HEADER_BYTES: number = 16 * 1024;

/** The signature of version 2. */
export const SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The bytes before the addresses of version 2. */
export const PREFIX_BYTES = 16;
/** The greatest length of version 2: what its length field can say. */
export const LONGEST_HEADER_BYTES: number = PREFIX_BYTES + 0xffff;

const LINE_BEGIN = Buffer.from('PROXY ');
const MAX_LINE_BYTES = 107;
const CR = 0x0d;
const LF = 0x0a;

const OPTIONS: OptionNames<ProxyHeaderParserOptions> = { versions: true, maxHeaderBytes: true };

/** Fields that a header without TLVs does not have. */
const NO_EXTRAS = {
  alpn: undefined,
  authority: undefined,
  uniqueId: undefined,
  ssl: undefined,
  netns: undefined,
  tlvs: [],
} as const;

/** Fields that a header without addresses does not have. */
const NO_ADDRESSES = {
  kind: undefined,
  source: undefined,
  destination: undefined,
  ...NO_EXTRAS,
} as const;

/**
 * Call {@link receive} with each chunk, then {@link next}. It reads one header; the bytes behind it are the rest, which
 * {@link takeRest} returns. After an error `receive` and `next` throw the same error again.
 *
 * A malformed header is refused at the first byte that no valid header has there, as far as that can be known without its
 * whole line or block.
 */
export class ProxyHeaderParser {
  readonly #versions: readonly ProxyVersion[];
  readonly #maxHeaderBytes: number;
  readonly #queue: ByteQueue = new ByteQueue();
  /** `begin`: compares the first bytes. `line`, `block`: waits for all of version 1, of version 2. */
  #state: 'begin' | 'line' | 'block' | 'done' = 'begin';
  /** The bytes that were compared or searched already. */
  #seen = 0;
  /** The length of a version 2 header. */
  #length = 0;
  #failure: RemoteProtocolError | undefined = undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: ProxyHeaderParserOptions = {}) {
    checkOptions('ProxyHeaderParser', options, OPTIONS);
    const { versions = [1, 2], maxHeaderBytes = MAX_PROXY_HEADER_BYTES } = options;
    this.#versions = checkVersions(versions);
    this.#maxHeaderBytes = checkInteger(
      'maxHeaderBytes',
      maxHeaderBytes,
      PREFIX_BYTES,
      LONGEST_HEADER_BYTES,
    );
  }

  /** The number of bytes received, without the header if that was returned. */
  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /**
   * Adds received bytes, of which the parser keeps views until `next` has returned `undefined`.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   * @throws RemoteProtocolError the error that `next` threw before.
   */
  receive(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#queue.push(chunk);
  }

  /**
   * The header, once; `undefined` before it is complete and after it was returned. It contains no views of received bytes.
   * @throws InvalidProxyHeaderError, ProxyHeaderTooLongError, ProxyHeaderChecksumError
   */
  next(): ProxyHeader | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const header = this.#read();
      if (header === undefined) this.#queue.settle(Math.max(this.#length, MAX_LINE_BYTES));
      return header;
    } catch (error) {
      this.#failure = error as RemoteProtocolError;
      throw error;
    }
  }

  /** Removes and returns the bytes behind the header, and ends the parser. A view. */
  takeRest(): Buffer {
    this.#state = 'done';
    return this.#queue.takeRest();
  }

  #read(): ProxyHeader | undefined {
    if (this.#state === 'begin') this.#begin();
    if (this.#state === 'line') return this.#readLine();
    if (this.#state === 'block') return this.#readBlock();
    return undefined;
  }

  #begin(): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    const version = queue.byteAt(0) === LINE_BEGIN[0] ? 1 : 2;
    const expected = version === 1 ? LINE_BEGIN : SIGNATURE;
    for (; this.#seen < Math.min(queue.length, expected.length); this.#seen++) {
      if (queue.byteAt(this.#seen) === expected[this.#seen]) continue;
      throw invalid('the connection begins with other bytes');
    }
    if (this.#seen === expected.length && !this.#versions.includes(version)) {
      throw invalid('this version is not accepted', version);
    }
    if (version === 1) {
      if (this.#seen === expected.length) this.#state = 'line';
    } else if (queue.length >= PREFIX_BYTES) this.#checkPrefix();
  }

  #checkPrefix(): void {
    const queue = this.#queue;
    const versionAndCommand = queue.byteAt(12);
    if (versionAndCommand >> 4 !== 2) throw invalid('its version is not 2', 2);
    const command = versionAndCommand & 0xf;
    if (command > 1) throw invalid(`unknown command ${command}`, 2);
    // LOCAL: the family is ignored, whatever it is.
    const familyAndKind = queue.byteAt(13);
    if (command === 1 && (familyAndKind >> 4 > AF_UNIX || (familyAndKind & 0xf) > 2)) {
      throw invalid(`unknown family and kind 0x${familyAndKind.toString(16)}`, 2);
    }
    this.#length = PREFIX_BYTES + queue.readUnsigned(14, 2, false);
    if (this.#length > this.#maxHeaderBytes) {
      throw withoutStack(
        () => new ProxyHeaderTooLongError(this.#maxHeaderBytes, this.#length, 'maxHeaderBytes'),
      );
    }
    this.#state = 'block';
  }

  #readLine(): ProxyHeader | undefined {
    const queue = this.#queue;
    // The search stops in front of the limit, so that the result does not depend on how the bytes were split.
    for (; this.#seen < Math.min(queue.length, MAX_LINE_BYTES); this.#seen++) {
      if (queue.byteAt(this.#seen) !== LF || queue.byteAt(this.#seen - 1) !== CR) continue;
      const line = queue.cut(LINE_BEGIN.length, this.#seen - 1, this.#seen + 1).toString('latin1');
      this.#state = 'done';
      return headerOfLine(line);
    }
    if (this.#seen < MAX_LINE_BYTES) return undefined;
    throw withoutStack(() => new ProxyHeaderTooLongError(MAX_LINE_BYTES));
  }

  #readBlock(): ProxyHeader | undefined {
    if (this.#queue.length < this.#length) return undefined;
    const block = this.#queue.cut(0, this.#length, this.#length);
    this.#state = 'done';
    return headerOfBlock(block);
  }
}

/** @param line The text after `PROXY `, without CRLF. */
function headerOfLine(line: string): ProxyHeader {
  const [family, sourceHost, destinationHost, sourcePort, destinationPort, ...more] =
    line.split(' ');
  if (family === 'UNKNOWN') return { version: 1, command: 'PROXY', ...NO_ADDRESSES };
  const ipv6 = family === 'TCP6';
  if (!ipv6 && family !== 'TCP4') throw invalid('its family is not TCP4, TCP6 or UNKNOWN', 1);
  const source = addressFromText(ipv6, sourceHost ?? '', sourcePort ?? '');
  const destination = addressFromText(ipv6, destinationHost ?? '', destinationPort ?? '');
  if (source === undefined || destination === undefined || more.length > 0) {
    throw invalid('its addresses and ports are not of the family, or malformed', 1);
  }
  return { version: 1, command: 'PROXY', kind: 'stream', source, destination, ...NO_EXTRAS };
}

function headerOfBlock(block: Buffer): ProxyHeader {
  if ((block.readUInt8(12) & 0xf) === 0) return { version: 2, command: 'LOCAL', ...NO_ADDRESSES };
  const family = block.readUInt8(13) >> 4;
  const kind = block.readUInt8(13) & 0xf;
  // The length of the addresses is unknown, so there is no telling where TLVs would begin.
  if (family === 0 || kind === 0) return { version: 2, command: 'PROXY', ...NO_ADDRESSES };
  const tlvsAt = PREFIX_BYTES + pairBytes(family);
  if (tlvsAt > block.length) throw invalid('it is shorter than the addresses of its family', 2);
  const { checksumAt, ...extras } = readTLVs(block.subarray(tlvsAt));
  if (checksumAt !== undefined) checkChecksum(block, tlvsAt + checksumAt);
  return {
    version: 2,
    command: 'PROXY',
    kind: kind === 1 ? 'stream' : 'datagram',
    ...readPair(family, kind === 1 ? 'TCP' : 'UDP', block.subarray(PREFIX_BYTES, tlvsAt)),
    ...extras,
  };
}

/** The checksum is that of the whole header with zeros in its own place (section 2.2.3). */
function checkChecksum(block: Buffer, at: number): void {
  const received = block.readUInt32BE(at);
  const computed = crc32c(Buffer.from(block).fill(0, at, at + 4));
  if (received !== computed) {
    throw withoutStack(() => new ProxyHeaderChecksumError(received, computed));
  }
}

function checkVersions(versions: readonly ProxyVersion[]): readonly ProxyVersion[] {
  if (!Array.isArray(versions) || versions.length === 0) {
    throw new InvalidArgumentTypeError('versions', 'an array with 1, 2 or both', versions);
  }
  for (const version of versions) checkInteger('an element of versions', version, 1, 2);
  return versions;
}

function invalid(problem: string, version?: ProxyVersion): InvalidProxyHeaderError {
  return withoutStack(() => new InvalidProxyHeaderError(problem, version));
}
