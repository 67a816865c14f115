/** The limits of received messages: whatever a peer can make grow. */
import { checkBoolean, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

/** Limits of both roles. */
export interface ResponseParserOptions {
  /** Longest head accepted, start line and final empty line included, in bytes: 64 to 2^24. Default 16,384. */
  readonly maxHeadBytes?: number;
  /** Most field lines in a head, and in a trailer section: 1 to 10,000. Default 100. */
  readonly maxFields?: number;
  /**
   * Longest content accepted, in bytes: 0 to 2^53 - 1. Default 1,048,576 for requests, and no limit for responses.
   * `parser.maxContentBytes` changes it for one message.
   */
  readonly maxContentBytes?: number;
  /** Longest trailer section accepted, in bytes: 2 to 2^24. Default 8,192. */
  readonly maxTrailerBytes?: number;
  /** Most bytes in the chunk extensions of one message: 0 to 2^24. Default 4,096. */
  readonly maxChunkExtensionBytes?: number;
  /** Most informational responses to one request: 0 to 1,000. Default 16. */
  readonly maxInformational?: number;
}

/** Limits of requests. */
export interface RequestLimitOptions extends Omit<ResponseParserOptions, 'maxInformational'> {
  /** Longest method accepted, in bytes: 1 to 1,024. Default 32. A longer one is answered with 501. */
  readonly maxMethodBytes?: number;
  /** Longest request target accepted, in bytes: 1 to 2^24. Default 8,192. A longer one is answered with 414. */
  readonly maxTargetBytes?: number;
}

export interface RequestParserOptions extends RequestLimitOptions {
  /**
   * Whether requests of HTTP/1.1 without Host are invalid, as RFC 9112 section 3.2 demands. Without it, `head.authority` may be undefined in
   * HTTP/1.1 too. Default true.
   */
  readonly requireHost?: boolean;
}

/** All limits with their values. */
export type MessageLimits = { -readonly [Name in keyof AllLimits]-?: number };

type AllLimits = ResponseParserOptions & RequestLimitOptions;

const SHARED_NAMES = {
  maxHeadBytes: true,
  maxFields: true,
  maxContentBytes: true,
  maxTrailerBytes: true,
  maxChunkExtensionBytes: true,
} as const;
const RESPONSE_NAMES: OptionNames<ResponseParserOptions> = {
  ...SHARED_NAMES,
  maxInformational: true,
};
const REQUEST_NAMES: OptionNames<RequestParserOptions> = {
  ...SHARED_NAMES,
  maxMethodBytes: true,
  maxTargetBytes: true,
  requireHost: true,
};

const MAX_SECTION_BYTES = 2 ** 24;

/** The default of `maxContentBytes` for requests: 1 MiB. */
export const MAX_REQUEST_CONTENT_BYTES: number = 1024 * 1024;

export function requestLimits(options: RequestParserOptions): MessageLimits {
  checkOptions('RequestParser', options, REQUEST_NAMES);
  if (options.requireHost !== undefined) checkBoolean('requireHost', options.requireHost);
  return checkLimits(options, MAX_REQUEST_CONTENT_BYTES);
}

export function responseLimits(options: ResponseParserOptions): MessageLimits {
  checkOptions('ResponseParser', options, RESPONSE_NAMES);
  return checkLimits(options, Number.MAX_SAFE_INTEGER);
}

export function checkMaxContentBytes(value: unknown): number {
  return checkInteger('maxContentBytes', value, 0, Number.MAX_SAFE_INTEGER);
}

function checkLimits(options: AllLimits, contentBytes: number): MessageLimits {
  const {
    maxMethodBytes = 32,
    maxTargetBytes = 8192,
    maxHeadBytes = 16_384,
    maxFields = 100,
    maxContentBytes = contentBytes,
    maxTrailerBytes = 8192,
    maxChunkExtensionBytes = 4096,
    maxInformational = 16,
  } = options;
  checkInteger('maxMethodBytes', maxMethodBytes, 1, 1024);
  checkInteger('maxTargetBytes', maxTargetBytes, 1, MAX_SECTION_BYTES);
  checkInteger('maxHeadBytes', maxHeadBytes, 64, MAX_SECTION_BYTES);
  checkInteger('maxFields', maxFields, 1, 10_000);
  checkMaxContentBytes(maxContentBytes);
  checkInteger('maxTrailerBytes', maxTrailerBytes, 2, MAX_SECTION_BYTES);
  checkInteger('maxChunkExtensionBytes', maxChunkExtensionBytes, 0, MAX_SECTION_BYTES);
  checkInteger('maxInformational', maxInformational, 0, 1000);
  return {
    maxMethodBytes,
    maxTargetBytes,
    maxHeadBytes,
    maxFields,
    maxContentBytes,
    maxTrailerBytes,
    maxChunkExtensionBytes,
    maxInformational,
  };
}
