import { describe, expect, it } from 'vitest';
import { PrintableText } from '../../src/cli/printable-text.js';

function printed(...parts: string[]): string {
  const text = new PrintableText();
  return parts.map((part) => text.receive(Buffer.from(part, 'latin1'))).join('');
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('PrintableText', () => {
  it('prints text, tabs and line ends, whichever way they are written', () => {
    expect(printed('one\ttwo\r\nthree\n')).toBe('one\ttwo\nthree\n');
    expect(printed(utf8('gr\u00fc\u00dfe \u{1f600}'))).toBe('gr\u00fc\u00dfe \u{1f600}');
  });

  it.each([
    ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
    ['\x1b[6n', '\\x1b[6n'],
    ['safe\rgone', 'safe\\x0dgone'],
    ['\b\x7f\0', '\\x08\\x7f\\x00'],
    [utf8('\u009b31m'), '\\x9b31m'],
    [utf8('\u202etxt.exe'), '\\u202etxt.exe'],
  ])('prints %j as %j', (received, expected) => {
    expect(printed(received)).toBe(expected);
  });

  it('prints the same however the bytes were split', () => {
    const all = `a\r\nb\rc${utf8('\u00fc\u009b\u{1f600}')}\r\n\x1b[0m\n`;
    const whole = printed(all);
    for (let i = 0; i <= all.length; i++)
      expect(printed(all.slice(0, i), all.slice(i))).toBe(whole);
    expect(printed(...all)).toBe(whole);
  });
});
