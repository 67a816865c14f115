/** Errors of HTTP/2 connections on transports. */
import { RemoteProtocolError } from '../../core/errors/base.js';

/** The peer has not acknowledged the settings of this end in time (RFC 9113 section 6.5.3). */
export class HTTP2SettingsTimeoutError extends RemoteProtocolError {
  override readonly name = 'HTTP2SettingsTimeoutError';
  override readonly code = 'ERR_HTTP2_SETTINGS_TIMEOUT';
  /** The option. */
  readonly option = 'settingsTimeoutMs';
  /** Its value in milliseconds. */
  readonly limit: number;

  constructor(limit: number) {
    super(
      `the HTTP/2 peer has not acknowledged the settings within settingsTimeoutMs: ${limit} ms`,
    );
    this.limit = limit;
  }
}

/** The peer has reset a stream: the request or the response will not become complete. */
export class HTTP2StreamResetError extends RemoteProtocolError {
  override readonly name = 'HTTP2StreamResetError';
  override readonly code = 'ERR_HTTP2_STREAM_RESET';
  /** The reason that the peer gave (RFC 9113 section 7), such as 8 for CANCEL. */
  readonly errorCode: number;

  constructor(errorCode: number) {
    super(`the HTTP/2 peer has reset the stream with the error code ${errorCode}`);
    this.errorCode = errorCode;
  }
}
