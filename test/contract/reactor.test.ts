/** The reactor contract over each reactor. What needs the system's help is in the files beside this one. */
import { describe, it } from 'vitest';
import { reactorContract } from '../../src/testing/contracts/reactor/reactor-contract.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('a reactor ($name)', ({ make }) => {
  for (const { name, run } of reactorContract(
    inRealTime(() => make(), { deadlineMs: DEADLINE_MS }),
  ))
    it(name, run);
});
