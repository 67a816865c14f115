/** The UDP contract over each reactor. What needs sockets of the system's own is in the files beside this one. */
import { describe, it } from 'vitest';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { udpContract } from '../../src/testing/contracts/udp/udp-contract.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { LACKS } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('UDP ports ($name)', ({ make, native }) => {
  const makeStage = inRealTime(() => make(), { deadlineMs: DEADLINE_MS });
  const refusals = !native || LACKS.refusals === undefined;
  const multicast = LACKS.multicast === undefined;
  for (const { name, run } of udpContract(makeStage, { refusals, multicast })) it(name, run);
});

describe.each(REACTORS)('UDP ports that overwrite what they have lent ($name)', ({ make }) => {
  const makeStage = inRealTime(() => make({ poisonLentBytes: true }), { deadlineMs: DEADLINE_MS });
  const contract = udpContract(makeStage, { poisonsLentBytes: true });
  for (const { name, run } of contract) if (name.includes('lent')) it(name, run);
});
