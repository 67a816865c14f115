/**
 * Names of topics, and patterns. A topic has segments, separated by dots: `prices.eur.gold`. In a pattern `*` is any one segment, and `>`,
 * at the end, is one or more segments. Every server of `ropewalk/pubsub` gets the same syntax, that of NATS.
 */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkString } from '../internal/check.js';

/** Longest topic or pattern, in bytes of UTF-8. */
export const MAX_TOPIC_BYTES = 512;

const TOPIC_EXPECTED =
  'segments separated by dots, without spaces, control characters, * and >, at most 512 bytes';
const PATTERN_EXPECTED =
  'a topic in which segments may be *, and the last one >, at most 512 bytes';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it finds.
const FORBIDDEN = /[\s\u0000-\u001f\u007f-\u009f]/;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkTopic(topic: unknown): string {
  const text = checkString('topic', topic);
  if (isWellFormed(text) && !/[*>]/.test(text)) return text;
  throw new InvalidArgumentValueError('topic', TOPIC_EXPECTED, topic);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkPattern(pattern: unknown): string {
  const text = checkString('pattern', pattern);
  if (isWellFormed(text)) {
    const segments = text.split('.');
    const last = segments.length - 1;
    const isWild = (segment: string, i: number): boolean =>
      segment === '*' || (segment === '>' && i === last);
    if (segments.every((segment, i) => isWild(segment, i) || !/[*>]/.test(segment))) return text;
  }
  throw new InvalidArgumentValueError('pattern', PATTERN_EXPECTED, pattern);
}

/** Whether a checked pattern has wildcards. */
export function isWild(pattern: string): boolean {
  return /(^|\.)[*>](\.|$)/.test(pattern);
}

/** Whether a checked pattern matches a topic. */
export function matchesTopic(pattern: string, topic: string): boolean {
  const wanted = pattern.split('.');
  const given = topic.split('.');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '>') return given.length > i;
    if (i >= given.length || (wanted[i] !== '*' && wanted[i] !== given[i])) return false;
  }
  return wanted.length === given.length;
}

function isWellFormed(text: string): boolean {
  if (text === '' || FORBIDDEN.test(text) || /\p{Surrogate}/u.test(text)) return false;
  if (text.startsWith('.') || text.endsWith('.') || text.includes('..')) return false;
  return Buffer.byteLength(text) <= MAX_TOPIC_BYTES;
}
