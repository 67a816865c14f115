import { expect, it } from 'vitest';
import { HEX, HOST, LOWER, TARGET, TOKEN, VALUE } from '../../../src/protocols/http/octets.js';

const CLASSES: readonly [name: string, table: Uint8Array, members: RegExp][] = [
  ['TOKEN', TOKEN, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/],
  ['VALUE', VALUE, /[\t\x20-\x7e\x80-\xff]/],
  ['TARGET', TARGET, /[\x21\x22\x24-\x7e]/],
  ['HOST', HOST, /[-._~!$&'()*+;=0-9A-Za-z]/],
];

it.each(CLASSES)('%s has the octets of its class', (_name, table, members) => {
  for (let octet = 0; octet < 256; octet++) {
    const isMember = members.test(String.fromCharCode(octet));
    expect([octet, table[octet]]).toEqual([octet, isMember ? 1 : 0]);
  }
});

it('converts digits and letters', () => {
  for (let octet = 0; octet < 128; octet++) {
    const text = String.fromCharCode(octet);
    const digit = /[0-9a-fA-F]/.test(text) ? Number.parseInt(text, 16) : 255;
    expect([text, HEX[octet], LOWER[octet]]).toEqual([
      text,
      digit,
      text.toLowerCase().charCodeAt(0),
    ]);
  }
});
