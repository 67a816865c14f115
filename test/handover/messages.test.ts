import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandoverProtocolError } from '../../src/handover/index.js';
import {
  decodeMessage,
  encodeMessage,
  MAX_LISTENERS,
  type Message,
} from '../../src/handover/messages.js';

const MESSAGES: Message[] = [
  { type: 'take', version: 1 },
  { type: 'listeners', names: ['http', 'chat', ''] },
  { type: 'listeners', names: [] },
  { type: 'refused', reason: 'no' },
  { type: 'ready' },
  { type: 'stopped' },
];

describe('a message of a hand-over', () => {
  it.each(MESSAGES)('is decoded unchanged: $type', (message) => {
    expect(decodeMessage(Buffer.from(encodeMessage(message)))).toEqual(message);
  });

  it.each([
    '',
    'null',
    '7',
    '{}',
    '[]',
    '{"type":"take"}',
    '{"type":"take","version":"1"}',
    '{"type":"take","version":1.5}',
    '{"type":"listeners"}',
    '{"type":"listeners","names":"a"}',
    '{"type":"listeners","names":[1]}',
    '{"type":"listeners","names":["a","a"]}',
    '{"type":"refused"}',
    '{"type":"__proto__"}',
    JSON.stringify({ type: 'listeners', names: Array.from({ length: MAX_LISTENERS + 1 }, String) }),
  ])('is refused if it is invalid: %s', (text) => {
    expect(() => decodeMessage(Buffer.from(text))).toThrow(HandoverProtocolError);
  });

  it('is a message or an error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
        try {
          expect(decodeMessage(bytes).type).toBeTypeOf('string');
        } catch (error) {
          expect(error).toBeInstanceOf(HandoverProtocolError);
        }
      }),
    );
  });
});
