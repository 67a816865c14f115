import { describe, expect, it } from 'vitest';
import { isLocalOnly, isOwnName } from '../../src/dashboard/access.js';
import { IPv4Address, IPv6Address, UNIXAddress } from '../../src/index.js';

describe('isLocalOnly', () => {
  it.each([
    [new IPv4Address('TCP', '127.0.0.1', 1), true],
    [new IPv4Address('TCP', '127.8.9.1', 1), true],
    [new IPv6Address('TCP', '::1', 1), true],
    [new IPv6Address('TCP', '::ffff:127.0.0.1', 1), true],
    [new UNIXAddress('/x'), true],
    [new IPv4Address('TCP', '0.0.0.0', 1), false],
    [new IPv4Address('TCP', '192.0.2.1', 1), false],
    [new IPv6Address('TCP', '::', 1), false],
    [new IPv6Address('TCP', '::ffff:192.0.2.1', 1), false],
  ])('%s: %s', (address, expected) => {
    expect(isLocalOnly(address)).toBe(expected);
  });
});

describe('isOwnName', () => {
  it.each([
    ['localhost', true],
    ['LocalHost:7009', true],
    ['localhost.:7009', true],
    ['app.localhost', true],
    ['127.0.0.1:7009', true],
    ['192.0.2.1', true],
    ['[::1]:7009', true],
    ['own.example:80', true],
    ['', false],
    [undefined, false],
    ['evil.example', false],
    ['own.example.evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['evillocalhost', false],
    ['[evil.example]', false],
    ['127.1', false],
    ['127.0.0.1:7009:1', false],
  ])('%s: %s', (authority, expected) => {
    expect(isOwnName(authority, new Set(['own.example']))).toBe(expected);
  });
});
