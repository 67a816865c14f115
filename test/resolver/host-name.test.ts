import { describe, expect, it } from 'vitest';
import { InvalidHostNameError } from '../../src/core/errors/names.js';
import { canonicalHostName } from '../../src/resolver/host-name.js';

const LABEL = 'a'.repeat(63);

describe('the name of a host', () => {
  it.each([
    ['example.org', 'example.org'],
    ['Example.ORG', 'example.org'],
    ['example.org.', 'example.org.'],
    ['_sip._tcp.example.org', '_sip._tcp.example.org'],
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['MÜNCHEN.example', 'xn--mnchen-3ya.example'],
    ['127.1', '127.1'],
    [LABEL, LABEL],
    [`${`${LABEL}.`.repeat(3)}${'a'.repeat(61)}`, `${`${LABEL}.`.repeat(3)}${'a'.repeat(61)}`],
  ])('%s is %s', (name, canonical) => {
    expect(canonicalHostName(name)).toBe(canonical);
  });

  it.each([
    ['nothing', ''],
    ['the root', '.'],
    ['an empty label', 'a..b'],
    ['an empty label at its beginning', '.a'],
    ['two dots at its end', 'a..'],
    ['a label that is too long', `${LABEL}a.example`],
    ['254 characters', `${`${LABEL}.`.repeat(3)}${'a'.repeat(62)}`],
    ['a NUL, behind which the system would not read', 'good.example\0.evil.example'],
    ['a space', 'a b'],
    ['a line', 'a\n'],
    ['a port', 'example.org:80'],
    ['a URL', 'http://example.org'],
    ['brackets', '[::1]'],
    ['a scope', 'example%eth0'],
    ['international nonsense', 'ü b'],
    ['what is too long as xn--', `${'ü'.repeat(63)}.example`],
    ['digits of another script that make an address', '１２７.０.０.１'],
    ['half a character', '\ud800'],
  ])('can not be %s', (_what, name) => {
    expect(() => canonicalHostName(name)).toThrow(InvalidHostNameError);
  });
});
