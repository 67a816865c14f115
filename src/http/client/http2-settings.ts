/** The settings of connections of HTTP/2. */
import { checkInteger, checkPlainObject } from '../../internal/check.js';
import {
  checkOptions,
  type OptionNames,
  omitOptions,
  pickOptions,
} from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import {
  checkSettings,
  HTTP2_OPTION_NAMES,
  type HTTP2Options,
} from '../../protocols/http2/limits.js';
import { MAX_WINDOW_BYTES } from '../../protocols/http2/settings.js';

type OwnOptions = Omit<HTTP2Options, 'role' | 'enableConnectProtocol' | 'maxConcurrentStreams'>;

/** Limits of connections of HTTP/2. `connectionWindowBytes` is by default enough for `maxStreamsPerConnection` streams. Also: */
export interface HTTP2ClientOptions extends OwnOptions {
  /** Most requests at a time on one connection, if the server does not permit fewer: 1 to 65,536. Default 100. */
  readonly maxStreamsPerConnection?: number;
  /**
   * How often a request is sent again that the server has refused or left unprocessed (REFUSED_STREAM, GOAWAY, HTTP_1_1_REQUIRED), or answered with
   * 421: 0 to 100. Default 5.
   */
  readonly maxResends?: number;
  /** Time for which an unused connection is kept, in milliseconds, greater than 0. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /**
   * A connection on which nothing was received for this time, in milliseconds, greater than 0, takes further requests only after the server has
   * answered a PING. Default 10,000.
   */
  readonly pingAfterMs?: number;
  /** Time in which the server has to acknowledge the settings, in milliseconds, greater than 0. Default 10,000. */
  readonly settingsTimeoutMs?: number;
  /** Time for the answer, after which the connection is aborted, in milliseconds, greater than 0. Default 5,000. */
  readonly pingTimeoutMs?: number;
}

const CORE_NAMES: OptionNames<OwnOptions> = omitOptions(HTTP2_OPTION_NAMES, {
  role: true,
  enableConnectProtocol: true,
  maxConcurrentStreams: true,
});

const NAMES: OptionNames<HTTP2ClientOptions> = {
  ...CORE_NAMES,
  maxStreamsPerConnection: true,
  maxResends: true,
  idleTimeoutMs: true,
  pingAfterMs: true,
  pingTimeoutMs: true,
  settingsTimeoutMs: true,
};

const USUAL_STREAM_WINDOW = 262_144;

export interface HTTP2ClientSettings extends Required<Omit<HTTP2ClientOptions, keyof OwnOptions>> {
  /** Frozen: shared by all connections. */
  readonly core: HTTP2Options;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function http2ClientSettings(options: HTTP2ClientOptions = {}): HTTP2ClientSettings {
  checkPlainObject('http2Limits', options);
  checkOptions('http2Limits', options, NAMES);
  const { maxStreamsPerConnection = 100, maxResends = 5 } = options;
  const { idleTimeoutMs = 60_000, pingAfterMs = 10_000, pingTimeoutMs = 5_000 } = options;
  const { settingsTimeoutMs = 10_000 } = options;
  checkInteger('maxStreamsPerConnection', maxStreamsPerConnection, 1, 65_536);
  checkInteger('maxResends', maxResends, 0, 100);
  checkTimeout('idleTimeoutMs', idleTimeoutMs);
  checkTimeout('pingAfterMs', pingAfterMs);
  checkTimeout('pingTimeoutMs', pingTimeoutMs);
  checkTimeout('settingsTimeoutMs', settingsTimeoutMs);
  const { streamWindowBytes = USUAL_STREAM_WINDOW } = options;
  // Content that nobody reads then stops no other stream.
  const connectionWindowBytes = Math.min(
    streamWindowBytes * maxStreamsPerConnection,
    MAX_WINDOW_BYTES,
  );
  const own = pickOptions(options, CORE_NAMES);
  const core: HTTP2Options = Object.freeze({ role: 'client', connectionWindowBytes, ...own });
  checkSettings(core);
  return {
    maxStreamsPerConnection,
    maxResends,
    idleTimeoutMs,
    pingAfterMs,
    pingTimeoutMs,
    settingsTimeoutMs,
    core,
  };
}
