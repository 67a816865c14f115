/** Parameters of the fields WWW-Authenticate and Authorization (RFC 9110 section 11.2): `name=token, name="quoted"`. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkString } from '../../internal/check.js';
import { InvalidCredentialsError } from '../errors.js';

/** Longest field, in UTF-16 code units. */
export const MAX_FIELD_LENGTH = 8_192;
/** Most parameters of a field. */
export const MAX_PARAMS = 32;

/** Sticky. A parameter: its name, and its value in quotes or as a token. A comma or the end of the field follows. */
export const PARAM: RegExp =
  /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[\t !#-[\]-~\u0080-\uffff]|\\[\t -~\u0080-\uffff])*)"|([!#$%&'*+.^_`|~0-9A-Za-z/=-]+))[ \t]*(,|$)/y;

/**
 * Parses the parameters after a scheme. Names are lower case.
 * @param scheme Must come first, without regard to case.
 * @throws InvalidCredentialsError
 */
export function parseAuthParams(scheme: string, field: string): Map<string, string> {
  const params = new Map<string, string>();
  if (field.length > MAX_FIELD_LENGTH) throw malformed(scheme, 'the field is too long');
  const prefix = `${scheme.toLowerCase()} `;
  if (!field.toLowerCase().startsWith(prefix)) throw malformed(scheme, 'another scheme is used');
  PARAM.lastIndex = prefix.length;
  for (;;) {
    const found = PARAM.exec(field);
    if (found === null) throw malformed(scheme, 'the parameters are malformed');
    const [, name = '', quoted, token = '', end] = found;
    const key = name.toLowerCase();
    if (params.has(key)) throw malformed(scheme, 'a parameter occurs twice');
    if (params.size === MAX_PARAMS) throw malformed(scheme, 'there are too many parameters');
    params.set(key, unquotedParam(quoted, token));
    if (end === '') return params;
  }
}

export function unquotedParam(quoted: string | undefined, token = ''): string {
  return quoted === undefined ? token : quoted.replaceAll(/\\(.)/g, '$1');
}

export function quotedParam(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** A realm that every client can show: visible ASCII and spaces. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkRealm(realm: string): string {
  if (/^[\x20-\x7e]+$/.test(checkString('realm', realm))) return realm;
  throw new InvalidArgumentValueError('realm', 'visible characters of ASCII and spaces', realm);
}

function malformed(scheme: string, problem: string): InvalidCredentialsError {
  return new InvalidCredentialsError(`${scheme}: ${problem}`);
}
