/** The settings that this end announces, and the limits of all that a peer can make grow or repeat. */
import { checkBoolean, checkChoice, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { HTTPRole } from '../http/errors.js';
import type { HTTP2Limit } from './errors.js';
import { MAX_MAX_FRAME_BYTES, MIN_MAX_FRAME_BYTES } from './frame-types.js';
import { INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES } from './settings.js';

/**
 * Limits of counts begin again with each interval, whose end the caller announces by `passInterval`. Peers that exceed one
 * of these lose the connection, if nothing else is said here.
 */
export interface HTTP2Options {
  readonly role: HTTPRole;
  /** The dynamic table of the decoder, as RFC 7541 section 4.1 counts it, in bytes: 0 to 65,536. Default 4,096. */
  readonly headerTableBytes?: number;
  /** The most for that of the encoder, whatever the peer permits, in bytes: 0 to 65,536. Default 4,096. */
  readonly encoderTableBytes?: number;
  /** Requests of a client at a time: 1 to 2^31 - 1. Default 100. Others are refused, and count as resets. */
  readonly maxConcurrentStreams?: number;
  /** Content that a stream may receive before the application consumes it, in bytes: 65,535 to 2^31 - 1. Default 262,144. */
  readonly streamWindowBytes?: number;
  /** The same for all streams together, and so the most content in memory. Default 1,048,576. */
  readonly connectionWindowBytes?: number;
  /** The longest payload of a frame, in bytes: 16,384 to 2^24 - 1. Default 16,384. */
  readonly maxFrameBytes?: number;
  /**
   * The longest field section, in bytes, each field with 32 more: 64 to 2^24. Default 16,384. A server answers longer ones with
   * 431, a client resets the stream.
   */
  readonly maxHeaderListBytes?: number;
  /** The most field lines in a section: 1 to 10,000. Default 100. As above. */
  readonly maxFields?: number;
  /** The longest encoded header block, in bytes: 64 to 2^24. Default 32,768. */
  readonly maxHeaderBlockBytes?: number;
  /** CONTINUATION frames of one block: 0 to 10,000. Default 8. */
  readonly maxContinuations?: number;
  /** Informational responses to one request: 0 to 1,000. Default 16. The stream is reset. */
  readonly maxInformational?: number;
  /** Whether a server accepts extended CONNECT (RFC 8441). Default false. */
  readonly enableConnectProtocol?: boolean;
  /**
   * Streams that the peer resets, or makes this end reset, and frames that reset none: 1 to 2^31 - 1. Default 200. Against rapid
   * reset (CVE-2023-44487) and MadeYouReset (CVE-2025-8671).
   */
  readonly maxResets?: number;
  /** PING frames: 1 to 2^31 - 1. Default 100. */
  readonly maxPings?: number;
  /** SETTINGS frames, with acknowledgements: 1 to 2^31 - 1. Default 50. */
  readonly maxSettings?: number;
  /** DATA frames without content that do not end a stream: 1 to 2^31 - 1. Default 100. */
  readonly maxEmptyData?: number;
  /** PRIORITY and PRIORITY_UPDATE frames: 1 to 2^31 - 1. Default 1,000. */
  readonly maxPriorities?: number;
  /** WINDOW_UPDATE frames beyond two for each stream and each DATA frame that was sent: 1 to 2^31 - 1. Default 1,000. */
  readonly maxWindowUpdates?: number;
  /** DATA frames that the peer's windows cut to less than 256 bytes: 1 to 2^31 - 1. Default 1,000. */
  readonly maxTinyFrames?: number;
  /** Frames of unknown types: 1 to 2^31 - 1. Default 100. */
  readonly maxUnknownFrames?: number;
  /**
   * Intervals in a row in which a stream has content to send, but the windows permit less than `minIntervalBytes`: 1 to 1,000.
   * Default 6. The stream is reset.
   */
  readonly maxStalledIntervals?: number;
  /** The least content of a stream that is progress in one interval, in bytes: 1 to 2^31 - 1. Default 1,024. */
  readonly minIntervalBytes?: number;
}

/** All options with their values. */
export type HTTP2Settings = Required<HTTP2Options>;

/** The names of the options: servers and clients take most of them. */
export const HTTP2_OPTION_NAMES: OptionNames<HTTP2Options> = {
  role: true,
  headerTableBytes: true,
  encoderTableBytes: true,
  maxConcurrentStreams: true,
  streamWindowBytes: true,
  connectionWindowBytes: true,
  maxFrameBytes: true,
  maxHeaderListBytes: true,
  maxFields: true,
  maxHeaderBlockBytes: true,
  maxContinuations: true,
  maxInformational: true,
  enableConnectProtocol: true,
  maxResets: true,
  maxPings: true,
  maxSettings: true,
  maxEmptyData: true,
  maxPriorities: true,
  maxWindowUpdates: true,
  maxTinyFrames: true,
  maxUnknownFrames: true,
  maxStalledIntervals: true,
  minIntervalBytes: true,
};

const MAX_COUNT = 2 ** 31 - 1;
const MAX_TABLE_BYTES = 65_536;
const MAX_SECTION_BYTES = 2 ** 24;

/** Default, minimum and maximum of each number. */
const RANGES: Readonly<
  Record<
    Exclude<keyof HTTP2Options, 'role' | 'enableConnectProtocol'>,
    readonly [usual: number, min: number, max: number]
  >
> = {
  headerTableBytes: [4096, 0, MAX_TABLE_BYTES],
  encoderTableBytes: [4096, 0, MAX_TABLE_BYTES],
  maxConcurrentStreams: [100, 1, MAX_COUNT],
  streamWindowBytes: [262_144, INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES],
  connectionWindowBytes: [1_048_576, INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES],
  maxFrameBytes: [MIN_MAX_FRAME_BYTES, MIN_MAX_FRAME_BYTES, MAX_MAX_FRAME_BYTES],
  maxHeaderListBytes: [16_384, 64, MAX_SECTION_BYTES],
  maxFields: [100, 1, 10_000],
  maxHeaderBlockBytes: [32_768, 64, MAX_SECTION_BYTES],
  maxContinuations: [8, 0, 10_000],
  maxInformational: [16, 0, 1000],
  maxResets: [200, 1, MAX_COUNT],
  maxPings: [100, 1, MAX_COUNT],
  maxSettings: [50, 1, MAX_COUNT],
  maxEmptyData: [100, 1, MAX_COUNT],
  maxPriorities: [1000, 1, MAX_COUNT],
  maxWindowUpdates: [1000, 1, MAX_COUNT],
  maxTinyFrames: [1000, 1, MAX_COUNT],
  maxUnknownFrames: [100, 1, MAX_COUNT],
  maxStalledIntervals: [6, 1, 1000],
  minIntervalBytes: [1024, 1, MAX_COUNT],
};

/** Settings of frozen options, which connections share: idle ones should cost little. */
const shared = new WeakMap<HTTP2Options, HTTP2Settings>();

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkSettings(options: HTTP2Options): HTTP2Settings {
  const known = shared.get(options);
  if (known !== undefined) return known;
  const settings = checkedSettings(options);
  if (Object.isFrozen(options)) shared.set(options, settings);
  return settings;
}

function checkedSettings(options: HTTP2Options): HTTP2Settings {
  checkOptions('HTTP2Connection', options, HTTP2_OPTION_NAMES);
  const role = checkChoice('role', options.role, ['client', 'server']);
  const { enableConnectProtocol = false } = options;
  checkBoolean('enableConnectProtocol', enableConnectProtocol);
  const numbers: Record<string, number> = {};
  for (const name of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const [usual, min, max] = RANGES[name];
    numbers[name] = checkInteger(name, options[name] ?? usual, min, max);
  }
  return { ...(numbers as Record<keyof typeof RANGES, number>), role, enableConnectProtocol };
}

/** The limits of repetitions in one interval. */
export type CountedLimit = Extract<
  HTTP2Limit,
  | 'maxEmptyData'
  | 'maxPings'
  | 'maxPriorities'
  | 'maxResets'
  | 'maxSettings'
  | 'maxTinyFrames'
  | 'maxUnknownFrames'
  | 'maxWindowUpdates'
>;
