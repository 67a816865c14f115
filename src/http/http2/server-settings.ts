/** The settings of HTTP/2 on a server. */
import type { Clock } from '../../core/clock.js';
import { HIGH_WATER_MARK_BYTES } from '../../core/transport.js';
import { checkInteger } from '../../internal/check.js';
import {
  checkOptions,
  type OptionNames,
  omitOptions,
  pickOptions,
} from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import {
  type MessageLimits,
  type RequestParserOptions,
  requestLimits,
} from '../../protocols/http/limits.js';
import {
  checkSettings,
  HTTP2_OPTION_NAMES,
  type HTTP2Options,
} from '../../protocols/http2/limits.js';
import { HTTP2Intervals } from './intervals.js';

/**
 * Limits of the HTTP/2 connections of a server, besides those of `HTTPServerOptions`: `maxHeadBytes` and `maxFields` apply to field
 * sections, of which each field counts 32 bytes more.
 */
export interface HTTP2ServerOptions
  extends Omit<
    HTTP2Options,
    'role' | 'enableConnectProtocol' | 'maxHeaderListBytes' | 'maxFields' | 'maxInformational'
  > {
  /** Time in which a client has to acknowledge the settings, in milliseconds: greater than 0. Checked every 10 s. Default 10,000. */
  readonly settingsTimeoutMs?: number;
  /**
   * Unsent bytes of a connection from which on it is not read, until all are sent: 65,536 to 2^31 - 1. Default 1,048,576. Content waits for
   * the transport anyway: these are heads, and answers to control frames, of a client that does not read them. Checked between
   * frames; what is written in one turn, at most 64 KiB and one response, comes on top.
   */
  readonly maxUnsentBytes?: number;
}

const OPTIONS: OptionNames<HTTP2ServerOptions> = {
  ...omitOptions(HTTP2_OPTION_NAMES, {
    role: true,
    enableConnectProtocol: true,
    maxHeaderListBytes: true,
    maxFields: true,
    maxInformational: true,
  }),
  settingsTimeoutMs: true,
  maxUnsentBytes: true,
};

/** Checked options, which the connections of a server share. */
export interface HTTP2ServerSettings {
  readonly options: HTTP2Options;
  readonly limits: MessageLimits;
  readonly settingsTimeoutMs: number;
  readonly maxUnsentBytes: number;
}

/** The state of a server that its HTTP/2 connections share. */
export interface HTTP2Service extends HTTP2ServerSettings {
  readonly intervals: HTTP2Intervals;
}

/**
 * @param http2 `false`: none.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function http2Settings(
  http2: boolean | HTTP2ServerOptions,
  parserOptions: RequestParserOptions,
): HTTP2ServerSettings | undefined {
  if (http2 === false) return undefined;
  const given = http2 === true ? {} : http2;
  checkOptions('http2', given, OPTIONS);
  const {
    settingsTimeoutMs = 10_000,
    maxUnsentBytes = 1_048_576,
    ...options
  } = pickOptions(given, OPTIONS);
  const limits = requestLimits(parserOptions);
  const { maxHeadBytes: maxHeaderListBytes, maxFields } = limits;
  const frozen: HTTP2Options = Object.freeze({
    ...options,
    role: 'server',
    enableConnectProtocol: true,
    maxHeaderListBytes,
    maxFields,
  });
  checkSettings(frozen);
  checkTimeout('settingsTimeoutMs', settingsTimeoutMs);
  checkInteger('maxUnsentBytes', maxUnsentBytes, HIGH_WATER_MARK_BYTES, 2 ** 31 - 1);
  return { options: frozen, limits, settingsTimeoutMs, maxUnsentBytes };
}

export function http2Service(clock: Clock, settings: HTTP2ServerSettings): HTTP2Service {
  return { ...settings, intervals: new HTTP2Intervals(clock, settings.settingsTimeoutMs) };
}
