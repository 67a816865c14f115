/** Cases of the decoder contract: refused input, permitted errors, and the limit of buffered bytes. */
import assert from 'node:assert/strict';

import { everySplit } from '../../every-split.js';
import {
  type AddCase,
  assertSame,
  completed,
  type DecoderContractOptions,
  feed,
  type Random,
  randomBelow,
  sizes,
  type UnendingInput,
} from './pull-decoder.js';

/** How many random inputs are tried, and how long they are. */
const GARBAGE_RUNS = 300;
const GARBAGE_BYTES = 96;

export function addRefusalCases<Frame>(add: AddCase, options: DecoderContractOptions<Frame>): void {
  for (const { name, wire, frames = [], error } of options.refused ?? []) {
    add(`refuses ${name}, after the frames before it, and permanently`, () => {
      for (const chunks of everySplit(wire)) {
        const decoder = options.make();
        const given: Frame[] = [];
        const fault = caught(() => {
          for (const chunk of chunks)
            for (const frame of completed(decoder, chunk)) given.push(frame);
        });
        const what = `split into ${sizes(chunks)}`;
        assert(fault instanceof error, `${error.name} is thrown, not ${fault}; ${what}`);
        assertSame(given, frames, `frames before the fault, ${what}`);
        assert.equal(
          caught(() => decoder.next()),
          fault,
          `next throws the same again; ${what}`,
        );
      }
    });
  }
}

export function addLimitCase<Frame>(
  add: AddCase,
  options: DecoderContractOptions<Frame>,
  { bytes, maxBufferedBytes, error }: UnendingInput,
): void {
  add('refuses a frame without an end before it buffers too much', () => {
    const decoder = options.make();
    const fault = caught(() => {
      for (let fed = 0; fed <= maxBufferedBytes; fed += bytes.length) {
        feed(decoder, Buffer.from(bytes));
      }
    });
    const kept = `after more than ${maxBufferedBytes} bytes`;
    assert(fault instanceof error, `${error.name} is thrown ${kept}, not ${fault}`);
  });
}

export function addGarbageCase<Frame>(add: AddCase, options: DecoderContractOptions<Frame>): void {
  const { make, wire, refused = [], unending } = options;
  const documented = options.errors ?? [
    ...refused.map(({ error }) => error),
    ...(unending === undefined ? [] : [unending.error]),
  ];

  add('throws only documented errors for random bytes, and always ends', () => {
    const random = randomBelow(11);
    for (let run = 0; run < GARBAGE_RUNS; run++) {
      const input = run % 2 === 0 ? damaged(wire, random) : noise(random);
      const decoder = make();
      const fault = caught(() => {
        for (let at = 0; at < input.length; at += 7) feed(decoder, input.subarray(at, at + 7));
      });
      if (fault === undefined || documented.some((error) => fault instanceof error)) continue;
      throw new assert.AssertionError({
        message: `${fault} is not documented; thrown for ${input.toString('hex')}`,
        actual: fault,
        expected: documented.map(({ name }) => name),
        operator: 'instanceof',
      });
    }
  });
}

/** The sample with some bytes changed, which gets further than noise does. */
function damaged(wire: Uint8Array, random: Random): Buffer {
  const bytes = Buffer.from(wire);
  for (let changes = 1 + random(3); changes > 0; changes--) {
    bytes[random(bytes.length)] = random(256);
  }
  return bytes;
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + random(GARBAGE_BYTES) }, () => random(256)));
}

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
