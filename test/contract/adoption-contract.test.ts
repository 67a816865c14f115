/** The adoption contract over each reactor, with sockets of the native one. */
import { beforeEach, describe, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { adoptionContract } from '../../src/testing/contracts/adoption/adoption-contract.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('adoption ($name)', ({ make, native }) => {
  const makeStage = inRealTime(() => make(), { deadlineMs: DEADLINE_MS });
  const makeSource = () => createReactor({ kind: 'native' });
  beforeEach(() => needs('descriptors'));
  for (const { name, run } of adoptionContract(makeStage, makeSource, { duplicates: native }))
    it(name, run);
});
