/** A protocol of blocks, each of which determines the kind and length of the next one. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { Transport } from '../core/transport.js';
import { onRejection } from '../defer/callback-result.js';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { FrameTooLongError } from './errors.js';
import { FixedLengthDecoder } from './fixed-length-decoder.js';
import { MAX_FRAME_BYTES } from './frame-decoder.js';
import { FrameReceiver } from './frame-receiver.js';

/**
 * The function that receives the next block, and the length of that block: 0 up to the protocol's `maxBlockBytes`. The function
 * is called with the protocol as `this`; it returns the next state, or `undefined` for another block of the same kind.
 */
export type BlockState = readonly [
  blockReceived: (block: Buffer) => BlockState | undefined,
  bytes: number,
];

export interface StatefulProtocolOptions {
  /** The greatest length that a state may request, 1 to 2^31 - 1. Default 1 MiB. */
  readonly maxBlockBytes?: number;
}

const DEFAULT_MAX_BLOCK_BYTES = 1024 * 1024;
const MAX_EMPTY_BLOCKS = 100;

const OPTIONS: OptionNames<StatefulProtocolOptions> = { maxBlockBytes: true };

/**
 * Base for block protocols. A state that requests 0 bytes is called immediately with an empty block. Blocks are yours to keep,
 * unless {@link acceptsLentFrames}.
 *
 * @example
 * class Messages extends StatefulProtocol {
 *   override getInitialState(): BlockState {
 *     return [this.headerReceived, 4];
 *   }
 *   headerReceived(header: Buffer): BlockState {
 *     return [this.bodyReceived, header.readUInt32BE()];
 *   }
 *   bodyReceived(body: Buffer): BlockState { ... }
 * }
 */
export abstract class StatefulProtocol extends FrameReceiver {
  readonly #decoder: FixedLengthDecoder;
  readonly #maxBlockBytes: number;
  #state: BlockState = undefined as never;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: StatefulProtocolOptions = {}) {
    checkOptions('StatefulProtocol', options, OPTIONS);
    const { maxBlockBytes = DEFAULT_MAX_BLOCK_BYTES } = options;
    const decoder = new FixedLengthDecoder(1);
    super(decoder);
    this.#decoder = decoder;
    this.#maxBlockBytes = checkInteger('maxBlockBytes', maxBlockBytes, 1, MAX_FRAME_BYTES);
  }

  /** The first state: called once for each connection, after `connectionMade`. */
  abstract getInitialState(): BlockState;

  override makeConnection(transport: Transport): MaybeAsync {
    const made = super.makeConnection(transport);
    this.#state = this.getInitialState();
    this.expectBlock();
    return made;
  }

  /**
   * @throws FrameTooLongError a state requests more than `maxBlockBytes`: the peer announced too much.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError a state requests an invalid number of bytes, or 100 consecutive
   * states request 0.
   */
  override frameReceived(frame: Buffer): void {
    this.giveBlock(frame);
    this.expectBlock();
  }

  private giveBlock(block: Buffer): void {
    const next = this.#state[0].call(this, block);
    if (next === undefined) return;
    if (!Array.isArray(next) || typeof next[0] !== 'function') {
      // The error below describes an asynchronous state well enough.
      onRejection(next, () => {});
      throw new InvalidArgumentTypeError('the next state', 'a function and a length', next);
    }
    this.#state = next;
  }

  private expectBlock(): void {
    for (let empty = 0; empty < MAX_EMPTY_BLOCKS; empty++) {
      const bytes = checkInteger('bytes of a state', this.#state[1], 0, Number.MAX_SAFE_INTEGER);
      if (bytes > this.#maxBlockBytes) {
        throw new FrameTooLongError(this.#maxBlockBytes, bytes, 'maxBlockBytes');
      }
      if (bytes > 0) {
        this.#decoder.length = bytes;
        return;
      }
      if (!this.transport.connected || this.transport.disconnecting) return;
      this.giveBlock(Buffer.alloc(0));
    }
    const expected = `more than 0 once in ${MAX_EMPTY_BLOCKS} states`;
    throw new InvalidArgumentValueError('bytes of a state', expected, 0);
  }
}
