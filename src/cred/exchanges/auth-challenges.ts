/** Challenges in WWW-Authenticate fields (RFC 9110 section 11.6.1). One field may have several; commas separate these, and parameters too. */
import { MAX_FIELD_LENGTH, MAX_PARAMS, PARAM, unquotedParam } from './auth-params.js';

/** A challenge with parameters. */
export interface AuthChallenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case. Empty if the challenge has none, or a single token in their place. */
  readonly params: ReadonlyMap<string, string>;
}

/** Most challenges of one response; further ones are ignored. */
const MAX_CHALLENGES = 16;

const SCHEME =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +[0-9A-Za-z._~+/-]+=*(?=[ \t]*(?:,|$)))?(?=[ \t,]|$)/y;
const GAP = /[ \t,]*/y;

/**
 * The well-formed challenges, in order. A malformed one is left out, with the rest of its field: its end is unknown.
 * @param fields The values of the lines.
 */
export function parseAuthChallenges(fields: readonly string[]): AuthChallenge[] {
  const challenges = fields.flatMap((field) =>
    field.length > MAX_FIELD_LENGTH ? [] : challengesOf(field),
  );
  return challenges.slice(0, MAX_CHALLENGES);
}

function challengesOf(field: string): AuthChallenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  const broken = (): AuthChallenge[] => challenges.slice(0, -1);
  for (let at = endOf(GAP, field, 0); at < field.length; at = endOf(GAP, field, at)) {
    const current = challenges.at(-1);
    PARAM.lastIndex = at;
    const found = current === undefined ? null : PARAM.exec(field);
    if (current !== undefined && found !== null) {
      const name = (found[1] as string).toLowerCase();
      if (current.params.has(name) || current.params.size === MAX_PARAMS) return broken();
      current.params.set(name, unquotedParam(found[2], found[3]));
      at = PARAM.lastIndex;
      continue;
    }
    SCHEME.lastIndex = at;
    const scheme = SCHEME.exec(field)?.[1];
    if (scheme === undefined) return broken();
    challenges.push({ scheme: scheme.toLowerCase(), params: new Map() });
    at = SCHEME.lastIndex;
  }
  return challenges;
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(text);
  return pattern.lastIndex;
}
