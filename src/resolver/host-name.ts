/** Checks host names, and brings them into the form in which the system is asked. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

import { InvalidHostNameError } from '../core/errors/names.js';
import { hostAdvice } from '../internal/host.js';

/** RFC 1035 section 2.3.4, as text: without the dot of the root. */
const MAX_NAME = 253;
const MAX_LABEL = 63;

const ASCII = /^[\0-\x7f]*$/;

/**
 * The name in lower case and ASCII; international names as `xn--`. A final dot, which prevents the use of a search list, is
 * kept.
 * @throws InvalidHostNameError
 */
export function canonicalHostName(name: string): string {
  const advice = hostAdvice(name);
  if (advice !== undefined) throw new InvalidHostNameError(`not a host name, ${advice}`, name);
  const ascii = ASCII.test(name) ? name.toLowerCase() : internationalName(name);
  const why = flaw(ascii);
  if (why !== undefined) throw new InvalidHostNameError(`${why} in a host name`, name);
  return ascii;
}

/** Empty if there is no such name. Digits of other scripts must not turn into an IP address unnoticed. */
function internationalName(name: string): string {
  const ascii = domainToASCII(name);
  return isIP(ascii) === 0 ? ascii : '';
}

function flaw(name: string): string | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare === '') return 'no characters';
  if (bare.length > MAX_NAME) return `more than ${MAX_NAME} characters`;
  const labels = bare.split('.');
  if (labels.includes('')) return 'an empty label';
  if (labels.some((label) => label.length > MAX_LABEL)) {
    return `a label of more than ${MAX_LABEL} characters`;
  }
  return undefined;
}
