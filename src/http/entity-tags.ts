/** Entity tags in the form of fields, quotes included: `"abc"` is strong, `W/"abc"` weak (RFC 9110 section 8.8.3). */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
/** `*`, or a list that may have empty elements. A comma may be part of a tag. */
const NEXT_TAG = /[ \t,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)/y;
const REST = /^[ \t,]*$/;

export function isEntityTag(text: string): boolean {
  return ENTITY_TAG.test(text);
}

export function isWeak(tag: string): boolean {
  return tag.startsWith('W/');
}

/** The weak tag of the same value, for a representation that is equivalent but not identical, such as a compressed one. */
export function weakened(tag: string): string {
  return isWeak(tag) ? tag : `W/${tag}`;
}

/**
 * An entity tag of a value.
 * @throws InvalidArgumentValueError `value` has a quote, a space, a control or a character above U+00FF.
 */
export function formatEntityTag(value: string, weak = false): string {
  const tag = `${weak ? 'W/' : ''}"${value}"`;
  if (!isEntityTag(tag)) {
    throw new InvalidArgumentValueError('value', 'characters of an entity tag', value);
  }
  return tag;
}

/** Both are strong and identical (RFC 9110 section 8.8.3.2). */
export function stronglyEqual(one: string, other: string): boolean {
  return one === other && !isWeak(one);
}

/** Their values are identical, whether they are weak or not. */
export function weaklyEqual(one: string, other: string): boolean {
  return opaqueOf(one) === opaqueOf(other);
}

function opaqueOf(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag;
}

/** The tags of an If-Match or If-None-Match field in linear time. Undefined if it is malformed or has no tag. */
export function parseEntityTags(value: string): readonly string[] | '*' | undefined {
  if (value === '*') return '*';
  const tags: string[] = [];
  let at = 0;
  for (;;) {
    NEXT_TAG.lastIndex = at;
    const tag = NEXT_TAG.exec(value)?.[1];
    if (tag === undefined) break;
    at = NEXT_TAG.lastIndex;
    tags.push(tag);
  }
  return tags.length > 0 && REST.test(value.slice(at)) ? tags : undefined;
}
