/** Priorities of requests (RFC 9218), in the Priority field and in PRIORITY_UPDATE frames. */

import { checkBoolean, checkInteger } from '../../internal/check.js';

/** How urgent a response is. The sender of the response decides about its effect. */
export interface HTTP2Priority {
  /** 0 to 7, less is more urgent. Default 3. */
  readonly urgency: number;
  /** Whether a part of the response is useful, so that it may share the connection with others. Default false. */
  readonly isIncremental: boolean;
}

export const DEFAULT_PRIORITY: HTTP2Priority = { urgency: 3, isIncremental: false };

const KEY = '[a-z*][-a-z0-9_.*]*';
const BARE =
  '-?\\d{1,15}(?:\\.\\d{1,3})?|\\?[01]|"(?:[ !#-[\\]-~]|\\\\["\\\\])*"|:[A-Za-z0-9+/=]*:|[A-Za-z*][-A-Za-z0-9!#$%&\'*+.^_`|~:/]*';
const PARAMETERS = `(?:; *${KEY}(?:=(?:${BARE}))?)*`;
/** A member of a dictionary (RFC 8941 section 3.2) that is not an inner list, and the comma behind it. */
const MEMBER = new RegExp(`(${KEY})(?:=(${BARE}))?${PARAMETERS}(?:[ \\t]*(,)[ \\t]*|$)`, 'y');
const MAX_LENGTH = 256;

/** @param value The value of a Priority field. One that is invalid, or longer than 256 characters, is ignored. */
export function parsePriority(value: string): HTTP2Priority {
  if (value === '' || value.length > MAX_LENGTH) return DEFAULT_PRIORITY;
  let { urgency, isIncremental } = DEFAULT_PRIORITY;
  let mustFollow = true;
  MEMBER.lastIndex = 0;
  while (mustFollow) {
    const member = MEMBER.exec(value);
    if (member === null) return DEFAULT_PRIORITY;
    const [, key, item = '?1', comma] = member;
    // Values of other types or out of range are ignored (RFC 9218 section 4).
    if (key === 'u' && /^[0-7]$/.test(item)) urgency = Number(item);
    else if (key === 'i' && item.startsWith('?')) isIncremental = item === '?1';
    mustFollow = comma !== undefined;
  }
  return { urgency, isIncremental };
}

/** The value of a Priority field. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function priorityText({ urgency, isIncremental }: HTTP2Priority): string {
  checkInteger('urgency', urgency, 0, 7);
  return checkBoolean('isIncremental', isIncremental) ? `u=${urgency}, i` : `u=${urgency}`;
}
