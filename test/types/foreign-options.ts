/** Calls that take options of `ropewalk/foreign`. */
import { EmbeddedReactor } from '../../src/foreign/embedded-reactor.js';
import {
  attachForeignLoop,
  CoreFoundationLoop,
  embedInGLib,
  GLibLoop,
} from '../../src/foreign/index.js';
import { MemoryReactor } from '../../src/testing/index.js';
import type { Call } from './option-calls.js';

const loop = {
  name: 'test',
  prepare: () => ({ descriptors: [], until: Number.POSITIVE_INFINITY }),
  dispatch: () => {},
};

export const FOREIGN_CALLS: Readonly<Record<string, readonly Call[]>> = {
  BlockOptions: [
    (o) => EmbeddedReactor.prototype.block(() => {}, o),
    (o) => EmbeddedReactor.prototype.blockNative({ address: 1n, args: [] }, o),
  ],
  EmbedInGLibOptions: [(o) => embedInGLib(EmbeddedReactor.prototype, o)],
  AttachOptions: [(o) => attachForeignLoop(new MemoryReactor(), loop, o)],
  CoreFoundationLoopOptions: [(o) => new CoreFoundationLoop(o)],
  GLibLoopOptions: [(o) => new GLibLoop(o)],
};
