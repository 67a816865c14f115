/** The processes contract over each reactor. */
import { beforeEach, describe, it } from 'vitest';
import { processContract } from '../../src/testing/contracts/processes/process-contract.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('processes ($name)', ({ make }) => {
  const makeStage = inRealTime(() => make(), { deadlineMs: DEADLINE_MS });
  beforeEach(() => needs('descriptors'));
  for (const { name, run } of processContract(makeStage)) it(name, run);
});
