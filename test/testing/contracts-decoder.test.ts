/** The decoder contract over a line decoder, and over decoders that are broken on purpose. */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { decoderContract } from '../../src/testing/contracts/decoder/decoder-contract.js';
import { outcome } from './contract-outcome.js';

class LineError extends Error {}

const LIMIT = 16;

/** Lines that end in LF, without control characters. The protected methods are where mutants differ. */
class Lines {
  protected kept: Buffer = Buffer.alloc(0);
  protected fault: LineError | undefined = undefined;

  get bufferedBytes(): number {
    return this.kept.length;
  }

  receive(chunk: Buffer): void {
    if (this.fault !== undefined) throw this.fault;
    this.kept = Buffer.concat([this.kept, chunk]);
  }

  next(): Buffer | undefined {
    if (this.fault !== undefined) throw this.fault;
    const end = this.kept.indexOf(10);
    const length = end < 0 ? this.kept.length : end;
    const line = this.kept.subarray(0, length);
    if (length > LIMIT || line.some((byte) => byte < 32)) this.fail(end);
    if (end < 0) return undefined;
    this.kept = this.kept.subarray(end + 1);
    return line;
  }

  takeRest(): Buffer {
    const rest = this.kept;
    this.kept = Buffer.alloc(0);
    return rest;
  }

  protected fail(_end: number): never {
    this.fault = new LineError('not a line');
    throw this.fault;
  }
}

/** Takes chunks that are lent to it, without copying more than it has to. */
class LentLines extends Lines {
  override receive(chunk: Buffer): void {
    if (this.kept.length > 0) super.receive(chunk);
    else if (this.fault === undefined) this.kept = chunk;
    else throw this.fault;
  }

  override next(): Buffer | undefined {
    const line = super.next();
    if (line === undefined) this.keepRest();
    return line;
  }

  keepRest(): void {
    this.kept = Buffer.copyBytesFrom(this.kept);
  }
}

function contractOver(make: () => Lines): ContractCase[] {
  return decoderContract({
    make,
    wire: Buffer.from('one\n\ntwo, \xff\n', 'latin1'),
    frames: [Buffer.from('one'), Buffer.from(''), Buffer.from('two, \xff', 'latin1')],
    refused: [
      {
        name: 'a control character',
        wire: Buffer.from('a\n\x01\nb\n'),
        frames: [Buffer.from('a')],
        error: LineError,
      },
    ],
    unending: { bytes: Buffer.from('xxxxxxx'), maxBufferedBytes: LIMIT + 7, error: LineError },
  });
}

