import { describe, expect, it } from 'vitest';
import { textWidth } from '../../src/terminal/index.js';

describe('textWidth', () => {
  it.each([
    ['', 0],
    ['text', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['한국어', 6],
    ['ｗ｜', 4],
    ['🎉', 2],
    ['🇫🇷', 2],
    ['\u200d\u200b\ufe0f', 0],
    ['\u00ad', 1],
    ['\x1b\x07\u009b\ud800', 0],
    ['─│', 2],
    ['\u{20000}\u{3fffd}', 4],
  ])('of %j is %d', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});
