/** The result of parsing one connection's bytes, in a form that can be compared between parsers. */

export interface ParsedMessage {
  /** Method and target, or status and reason phrase. */
  readonly start: string;
  readonly version: string;
  /** Names and values. */
  readonly fields: readonly string[];
  readonly content: string;
  readonly trailers: readonly string[];
}

export interface Outcome {
  /** The complete messages, in order. */
  readonly messages: readonly ParsedMessage[];
  /** The rule or error code, if the parser refused the bytes; `incomplete` if the last message is. */
  readonly refusal: string | undefined;
  /** Whether the last message ended the connection, so that bytes behind it are not looked at. */
  readonly isDone?: boolean;
}

/**
 * The kind of a disagreement, `undefined` if there is none: `stricter: RULE` if only we refuse, `looser: CODE` if only the
 * other parser refuses, `different: PART` if both accept a message with another meaning, `behind the end` if the other parser
 * read on where we do not.
 */
export function disagreement(ours: Outcome, theirs: Outcome): string | undefined {
  const common = Math.min(ours.messages.length, theirs.messages.length);
  for (let i = 0; i < common; i++) {
    const [mine, other] = [ours.messages[i] as ParsedMessage, theirs.messages[i] as ParsedMessage];
    for (const name of ['start', 'version', 'fields', 'content', 'trailers'] as const) {
      if (JSON.stringify(mine[name]) !== JSON.stringify(other[name])) return `different: ${name}`;
    }
  }
  if (ours.isDone && common === ours.messages.length) {
    return theirs.messages.length > common || theirs.refusal !== undefined
      ? 'behind the end'
      : undefined;
  }
  if (ours.messages.length < theirs.messages.length) return `stricter: ${ours.refusal}`;
  if (ours.messages.length > theirs.messages.length) return `looser: ${theirs.refusal ?? 'closed'}`;
  if (ours.refusal !== undefined && theirs.refusal === undefined) {
    return ours.refusal === 'incomplete' ? undefined : `stricter: ${ours.refusal}`;
  }
  if (ours.refusal === undefined && theirs.refusal !== undefined)
    return `looser: ${theirs.refusal}`;
  return undefined;
}
