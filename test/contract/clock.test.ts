/** The clock contract over each reactor. What only a reactor does with time is in time.test.ts. */
import { describe, it } from 'vitest';
import { clockContract } from '../../src/testing/contracts/clock/clock-contract.js';
import { clocksOver, inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('a clock ($name)', ({ make }) => {
  const makeClock = clocksOver(inRealTime(() => make(), { deadlineMs: DEADLINE_MS }));
  for (const { name, run } of clockContract(makeClock)) it(name, run);
});
