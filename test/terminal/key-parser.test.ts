import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { encodeKey } from '../../src/terminal/encode-key.js';
import { KEYS_BY_LETTER, KEYS_BY_NUMBER, keyOf, newKey } from '../../src/terminal/key.js';
import { KeyParser } from '../../src/terminal/key-parser.js';
import { everySplit } from '../../src/testing/every-split.js';
import { keyEvents, keyText } from './recording.js';

const CASES: readonly [input: string, ...events: string[]][] = [
  ['ab é漢🎉', 'a', 'b', ' ', 'é', '漢', '🎉'],
  ['\r\t\x7f', 'Enter', 'Tab', 'Backspace'],
  ['\r\n\n', 'Enter', 'C-j'],
  ['\x00\x01\x03\x08\x1a\x1c\x1f', 'C- ', 'C-a', 'C-c', 'C-h', 'C-z', 'C-\\', 'C-_'],
  ['\x1b[A\x1b[B\x1b[C\x1b[D', 'ArrowUp', 'ArrowDown', 'ArrowRight', 'ArrowLeft'],
  ['\x1bOA\x1bOP\x1bOS\x1bOH', 'ArrowUp', 'F1', 'F4', 'Home'],
  ['\x1bOM\x1bOp\x1bOk', 'Enter', '0', '+'],
  ['\x1b[H\x1b[F\x1b[E', 'Home', 'End', 'Clear'],
  ['\x1b[1~\x1b[2~\x1b[3~\x1b[4~', 'Home', 'Insert', 'Delete', 'End'],
  ['\x1b[5~\x1b[6~\x1b[15~\x1b[24~', 'PageUp', 'PageDown', 'F5', 'F12'],
  ['\x1b[[A\x1b[[E', 'F1', 'F5'],
  ['\x1b[1;5A\x1b[1;2P\x1b[3;3~\x1b[1;8D', 'C-ArrowUp', 'S-F1', 'M-Delete', 'C-M-S-ArrowLeft'],
  ['\x1b[Z', 'S-Tab'],
  ['\x1b[27;5;105~\x1b[27;6;13~\x1b[97;5u', 'C-i', 'C-S-Enter', 'C-a'],
  ['\x1bb\x1b\x7f\x1b\r\x1b\x02', 'M-b', 'M-Backspace', 'M-Enter', 'C-M-b'],
  ['\x1b', 'Escape'],
  ['\x1b\x1b', 'M-Escape'],
  ['\x1b\x1b[A', 'M-ArrowUp'],
  ['\x1b\x1b\x1b\x1b[A', 'Escape', 'Escape', 'M-ArrowUp'],
  ['\x1b\x1bx', 'Escape', 'M-x'],
  ['\x1b[', 'M-['],
  ['\x1bO', 'M-O'],
  ['\x1b[1;'],
  ['\x1b[200~ls\r\n\x1b[A\x1b[201~x', 'paste "ls\\r\\n\\u001b[A"', 'x'],
  ['\x1b[200~\x1b[201~x', 'x'],
  ['\x1b[200~a\x1b[200~\x1b[20', 'paste "a\\u001b[200~"'],
  ['\x1b[201~', 'sequence "\\u001b[201~"'],
  ['\x1b[8;30;100t', 'size 100x30'],
  ['\x1b[3;4R', 'sequence "\\u001b[3;4R"'],
  ['\x1b[1;2R', 'S-F3'],
  [
    '\x1b[<0;1;2M\x1b[I\x1bOz',
    'sequence "\\u001b[<0;1;2M"',
    'sequence "\\u001b[I"',
    'sequence "\\u001bOz"',
  ],
  ['\x1b[9999~\x1b[1;99A', 'sequence "\\u001b[9999~"', 'sequence "\\u001b[1;99A"'],
  ['\x1b[12\x03', 'C-c'],
  ['\x1b[12é', 'é'],
  [`\x1b[${'1'.repeat(1000)}Aa`, 'a'],
  ['\x1b[55555555u', 'sequence "\\u001b[55555555u"'],
];

describe('KeyParser', () => {
  it.each(CASES)('reads %j, however it is cut', (input, ...events) => {
    for (const chunks of everySplit(Buffer.from(input))) expect(keyEvents(chunks)).toEqual(events);
  });

  it('waits for time to decide about ESC', () => {
    const parser = new KeyParser();
    parser.receive(Buffer.from('\x1b'));
    expect(parser.next()).toBeUndefined();
    expect(parser.isUndecided).toBe(true);
    expect(parser.flush()).toBe('key');
    expect(parser.isUndecided).toBe(false);
    expect(parser.flush()).toBeUndefined();
    parser.receive(Buffer.from('[A'));
    expect(parser.next()).toBe('key');
    expect(parser.key.key).toBe('[');
  });

  it('takes R for a position only as often as positions were asked for', () => {
    const parser = new KeyParser();
    parser.expectPosition();
    parser.receive(Buffer.from('\x1b[3;4R\x1b[3;4R'));
    expect(parser.next()).toBe('position');
    expect(parser.position).toEqual({ column: 3, row: 2 });
    expect(parser.next()).toBe('sequence');
  });

  it('does not grow with a sequence or a paste that never ends', () => {
    const parser = new KeyParser();
    parser.receive(Buffer.from('\x1b['));
    for (let chunk = 0; chunk < 100; chunk++) {
      parser.receive(Buffer.alloc(1000, '1'));
      expect(parser.next()).toBeUndefined();
    }
    parser.receive(Buffer.from('~\x1b[200~'));
    expect(parser.next()).toBeUndefined();
    for (let chunk = 0; chunk < 100; chunk++) {
      parser.receive(Buffer.from('\x1b[201'.repeat(100)));
      expect(parser.next()).toBe('paste');
      expect(parser.text.length).toBeLessThanOrEqual(600);
      expect(parser.next()).toBeUndefined();
    }
  });
});

const NAMED = [
  ...new Set([
    ...Object.values(KEYS_BY_LETTER),
    ...Object.values(KEYS_BY_NUMBER),
    'Tab',
    'Enter',
    'Backspace',
    'Escape',
  ]),
];

describe('encodeKey', () => {
  it('is the inverse of the parser', () => {
    const names = fc.constantFrom(...NAMED);
    const characters = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text));
    const key = fc.tuple(
      fc.oneof(names, characters),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
    );
    fc.assert(
      fc.property(key, ([name, ctrl, alt, shift, applicationCursorKeys]) => {
        const isNamed = NAMED.includes(name);
        const text = ctrl && !isNamed ? name.toLowerCase() : name;
        if (!isNamed && Array.from(text).length !== 1) return;
        const pressed = newKey(text, ctrl, alt, shift && isNamed);
        const sent = Buffer.from(encodeKey(pressed, { applicationCursorKeys }));
        expect(keyEvents([sent])).toEqual([keyText(pressed)]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['', 'ab', 'Nothing'])('refuses the key %j', (name) => {
    expect(() => encodeKey(keyOf(name))).toThrow(InvalidArgumentValueError);
  });
});
