/** The fields `traceparent` and `tracestate` of a request: W3C Trace Context. */

/** The position of a caller in its trace. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** A byte; bit 0: the caller records the trace. */
  readonly traceFlags: number;
}

/** The length of a `traceparent` of version 00. */
const VERSION_0_LENGTH = 55;
/** Later versions may be longer. More than this is refused. */
export const MAX_TRACEPARENT_CHARACTERS = 256;
/** Longer values of `tracestate` are ignored. The standard requires at least 512 characters. */
export const MAX_TRACESTATE_CHARACTERS = 512;
/** Lists with more members are invalid: section 3.3.1.1. */
export const MAX_TRACESTATE_MEMBERS = 32;

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const ONLY_ZEROS = /^0+$/;
const INVALID_VERSION = 'ff';

/**
 * @param text The value of the field; undefined if there is none, or several.
 * @returns Undefined if it is invalid by section 3.2: the request then begins a trace.
 */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  if (text === undefined || text.length > MAX_TRACEPARENT_CHARACTERS) return undefined;
  const [, version, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === INVALID_VERSION) return undefined;
  if (version === '00' && text.length !== VERSION_0_LENGTH) return undefined;
  if (ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return undefined;
  // Only bit 0 is defined in version 00.
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

/**
 * The field `traceparent` of a request of the span: section 3.2.
 * @returns Undefined if the span has no valid ids, as those of a tracer that does nothing.
 */
export function traceParentText({ traceId, spanId, traceFlags }: TraceParent): string | undefined {
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
  const text = `00-${traceId}-${spanId}-${flags}`;
  return parseTraceParent(text) === undefined ? undefined : text;
}

/** @returns The list, if it is within the limits; its members are not checked. */
export function limitedTraceState(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_TRACESTATE_CHARACTERS) return undefined;
  return text.split(',').length > MAX_TRACESTATE_MEMBERS ? undefined : text;
}
