import { describe, expect, it } from 'vitest';
import {
  ControlSequenceParser,
  MAX_PARAMETERS,
} from '../../src/terminal/control-sequence-parser.js';
import { everySplit } from '../../src/testing/every-split.js';
import { controlEvents } from './recording.js';

const CASES: readonly [input: string, ...events: string[]][] = [
  ['plain', 'text plain'],
  ['schön 漢字 🎉', 'text schön 漢字 🎉'],
  ['a\r\nb\x07', 'text a', 'control 13', 'control 10', 'text b', 'control 7'],
  ['a\x7fb', 'text ab'],
  ['\x1b[H', 'csi [H'],
  ['\x1b[2;3Hx', 'csi [2;3H', 'text x'],
  ['\x1b[;5H', 'csi [;5H'],
  ['\x1b[5;H', 'csi [5;H'],
  ['\x1b[?25l', 'csi [?25l'],
  ['\x1b[>0;1c', 'csi [>0;1c'],
  ['\x1b[!p\x1b[2 q', 'csi [!p', 'csi [2 q'],
  ['\x1b[4:3;38:2::1:2:3m', 'csi [4:3;38:2::1:2:3m'],
  ['\x1b[99999999999999999999A', 'csi [65535A'],
  ['\x1bD\x1b7\x1b(0\x1b#8', 'escape D', 'escape 7', 'escape (0', 'escape #8'],
  // Control characters act inside of a sequence (VT100 User Guide, chapter 3).
  ['\x1b[2\n;3H', 'control 10', 'csi [2;3H'],
  ['\x1b[2\x18a', 'control 24', 'text a'],
  ['\x1b[2\x1b[3A', 'csi [3A'],
  // Not sequences: dropped up to their end.
  ['\x1b[1?2Ha', 'text a'],
  ['\x1b[1 2Ha', 'text a'],
  ['\x1b[12é', 'text é'],
  ['\x1b[    Hx', 'text x'],
  [`\x1b[${'1;'.repeat(MAX_PARAMETERS)}Ha`, 'text a'],
  [`\x1b[${'1;'.repeat(MAX_PARAMETERS - 1)}H`, `csi [${'1;'.repeat(MAX_PARAMETERS - 1)}H`],
  ['\x1b]0;title\x07a', 'osc 0;title', 'text a'],
  ['\x1b]2;schön\x1b\\a', 'osc 2;schön', 'text a'],
  ['\x1bPq\x07data\x1b\\', 'dcs qdata'],
  [
    '\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\\x1bkname\x1b\\',
    'apc apc',
    'pm pm',
    'sos sos',
    'title name',
  ],
  ['\x1b]0;cut\x1b[Ha', 'csi [H', 'text a'],
  ['\x1b]0;cut\x18a', 'text a'],
  [`\x1b]0;${'x'.repeat(99)}\x07a`, 'text a'],
  ['\x1b]\x07', 'osc '],
];

describe('ControlSequenceParser', () => {
  it.each(CASES)('reads %j, however it is cut', (input, ...events) => {
    for (const chunks of everySplit(Buffer.from(input))) {
      expect(controlEvents(chunks, { maxStringLength: 50 })).toEqual(events);
    }
  });

  it('replaces bytes that are not UTF-8, however they are cut', () => {
    const bytes = Buffer.from('61ff62e2827f1b5b48f09f98', 'hex');
    const whole = controlEvents([Buffer.from(bytes)]);
    expect(whole[0]).toBe('text a\ufffdb\ufffd');
    for (const chunks of everySplit(bytes)) expect(controlEvents(chunks)).toEqual(whole);
  });

  it('has no 8-bit controls: they are invalid in UTF-8, and text if encoded', () => {
    expect(controlEvents([Buffer.from('9b48', 'hex')])).toEqual(['text \ufffdH']);
    expect(controlEvents([Buffer.from('\u009bH')])).toEqual(['text \u009bH']);
  });

  it('does not grow with a string that never ends', () => {
    const parser = new ControlSequenceParser({ maxStringLength: 100 });
    parser.receive(Buffer.from('\x1b]0;'));
    for (let chunk = 0; chunk < 1000; chunk++) {
      parser.receive(Buffer.alloc(1000, 'x'));
      expect(parser.next()).toBeUndefined();
      expect(parser.text.length).toBeLessThanOrEqual(100);
    }
    parser.receive(Buffer.from('\x07b'));
    expect(parser.next()).toBe('text');
    expect(parser.text).toBe('b');
  });

  it('does not grow with a sequence that never ends', () => {
    const parser = new ControlSequenceParser();
    parser.receive(Buffer.from('\x1b['));
    for (let chunk = 0; chunk < 100; chunk++) {
      parser.receive(Buffer.from('1;2:3 '.repeat(100)));
      expect(parser.next()).toBeUndefined();
      expect(parser.parameters.length).toBeLessThanOrEqual(MAX_PARAMETERS + 1);
      expect(parser.intermediates.length).toBeLessThanOrEqual(3);
    }
    parser.receive(Buffer.from('Hb'));
    expect(parser.next()).toBe('text');
  });
});
