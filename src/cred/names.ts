/**
 * Preparation of user names and passwords for comparison. Prepared texts are compared code point by code point.
 *
 * `exactName` is for protocols that compare octets: HTTP, SOCKS, CRAM-MD5, htpasswd, UNIX. `saslprep` (RFC 4013) is for SCRAM and
 * SASL PLAIN. `usernameCaseMapped`, `usernameCasePreserved` and `opaqueString` are the PRECIS profiles of RFC 8265, for new
 * protocols and XMPP.
 *
 * Character classes are those of Node's Unicode version instead of Unicode 3.2 (RFC 3454), so assignments after 2002 are
 * accepted; the bidirectional rule of SASLprep takes letters for characters that are written from left to right. Of PRECIS,
 * the contextual rules (RFC 5892 appendix A) are omitted: code points that need them are refused.
 */

/** Returns the form to compare, or undefined if the text cannot be a name. Idempotent. */
export type Preparation = (text: string) => string | undefined;

/** Longest user name, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 1_024;

const CONTROLS = /[\p{Cc}\p{Surrogate}\u2028\u2029]/u;

/** The name as it is. Refuses empty names, control characters (NUL too), line separators and lone surrogates. */
export const exactName: Preparation = (name) => {
  if (name === '' || name.length > MAX_NAME_LENGTH || CONTROLS.test(name)) return undefined;
  return name;
};

/** Table B.1 of RFC 3454: mapped to nothing. */
const NOTHING = /\u034f|[\u180b-\u180d]|[\u00ad\u1806\u200b-\u200d\u2060\ufeff]|[\ufe00-\ufe0f]/g;
/** Table C.1.2: mapped to a space. U+200B is in both tables, and is mapped to nothing. */
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
/** Tables C.2.1, C.2.2, C.3 to C.9, and A.1 (unassigned). */
const PROHIBITED =
  /\u0340|\u0341|[\p{Cc}\p{Co}\p{Surrogate}\p{Cn}\u06dd\u070f\u180e\u200c-\u200f\u2028-\u202e\u2060-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufeff\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;
/** Table D.1: written from right to left. */
const RIGHT_TO_LEFT =
  /[\u05be\u05c0\u05c3\u05d0-\u05ea\u05f0-\u05f4\u061b\u061f\u0621-\u063a\u0640-\u064a\u066d-\u066f\u0671-\u06d5\u06dd\u06e5\u06e6\u06fa-\u06fe\u0700-\u070d\u0710\u0712-\u072c\u0780-\u07a5\u07b1\u200f\ufb1d\ufb1f-\ufb28\ufb2a-\ufb36\ufb38-\ufb3c\ufb3e\ufb40\ufb41\ufb43\ufb44\ufb46-\ufbb1\ufbd3-\ufd3d\ufd50-\ufd8f\ufd92-\ufdc7\ufdf0-\ufdfc\ufe70-\ufe74\ufe76-\ufefc]/u;

/** SASLprep for stored strings (RFC 4013). */
export const saslprep: Preparation = (text) => {
  if (text.length > MAX_NAME_LENGTH) return undefined;
  const prepared = text.replace(NOTHING, '').replace(SPACES, ' ').normalize('NFKC');
  if (prepared === '' || PROHIBITED.test(prepared)) return undefined;
  return bidirectional(prepared) ? prepared : undefined;
};

/** RFC 3454 section 6. */
function bidirectional(text: string): boolean {
  if (!RIGHT_TO_LEFT.test(text)) return true;
  const characters = [...text];
  const ends = [characters[0], characters.at(-1)];
  if (!ends.every((character) => RIGHT_TO_LEFT.test(character as string))) return false;
  return !characters.some(
    (character) => /\p{L}/u.test(character) && !RIGHT_TO_LEFT.test(character),
  );
}

const FULL_AND_HALF_WIDTH = /[\uff01-\uff9f\uffa0-\uffee]/g;
/** The IdentifierClass of RFC 8264 section 4.2: letters, digits, marks and printable ASCII, none with a compatibility form. */
const IDENTIFIER = /^[\x21-\x7e\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]+$/u;
/** Needs a contextual rule, is old Hangul Jamo or can be ignored. */
const CONTEXTUAL =
  /[\u00b7\u0375\u05f3\u05f4\u0640\u07fa\u0660-\u0669\u06f0-\u06f9\u30fb\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\p{Default_Ignorable_Code_Point}]/u;

/** UsernameCasePreserved of RFC 8265 section 3.4. */
export const usernameCasePreserved: Preparation = (name) => {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const narrow = name.replace(FULL_AND_HALF_WIDTH, (character) => character.normalize('NFKC'));
  const prepared = narrow.normalize('NFC');
  const allowed = IDENTIFIER.test(prepared) && !CONTEXTUAL.test(prepared);
  return allowed && prepared.normalize('NFKC') === prepared && bidirectional(prepared)
    ? prepared
    : undefined;
};

/** UsernameCaseMapped of RFC 8265 section 3.3: lower case. */
export const usernameCaseMapped: Preparation = (name) => usernameCasePreserved(name.toLowerCase());

/** OpaqueString of RFC 8265 section 4.2, for passwords: spaces are mapped, controls are refused. */
export const opaqueString: Preparation = (text) => {
  if (text.length > MAX_NAME_LENGTH) return undefined;
  const prepared = text.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC');
  const refused = /[\p{Cc}\p{Cn}\p{Co}\p{Surrogate}]/u.test(prepared);
  return prepared === '' || refused || CONTEXTUAL.test(prepared) ? undefined : prepared;
};
