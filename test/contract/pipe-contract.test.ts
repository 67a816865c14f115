/** The pipe contract over each reactor. */
import { beforeEach, describe, it } from 'vitest';
import { pipeContract } from '../../src/testing/contracts/pipes/pipe-contract.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('pipes ($name)', ({ make, native }) => {
  const makeStage = inRealTime(() => make(), { deadlineMs: DEADLINE_MS });
  beforeEach(() => needs('descriptors'));
  const noticesReaders = native && process.platform === 'linux';
  for (const { name, run } of pipeContract(makeStage, { noticesReaders })) it(name, run);
});
