import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, slashLocation, type TargetPath } from '../../src/http/target-path.js';

const RULES = { dotFiles: false, windows: false };
const WINDOWS = { dotFiles: false, windows: true };

function pathOf(target: string): TargetPath {
  const path = parseTarget(target, { ...RULES, dotFiles: true });
  if (typeof path === 'number') throw new Error(`${target} was refused with ${path}`);
  return path;
}

describe('parseTarget', () => {
  it.each([
    ['/', [], true, ''],
    ['/a', ['a'], false, ''],
    ['/a/b/', ['a', 'b'], true, ''],
    ['/a%20b/%C3%A4?x=%2e/..', ['a b', 'ä'], false, '?x=%2e/..'],
    ['/a+b', ['a+b'], false, ''],
    ['/%2561', ['%61'], false, ''],
    ['/...a', undefined, false, ''],
    ['/a..b', ['a..b'], false, ''],
    ['/a:b', ['a:b'], false, ''],
    ['http://example.com', [], true, ''],
    ['HTTP://example.com?a', [], true, '?a'],
    ['https://example.com:1/a', ['a'], false, ''],
  ])('reads %j', (target, segments, slash, query) => {
    const expected = segments === undefined ? 404 : { segments, slash, query };
    expect(parseTarget(target, RULES)).toEqual(expected);
  });

  it.each([
    '',
    '*',
    'a',
    '?a',
    'example.com:443',
    'ftp://example.com/a',
    '/%',
    '/%4',
    '/%zz',
    '/%C3',
    '/%ff',
    '/a#b',
    '/%C0%AE%C0%AE/a',
    '/%ED%A0%80',
  ])('refuses %j with 400', (target) => {
    expect(parseTarget(target, RULES)).toBe(400);
  });

  it.each([
    '/..',
    '/../a',
    '/a/../b',
    '/a/..',
    '/./a',
    '/.',
    '/%2e%2e/a',
    '/.%2E/a',
    '/%2e/a',
    '//a',
    '/a//b',
    '//',
    '/a%2Fb',
    '/..%2Fa',
    '/..%5ca',
    '/a\\b',
    '/..\\a',
    '/a%5Cb',
    '/a%00',
    '/a%00.html',
    '/a\0b',
  ])('refuses %j with 404, dot files or not', (target) => {
    expect(parseTarget(target, RULES)).toBe(404);
    expect(parseTarget(target, { ...RULES, dotFiles: true })).toBe(404);
  });

  it.each(['/.git/config', '/a/.env', '/%2ehtaccess', '/.well-known/acme'])(
    'refuses %j unless it is asked for',
    (target) => {
      expect(parseTarget(target, RULES)).toBe(404);
      expect(parseTarget(target, { ...RULES, dotFiles: ['.other'] })).toBe(404);
      expect(parseTarget(target, { ...RULES, dotFiles: true })).toBeTypeOf('object');
    },
  );

  it('serves only the dot files with the given names', () => {
    const rules = { ...RULES, dotFiles: ['.well-known'] };
    expect(parseTarget('/.well-known/a', rules)).toBeTypeOf('object');
    expect(parseTarget('/.well-known/.git', rules)).toBe(404);
  });

  it.each([
    '/c:/windows',
    '/C:',
    '/a:stream',
    '/a::$DATA',
    '/CON',
    '/nul',
    '/NUL.txt',
    '/nul .txt',
    '/com1',
    '/LPT9.a.b',
    '/com%C2%B9',
    '/CONIN$',
    '/aux/a',
    '/a.',
    '/a ',
    '/a%20',
    '/a../b',
    '/a.%20.',
    '/a%3f',
    '/a*',
    '/a%01',
    '/%3Ca',
    '/a%22',
    '/a|b',
    '/GIT~1/config',
    '/docume~1.txt',
  ])('refuses %j on Windows only', (target) => {
    expect(parseTarget(target, WINDOWS)).toBe(404);
    expect(parseTarget(target, RULES)).toBeTypeOf('object');
  });

  it.each(['/console', '/com', '/com10', '/null', '/auxiliary.txt', '/a.b', '/lpt'])(
    'accepts %j on Windows',
    (target) => {
      expect(parseTarget(target, WINDOWS)).toBeTypeOf('object');
    },
  );

  it('never returns a name that leads elsewhere', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '/',
      '%2f',
      '%5c',
      '\\',
      '%00',
      'a',
      '%',
      '25',
      ':',
      '?',
      '#',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, windows) => {
        const path = parseTarget(`/${parts.join('')}`, { dotFiles: true, windows });
        if (typeof path === 'number') return;
        for (const segment of path.segments) expect(segment).not.toMatch(/^\.{0,2}$|[/\\\0]/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('slashLocation', () => {
  it.each([
    ['/a/b', './b/'],
    ['/b?x=1&y=a/b', './b/?x=1&y=a/b'],
    ['/a%20%C3%A4%3F%23', './a%20%C3%A4%3F%23/'],
    ['/javascript:alert(1)', './javascript%3Aalert(1)/'],
    ['/a:b', './a%3Ab/'],
    ['/a?"<>\\', './a/?%22%3C%3E%5C'],
    ['/a?\r\nSet-Cookie: a', './a/?%0D%0ASet-Cookie:%20a'],
    ['/a?\u20ac', './a/?%E2%82%AC'],
  ])('of %j is %j', (target, location) => {
    expect(slashLocation(pathOf(target))).toBe(location);
  });

  it('leads to the same origin and path with a slash', () => {
    for (const target of ['/a', '/a/b%2Bc', '/%7Ea/b:c', '/a/@evil.example']) {
      const base = new URL(target, 'http://example.com');
      const url = new URL(slashLocation(pathOf(target)), base);
      expect(url.origin).toBe('http://example.com');
      expect(decodeURIComponent(url.pathname)).toBe(`${decodeURIComponent(base.pathname)}/`);
    }
  });
});
