/** The contract of pull decoders, as cases over one sample of their input: how it is cut up must never matter. */
import assert from 'node:assert/strict';

import { InvalidArgumentValueError } from '../../../core/errors/arguments.js';
import { checkData, checkFunction } from '../../../internal/check.js';
import { poison } from '../../../internal/lent-bytes.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import { everySplit } from '../../every-split.js';
import type { ContractCase } from '../contract-case.js';
import { addGarbageCase, addLimitCase, addRefusalCases } from './faults.js';
import {
  type AddCase,
  assertSame,
  comparable,
  completed,
  type DecoderContractOptions,
  drain,
  feed,
  randomBelow,
  sizes,
} from './pull-decoder.js';

const OPTIONS: OptionNames<DecoderContractOptions<unknown>> = {
  make: true,
  wire: true,
  frames: true,
  refused: true,
  unending: true,
  errors: true,
};

/**
 * The rules of pull decoders: the same frames however the bytes are split and whenever `next` is called, frames that
 * don't change, an exact rest, lasting errors, limits, and only documented errors for random bytes. A decoder that has
 * `keepRest` accepts lent chunks, too.
 *
 * @throws InvalidArgumentTypeError
 * @throws InvalidArgumentValueError there are fewer than two frames, which is too few for a check.
 * @example
 * const contract = decoderContract({
 *   make: () => new LineDecoder(),
 *   wire: Buffer.from('one\r\ntwo\r\n'),
 *   frames: [Buffer.from('one'), Buffer.from('two')],
 * });
 * for (const { name, run } of contract) it(name, run);
 */
export function decoderContract<Frame>(options: DecoderContractOptions<Frame>): ContractCase[] {
  checkOptions<DecoderContractOptions<unknown>>('decoderContract', options, OPTIONS);
  checkFunction('make', options.make);
  checkData(options.wire);
  const { length } = options.frames;
  if (length < 2) throw new InvalidArgumentValueError('frames', 'two frames or more', length);
  const cases: ContractCase[] = [];
  const add: AddCase = (name, body) => {
    cases.push({ name, run: async () => body() });
  };
  addFrameCases(add, options);
  addRestCases(add, options);
  if (options.make().keepRest !== undefined) addLentCases(add, options);
  addRefusalCases(add, options);
  if (options.unending !== undefined) addLimitCase(add, options, options.unending);
  addGarbageCase(add, options);
  return cases;
}

function addFrameCases<Frame>(add: AddCase, options: DecoderContractOptions<Frame>): void {
  const { make, wire, frames } = options;

  add('gives the same frames however the bytes are split', () => {
    for (const chunks of everySplit(wire)) {
      const decoder = make();
      const given = chunks.flatMap((chunk) => feed(decoder, chunk));
      assertSame(given, frames, `frames, split into ${sizes(chunks)}`);
    }
  });

  add('gives the same frames if next is called only after all bytes', () => {
    for (const chunks of everySplit(wire)) {
      const decoder = make();
      for (const chunk of chunks) decoder.receive(chunk);
      assertSame(drain(decoder, wire.length), frames, `frames, split into ${sizes(chunks)}`);
    }
  });

  add('gives the frames of a long stream in random pieces', () => {
    const random = randomBelow(7);
    const stream = Buffer.concat(Array.from({ length: 200 }, () => wire));
    const decoder = make();
    const given: Frame[] = [];
    for (let at = 0; at < stream.length; ) {
      const end = at + 1 + random(wire.length * 3);
      given.push(...feed(decoder, stream.subarray(at, end)));
      at = end;
    }
    assertSame(given, Array.from({ length: 200 }, () => frames).flat(), 'frames of the stream');
  });

  add('gives nothing without bytes, for empty chunks, or after the last frame', () => {
    const decoder = make();
    assert.equal(decoder.next(), undefined);
    decoder.receive(Buffer.alloc(0));
    assert.equal(decoder.next(), undefined);
    assertSame(feed(decoder, Buffer.from(wire)), frames, 'frames');
    for (let i = 0; i < 3; i++) assert.equal(decoder.next(), undefined);
    decoder.receive(Buffer.alloc(0));
    assert.equal(decoder.next(), undefined);
  });

  add('gives frames that do not change afterwards', () => {
    const decoder = make();
    const given: Frame[] = [];
    const copies: unknown[] = [];
    for (let i = 0; i < 50; i++) {
      for (const byte of wire) {
        const some = feed(decoder, Buffer.of(byte));
        given.push(...some);
        copies.push(...some.map(comparable));
      }
    }
    assert.deepEqual(given.map(comparable), copies, 'frames given long before');
  });
}

