/** Errors of PROXY protocol headers that a peer sent, or did not send. */
import { RemoteProtocolError } from '../../core/errors/base.js';

/** The connection does not begin with a PROXY header, or the header is malformed. */
export class InvalidProxyHeaderError extends RemoteProtocolError {
  override readonly name = 'InvalidProxyHeaderError';
  override readonly code = 'ERR_INVALID_PROXY_HEADER';
  /** The version of the header; undefined if its first bytes belong to no version. */
  readonly version: 1 | 2 | undefined;

  constructor(problem: string, version?: 1 | 2) {
    super(
      `${version === undefined ? 'no PROXY header' : `invalid PROXY v${version} header`}: ${problem}`,
    );
    this.version = version;
  }
}

/** The header is longer than the receiver accepts. */
export class ProxyHeaderTooLongError extends RemoteProtocolError {
  override readonly name = 'ProxyHeaderTooLongError';
  override readonly code = 'ERR_PROXY_HEADER_TOO_LONG';
  /** The announced length of a version 2 header; undefined for version 1, whose line has no end within the limit. */
  readonly length: number | undefined;
  /** The option that was exceeded; undefined for version 1, whose limit is fixed. */
  readonly option: 'maxHeaderBytes' | undefined;
  /** The limit in bytes. */
  readonly limit: number;

  constructor(limit: number, length?: number, option?: 'maxHeaderBytes') {
    const long = length === undefined ? '' : ` of ${length} bytes`;
    super(`a PROXY header${long} is longer than ${limit} bytes`);
    this.length = length;
    this.option = option;
    this.limit = limit;
  }
}

/** The checksum in the header is not that of its bytes. */
export class ProxyHeaderChecksumError extends RemoteProtocolError {
  override readonly name = 'ProxyHeaderChecksumError';
  override readonly code = 'ERR_PROXY_HEADER_CHECKSUM';
  /** The CRC32c in the header. */
  readonly received: number;
  /** The CRC32c of the received bytes. */
  readonly computed: number;

  constructor(received: number, computed: number) {
    super(`the PROXY header has the CRC32c ${hex(received)}, its bytes have ${hex(computed)}`);
    this.received = received;
    this.computed = computed;
  }
}

/** The peer sent no complete header in time. */
export class ProxyHeaderTimeoutError extends RemoteProtocolError {
  override readonly name = 'ProxyHeaderTimeoutError';
  override readonly code = 'ERR_PROXY_HEADER_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no complete PROXY header in ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** The peer is not among the trusted ones, so its header would not be believed. */
export class UntrustedProxyError extends RemoteProtocolError {
  override readonly name = 'UntrustedProxyError';
  override readonly code = 'ERR_UNTRUSTED_PROXY';

  constructor(peer: string) {
    super(`${peer} is not a trusted peer: its PROXY header is not accepted`);
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
