import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactName,
  opaqueString,
  saslprep,
  usernameCaseMapped,
  usernameCasePreserved,
} from '../../src/cred/index.js';

describe('saslprep', () => {
  it.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', undefined],
    ['\u0627\u0031', undefined],
    ['a\u00a0b', 'a b'],
    ['\u0627\u0031\u0628', '\u0627\u0031\u0628'],
    ['\u0627a\u0628', undefined],
    ['\ud800', undefined],
    ['', undefined],
    ['\u00ad', undefined],
    ['\u{e0001}', undefined],
    ['a\u202eb', undefined],
    ['x'.repeat(1_025), undefined],
  ])('prepares %j as %j (RFC 4013 section 3, and more)', (text, prepared) => {
    expect(saslprep(text)).toBe(prepared);
  });
});

describe('the PRECIS profiles', () => {
  it.each([
    ['juliet@example.com', 'juliet@example.com'],
    ['fussball', 'fussball'],
    ['fu\u00dfball', 'fu\u00dfball'],
    ['\u03c0', '\u03c0'],
    ['foo bar', undefined],
    ['', undefined],
    ['henry\u2163', undefined],
    ['\u265a', undefined],
    ['\uff21lice', 'Alice'],
    ['a\u200bb', undefined],
    ['a\0', undefined],
  ])('take %j as the name %j (RFC 8265 section 3.5)', (text, prepared) => {
    expect(usernameCasePreserved(text)).toBe(prepared);
  });

  it('map the case', () => {
    expect(usernameCaseMapped('\u03a3Alice')).toBe('\u03c3alice');
  });

  it('do not take look-alikes for the same name', () => {
    expect(usernameCaseMapped('\u0430lice')).not.toBe(usernameCaseMapped('alice'));
    expect(usernameCaseMapped('\uff41lice')).toBe('alice');
  });

  it('keep the spaces of passwords (RFC 8265 section 4.3)', () => {
    expect(opaqueString('correct horse battery staple')).toBe('correct horse battery staple');
    expect(opaqueString('foo\u1680bar')).toBe('foo bar');
    expect(opaqueString('my cat is a \u0009by')).toBeUndefined();
    expect(opaqueString('')).toBeUndefined();
  });
});

describe('exactName', () => {
  it.each(['', 'a\0', 'a\n', 'a\x7f', 'a\u0085', 'a\u2028', '\udc00', 'x'.repeat(1_025)])(
    'refuses %j',
    (name) => {
      expect(exactName(name)).toBeUndefined();
    },
  );
});

it.each(
  Object.entries({ exactName, opaqueString, saslprep, usernameCaseMapped, usernameCasePreserved }),
)('%s gives the same result a second time', (_name, prepare) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 8 }), (text) => {
      const prepared = prepare(text);
      if (prepared !== undefined) expect(prepare(prepared)).toBe(prepared);
    }),
    { numRuns: 2_000 },
  );
});
