/**
 * The path of a file in a request target. The target is decoded once. Whatever could name a file in two ways, or one outside the root,
 * is refused, not cleaned: clients remove dot segments themselves (RFC 3986 section 5.2.4).
 */

export interface TargetPath {
  /** Decoded names of folders and of the file. Empty for the root. */
  readonly segments: readonly string[];
  /** Whether the target ends with a slash, as that of a folder. */
  readonly slash: boolean;
  /** From the question mark on, as sent; empty without a query. */
  readonly query: string;
}

/** The status of the answer: 400 for a malformed target, 404 for a path that no served file can have. */
export type TargetRefusal = 400 | 404;

export interface TargetRules {
  /** Whether names may begin with a dot: all, none, or only these. */
  readonly dotFiles: boolean | readonly string[];
  /** Whether the names of Windows apply. */
  readonly windows: boolean;
}

const SCHEME_AND_AUTHORITY = /^https?:\/\/[^/?#]*/i;
/** Also with an extension: `NUL.txt` is the device (https://learn.microsoft.com/windows/win32/fileio/naming-a-file). */
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(?:COM|LPT)[0-9¹²³])[ ]*(?:[.:]|$)/i;
/** The second name that Windows gives to long and unusual names: `GIT~1` is `.git`. */
const SHORT_NAME = /^[^.~]{1,6}~\d{1,6}(?:\.|$)/;
/** Wildcards and characters of drives, streams and shares; spaces and dots at the end, which Windows drops. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: names with control characters are refused.
const NOT_ON_WINDOWS = /[<>:"|?*\x00-\x1f]|[. ]$/;

/** @param target In origin form, or in absolute form for `http` and `https` (RFC 9112 section 3.2). */
export function parseTarget(target: string, rules: TargetRules): TargetPath | TargetRefusal {
  const local = target.replace(SCHEME_AND_AUTHORITY, '');
  if (local.includes('#')) return 400;
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  const query = mark === -1 ? '' : local.slice(mark);
  if (path === '' && local !== target) return { segments: [], slash: true, query };
  const decodedPath = decodePath(path, rules);
  return typeof decodedPath === 'number' ? decodedPath : { ...decodedPath, query };
}

/** The decoded names of a path. @param path Percent-encoded, without a query. */
export function decodePath(
  path: string,
  rules: TargetRules,
): Pick<TargetPath, 'segments' | 'slash'> | TargetRefusal {
  if (!path.startsWith('/')) return 400;
  const segments: string[] = [];
  const encoded = path.slice(1).split('/');
  const slash = encoded.at(-1) === '';
  if (slash) encoded.pop();
  for (const text of encoded) {
    const segment = decoded(text);
    if (segment === undefined) return 400;
    if (!isServedName(segment, rules)) return 404;
    segments.push(segment);
  }
  return { segments, slash };
}

/** Undefined if an escape is malformed, or the bytes are not UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Whether a decoded name can be that of a served file. */
export function isServedName(name: string, { dotFiles, windows }: TargetRules): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  // A slash was encoded. A backslash separates on Windows, and is suspicious elsewhere.
  if (/[/\\\0]/.test(name)) return false;
  if (name.startsWith('.') && dotFiles !== true) {
    if (dotFiles === false || !dotFiles.includes(name)) return false;
  }
  return !windows || ![DEVICE, SHORT_NAME, NOT_ON_WINDOWS].some((names) => names.test(name));
}

/**
 * The Location field that adds a slash, relative to the target. `./` keeps a name such as `//example.com` or `a:b` from being taken
 * for another origin or a scheme.
 */
export function slashLocation({ segments, query }: TargetPath): string {
  const name = encodeURIComponent(segments.at(-1) ?? '');
  return `./${name}/${escapeReference(query)}`;
}

/** Percent-encodes what a URL cannot have, and backslashes: all but visible characters of ASCII, and those that URLs exclude. */
export function escapeReference(text: string): string {
  return text.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, escapedCharacter);
}

function escapedCharacter(character: string): string {
  let escaped = '';
  for (const byte of Buffer.from(character)) {
    escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}
