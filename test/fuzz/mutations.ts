/** Random changes of inputs. */
import type { Random } from '../protocols/http/differential/messages.js';

const MAX_BYTES = 4_096;
const ODD_BYTES = [0, 1, 9, 10, 13, 32, 34, 44, 45, 58, 59, 61, 92, 126, 127, 128, 254, 255];

/** Changes an input in one to four places. @param words Inserted as they are. */
export function mutated(
  random: Random,
  inputs: readonly Buffer[],
  words: readonly string[],
): Buffer {
  let bytes = pick(random, inputs);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    bytes = change(random, bytes, inputs, words);
  }
  return Buffer.from(bytes.subarray(0, MAX_BYTES));
}

/** Cuts bytes into chunks with memory of their own. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  const longest = [1, 3, 20, 1_000][random(4)] as number;
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random(longest));
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random(choices.length)] as T;
}

function change(
  random: Random,
  bytes: Buffer,
  inputs: readonly Buffer[],
  words: readonly string[],
): Buffer {
  const from = random(bytes.length + 1);
  const to = Math.min(bytes.length, from + random(1 + random(32)));
  const [head, part, tail] = [
    bytes.subarray(0, from),
    bytes.subarray(from, to),
    bytes.subarray(to),
  ];
  const other = pick(random, inputs);
  switch (random(7)) {
    case 0:
      return Buffer.concat([head, tail]);
    case 1:
      return Buffer.concat([head, Buffer.of(pick(random, ODD_BYTES)), tail]);
    case 2:
      return Buffer.concat([head, part, part, tail]);
    case 3:
      return Buffer.concat([head, Buffer.from(pick(random, words), 'latin1'), tail]);
    case 4:
      return Buffer.concat([head, other.subarray(random(other.length + 1))]);
    case 5:
      return Buffer.concat([head, Buffer.from(part.map(() => random(256))), tail]);
    default: {
      const flipped = Buffer.from(bytes);
      if (from < bytes.length) flipped[from] = (bytes[from] as number) ^ (1 << random(8));
      return flipped;
    }
  }
}
