import { describe, expect, it } from 'vitest';
import { addressFrom } from '../../src/core/address.js';
import { peerKey } from '../../src/policies/peer-key.js';

function key(host: string, bits = 64): string {
  return peerKey(addressFrom('TCP', host, 1), bits);
}

describe('peerKey', () => {
  it('is the address of an IPv4 peer, whatever the port and the prefix', () => {
    expect(key('192.0.2.1', 8)).toBe('192.0.2.1');
    expect(key('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(peerKey(addressFrom('TCP', '192.0.2.1', 2), 64)).toBe('192.0.2.1');
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', 64],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', 64],
    ['::1', '::', 127],
    ['2001:db8:1:2f00::', '2001:db8:1:2fff::', 56],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', 127],
    ['::', '::2', 64],
  ])('is the same for %s and %s with %i bits', (one, other, bits) => {
    expect(key(one, bits)).toBe(key(other, bits));
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:3::1', 64],
    ['2001:db8:1:2f00::', '2001:db8:1:2e00::', 56],
    ['::1', '::2', 127],
    ['64:ff9b::192.0.2.33', '64:ff9b::192.0.2.35', 127],
    ['::1', '::2', 128],
    ['fe80::1%2', 'fe80::1%3', 64],
    ['8000::', '7fff::', 1],
  ])('differs for %s and %s with %i bits', (one, other, bits) => {
    expect(key(one, bits)).not.toBe(key(other, bits));
  });

  it('is the text of an address that cannot be parsed', () => {
    for (const text of ['1:2', 'a::b::c', 'x:1:2:3:4:5:6:7', '1:2:3:4:5:6:7::8']) {
      expect(key(text)).toBe(text);
    }
  });
});