function addRestCases<Frame>(add: AddCase, options: DecoderContractOptions<Frame>): void {
  const { make, wire, frames } = options;

  if (make().takeRest !== undefined) {
    add('gives back exactly the bytes that belong to no frame', () => {
      for (const chunks of everySplit(wire)) {
        for (let asked = 0; asked <= frames.length; asked++) {
          const decoder = make();
          for (const chunk of chunks) decoder.receive(chunk);
          const given: Frame[] = [];
          for (let i = 0; i < asked; i++) given.push(decoder.next() as Frame);
          const rest = Buffer.from(decoder.takeRest?.() ?? []);
          assert.equal(decoder.next(), undefined, 'next after takeRest');
          assert.equal(decoder.takeRest?.().length, 0, 'bytes of a second takeRest');
          given.push(...feed(make(), rest));
          const what = `frames, ${asked} of them before takeRest, split into ${sizes(chunks)}`;
          assertSame(given, frames, what);
        }
      }
    });
  }

  if (make().bufferedBytes !== undefined) {
    add('counts the bytes that it holds', () => {
      for (const chunks of everySplit(wire)) {
        const decoder = make();
        assert.equal(decoder.bufferedBytes, 0, 'bufferedBytes at the beginning');
        let received = 0;
        for (const chunk of chunks) {
          decoder.receive(chunk);
          received += chunk.length;
          const held = decoder.bufferedBytes ?? 0;
          assert(held <= received, `bufferedBytes is ${held} of ${received} received`);
        }
        assert.equal(decoder.bufferedBytes, wire.length, 'bufferedBytes with nothing given');
        drain(decoder, wire.length);
        assert.equal(decoder.bufferedBytes, 0, 'bufferedBytes with all given');
      }
    });
  }
}

/** For decoders that accept lent chunks. */
function addLentCases<Frame>(add: AddCase, options: DecoderContractOptions<Frame>): void {
  const { make, wire, frames } = options;

  add('needs no chunk after next has returned undefined', () => {
    for (const chunks of everySplit(wire)) {
      const decoder = make();
      const given: unknown[] = [];
      for (const chunk of chunks) {
        const lent = Buffer.copyBytesFrom(chunk);
        for (const frame of completed(decoder, lent)) given.push(comparable(frame));
        poison(lent);
      }
      assertSame(given, frames, `frames of lent chunks, split into ${sizes(chunks)}`);
    }
  });

  add('copies unconsumed bytes in keepRest', () => {
    for (const chunks of everySplit(wire)) {
      for (let asked = 0; asked < frames.length; asked++) {
        const decoder = make();
        const given: unknown[] = [];
        for (const chunk of chunks) {
          const lent = Buffer.copyBytesFrom(chunk);
          decoder.receive(lent);
          const frame = given.length < asked ? decoder.next() : undefined;
          if (frame !== undefined) given.push(comparable(frame));
          decoder.keepRest?.();
          poison(lent);
        }
        given.push(...drain(decoder, wire.length));
        const what = `frames, up to ${asked} of them before keepRest, split into ${sizes(chunks)}`;
        assertSame(given, frames, what);
      }
    }
  });
}