const BROKEN: readonly [what: string, Mutant: new () => Lines, noticedBy: string][] = [
  [
    'forgets what came before a chunk',
    class extends Lines {
      override receive(chunk: Buffer): void {
        this.kept = chunk;
      }
    },
    'gives the same frames however the bytes are split',
  ],
  [
    'drops what was not asked for in time',
    class extends Lines {
      override receive(chunk: Buffer): void {
        if (this.kept.includes(10)) this.kept = Buffer.alloc(0);
        super.receive(chunk);
      }
    },
    'gives the same frames if next is called only after all bytes',
  ],
  [
    'loses a byte far into the stream',
    class extends Lines {
      #received = 0;
      override receive(chunk: Buffer): void {
        const before = this.#received;
        this.#received += chunk.length;
        super.receive(before < 1000 && this.#received > 1000 ? chunk.subarray(1) : chunk);
      }
    },
    'gives the frames of a long stream in random pieces',
  ],
  [
    'gives an empty frame for nothing',
    class extends Lines {
      #given = false;
      override next(): Buffer | undefined {
        const line = super.next();
        if (line !== undefined || this.kept.length > 0 || this.#given) return line;
        this.#given = true;
        return Buffer.alloc(0);
      }
    },
    'gives nothing without bytes, for empty chunks, or after the last frame',
  ],
  [
    'uses the memory of its frames again',
    class extends Lines {
      readonly #memory = Buffer.alloc(64);
      override next(): Buffer | undefined {
        const line = super.next();
        if (line === undefined) return undefined;
        line.copy(this.#memory);
        return this.#memory.subarray(0, line.length);
      }
    },
    'gives frames that do not change afterwards',
  ],
  [
    'keeps the rest of a lent chunk where it is',
    class extends LentLines {
      override keepRest(): void {}
    },
    'needs no chunk after next has returned undefined',
  ],
  [
    'keeps the unfinished line only',
    class extends LentLines {
      override keepRest(): void {
        if (!this.kept.includes(10)) super.keepRest();
      }
    },
    'copies unconsumed bytes in keepRest',
  ],
  [
    'keeps part of the rest',
    class extends Lines {
      override takeRest(): Buffer {
        return super.takeRest().subarray(1);
      }
    },
    'gives back exactly the bytes that belong to no frame',
  ],
  [
    'counts what it has given away',
    class extends Lines {
      #received = 0;
      override get bufferedBytes(): number {
        return this.#received;
      }
      override receive(chunk: Buffer): void {
        this.#received += chunk.length;
        super.receive(chunk);
      }
    },
    'counts the bytes that it holds',
  ],
  [
    'goes on after an error',
    class extends Lines {
      protected override fail(end: number): never {
        this.kept = this.kept.subarray(end + 1);
        throw new LineError('not a line');
      }
    },
    'refuses a control character, after the frames before it, and permanently',
  ],
  [
    'throws before it has given the frames before the fault',
    class extends Lines {
      override receive(chunk: Buffer): void {
        super.receive(chunk);
        if (chunk.includes(1)) this.fail(0);
      }
    },
    'refuses a control character, after the frames before it, and permanently',
  ],
  [
    'keeps whatever comes',
    class extends Lines {
      override next(): Buffer | undefined {
        return this.kept.includes(10) ? super.next() : undefined;
      }
    },
    'refuses a frame without an end before it buffers too much',
  ],
  [
    'throws what is not documented',
    class extends Lines {
      protected override fail(): never {
        throw new RangeError('out of bounds');
      }
    },
    'throws only documented errors for random bytes, and always ends',
  ],
  [
    'gives frames for ever',
    class extends Lines {
      override next(): Buffer | undefined {
        return super.next() ?? (this.kept.includes(120) ? Buffer.alloc(0) : undefined);
      }
    },
    'throws only documented errors for random bytes, and always ends',
  ],
];

describe('the decoder contract', () => {
  for (const { name, run } of contractOver(() => new Lines())) it(name, run);

  it('has no two cases of one name', () => {
    const names = contractOver(() => new Lines()).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('asks for two frames or more', () => {
    const make = (): Lines => new Lines();
    expect(() => decoderContract({ make, wire: Buffer.of(10), frames: [Buffer.of()] })).toThrow(
      InvalidArgumentValueError,
    );
  });

  it('needs neither takeRest nor bufferedBytes', async () => {
    const make = (): { receive(chunk: Buffer): void; next(): Buffer | undefined } => {
      const lines = new Lines();
      return { receive: (chunk) => lines.receive(chunk), next: () => lines.next() };
    };
    const wire = Buffer.from('a\nb\n');
    const frames = [Buffer.from('a'), Buffer.from('b')];
    const contract = decoderContract({ make, wire, frames, errors: [LineError] });
    expect(contract).toHaveLength(6);
    for (const { run } of contract) await run();
  });

  it('holds of a decoder that takes lent chunks', async () => {
    const contract = contractOver(() => new LentLines());
    expect(contract.length).toBe(contractOver(() => new Lines()).length + 2);
    for (const { run } of contract) await run();
  });

  it('says how the bytes were split if frames differ', async () => {
    const [, Mutant, name] = BROKEN[0] ?? [];
    if (Mutant === undefined || name === undefined) throw new Error('no mutant');
    expect(
      await outcome(
        contractOver(() => new Mutant()),
        name,
      ),
    ).toContain('split into 1 + 11');
  });
});

describe('the decoder contract over a decoder that', () => {
  it.each(BROKEN)('%s', async (_what, Mutant, noticedBy) => {
    expect(
      await outcome(
        contractOver(() => new Mutant()),
        noticedBy,
      ),
    ).not.toBe('passed');
  });
});
