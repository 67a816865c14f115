/** The descriptors contract over each reactor: the pure-JS one has to say that it cannot watch descriptors. */
import { beforeEach, describe, it } from 'vitest';
import { descriptorsContract } from '../../src/testing/contracts/descriptors/descriptors-contract.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('descriptors ($name)', (reactor) => {
  const makeStage = inRealTime(() => reactor.make(), { deadlineMs: DEADLINE_MS });
  beforeEach(() => needs('fifos'));
  for (const { name, run } of descriptorsContract(makeStage, { supported: reactor.native })) {
    it(name, async () => {
      if (reactor.name === 'native+poll' && name.endsWith('not open')) needs('invalidPolls');
      await run();
    });
  }
});
