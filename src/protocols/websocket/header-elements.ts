/** Lists in HTTP fields (RFC 9110 section 5.6), with limits, so that no peer makes their parsing expensive (CVE-2024-37890). */

/** The most characters of a field that are parsed. */
export const MAX_FIELD_LENGTH = 8_192;
/** The most elements of a list, or parameters of an element. */
export const MAX_ELEMENTS = 64;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A comma-separated list of tokens without empty elements; undefined if it is none, or beyond a limit. */
export function tokensOf(field: string): string[] | undefined {
  if (field.length > MAX_FIELD_LENGTH) return undefined;
  const elements = field.split(',', MAX_ELEMENTS + 1).map(withoutSpace);
  // RFC 9110 section 5.6.1.2: recipients ignore empty elements.
  const tokens = elements.filter((element) => element !== '');
  return elements.length <= MAX_ELEMENTS && tokens.every(isToken) ? tokens : undefined;
}

/** Whether a list of tokens contains `token`, which is in lower case. */
export function listsToken(field: string | undefined, token: string): boolean {
  if (field === undefined) return false;
  if (isToken(field)) return field.toLowerCase() === token;
  return tokensOf(field)?.some((each) => each.toLowerCase() === token) ?? false;
}

/** An element of `Sec-WebSocket-Extensions` (RFC 6455 section 9.1). */
export interface ExtensionElement {
  readonly name: string;
  /** In order, duplicates included; the value of a parameter without one is undefined. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** `, ; =`, a token, or a quoted string, behind optional white space. */
const LEXEME = /[ \t]*(?:([,;=])|([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)")/y;

/** The elements of `Sec-WebSocket-Extensions`; undefined if it is malformed or beyond a limit. */
export function extensionsOf(field: string): ExtensionElement[] | undefined {
  if (field.length > MAX_FIELD_LENGTH) return undefined;
  const lexemes = lexemesOf(field);
  if (lexemes === undefined) return undefined;
  const elements: ExtensionElement[] = [];
  let at = 0;
  for (;;) {
    const name = lexemes[at++];
    if (name?.kind !== 'token' || elements.length === MAX_ELEMENTS) return undefined;
    const parameters: (readonly [string, string | undefined])[] = [];
    while (lexemes[at]?.text === ';' && lexemes[at]?.kind === 'separator') {
      const parameter = lexemes[at + 1];
      if (parameter?.kind !== 'token' || parameters.length === MAX_ELEMENTS) return undefined;
      at += 2;
      let value: string | undefined;
      if (lexemes[at]?.kind === 'separator' && lexemes[at]?.text === '=') {
        const lexeme = lexemes[at + 1];
        // RFC 6455 section 9.1: the content of a quoted string must be a token.
        if (lexeme === undefined || !isToken(lexeme.text)) return undefined;
        value = lexeme.text;
        at += 2;
      }
      parameters.push([parameter.text, value]);
    }
    elements.push({ name: name.text, parameters });
    if (at === lexemes.length) return elements;
    const separator = lexemes[at++];
    if (separator?.kind !== 'separator' || separator.text !== ',') return undefined;
  }
}

interface Lexeme {
  readonly kind: 'quoted' | 'separator' | 'token';
  readonly text: string;
}

function lexemesOf(field: string): Lexeme[] | undefined {
  const text = withoutSpace(field);
  const lexemes: Lexeme[] = [];
  LEXEME.lastIndex = 0;
  while (LEXEME.lastIndex < text.length) {
    const match = LEXEME.exec(text);
    if (match === null) return undefined;
    const [, separator, token, quoted] = match;
    if (separator !== undefined) lexemes.push({ kind: 'separator', text: separator });
    else if (token !== undefined) lexemes.push({ kind: 'token', text: token });
    else lexemes.push({ kind: 'quoted', text: (quoted as string).replace(/\\(.)/g, '$1') });
  }
  return lexemes;
}

/** Without spaces and tabs at both ends; linear, unlike a regular expression. */
function withoutSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start += 1;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return text.slice(start, end);
}
