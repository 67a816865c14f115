import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FamilyOrder, interleave } from '../../../src/reactor/streams/interleave.js';

const ORDER: FamilyOrder = { preferredFamily: undefined, firstFamilyCount: 1 };

/** The addresses of a text such as `6 6 4`: numbered within their family. */
function addresses(families: string): string[] {
  const counts = { 4: 0, 6: 0 };
  return families
    .split(' ')
    .map((family) => (family === '6' ? `2001:db8::${++counts[6]}` : `192.0.2.${++counts[4]}`));
}

describe('interleave', () => {
  it.each<[given: string, order: Partial<FamilyOrder>, expected: string[]]>([
    ['6 6 4 4', {}, ['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2']],
    ['4 6 6', {}, ['192.0.2.1', '2001:db8::1', '2001:db8::2']],
    ['6 6 6 4', {}, ['2001:db8::1', '192.0.2.1', '2001:db8::2', '2001:db8::3']],
    ['4 4 6', { preferredFamily: 'IPv6' }, ['2001:db8::1', '192.0.2.1', '192.0.2.2']],
    ['6 4', { preferredFamily: 'IPv4' }, ['192.0.2.1', '2001:db8::1']],
    ['4 4', { preferredFamily: 'IPv6' }, ['192.0.2.1', '192.0.2.2']],
    [
      '6 6 6 4 4',
      { firstFamilyCount: 2 },
      ['2001:db8::1', '2001:db8::2', '192.0.2.1', '2001:db8::3', '192.0.2.2'],
    ],
    ['6 4', { firstFamilyCount: 9 }, ['2001:db8::1', '192.0.2.1']],
  ])('orders %j with %j', (given, order, expected) => {
    expect(interleave(addresses(given), { ...ORDER, ...order })).toEqual(expected);
  });

  it('keeps every address once, and the order within each family', () => {
    const families = fc.array(fc.constantFrom('4', '6'), { minLength: 1, maxLength: 12 });
    const preferred = fc.constantFrom('IPv4' as const, 'IPv6' as const, undefined);
    fc.assert(
      fc.property(families, preferred, fc.nat(4), (list, preferredFamily, more) => {
        const given = addresses(list.join(' '));
        const ordered = interleave(given, { preferredFamily, firstFamilyCount: more + 1 });
        for (const isIPv6 of [true, false]) {
          const ofFamily = (all: string[]): string[] =>
            all.filter((one) => one.includes(':') === isIPv6);
          expect(ofFamily(ordered)).toEqual(ofFamily(given));
        }
      }),
    );
  });
});
