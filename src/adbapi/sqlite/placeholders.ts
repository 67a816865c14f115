/**
 * The placeholders of an SQL statement, as far as SQLite needs help: it takes missing parameters for NULL, drops all statements after
 * the first, and knows `$1` only as a name.
 */

/** How the parameters of a statement are bound. */
export interface Placeholders {
  /** `$1`: by name. Otherwise in their order. */
  readonly numbered: boolean;
  /** The number of parameters. */
  readonly count: number;
  /** Whether a second statement follows the first. */
  readonly more: boolean;
}

/** Text, quoted names and comments; placeholders; semicolons; words, so that `a$1` is no placeholder. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\?(\d*)|[$:@]([A-Za-z0-9_]+)|;|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\S/g;
const COMMENT = /^(?:--|\/\*)/;
/** Its body has semicolons. */
const TRIGGER = /^\s*CREATE\s+(?:TEMP(?:ORARY)?\s+)?TRIGGER\b/i;

/** @throws Error The statement has named placeholders, or mixes `?` and `$1`. */
export function placeholdersOf(sql: string): Placeholders {
  let ended = false;
  let more = false;
  let inOrder = 0;
  let numbered = 0;
  for (const [token, question, name] of sql.matchAll(TOKEN)) {
    if (COMMENT.test(token)) continue;
    if (ended) more = true;
    else if (token === ';') ended = true;
    else if (question !== undefined) {
      inOrder = question === '' ? inOrder + 1 : Math.max(inOrder, Number(question));
    } else if (name !== undefined) {
      if (!token.startsWith('$') || !/^[1-9]\d*$/.test(name)) {
        throw new Error(`the placeholder ${token} is not supported: use ? or $1`);
      }
      numbered = Math.max(numbered, Number(name));
    }
  }
  if (numbered > 0 && inOrder > 0) throw new Error('the placeholders ? and $1 cannot be mixed');
  return {
    numbered: numbered > 0,
    count: Math.max(numbered, inOrder),
    more: more && !TRIGGER.test(sql),
  };
}
