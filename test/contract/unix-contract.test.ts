/** The UNIX contract over each reactor. Cases that need other clients, processes or systems are in the files beside this one. */
import { describe, it } from 'vitest';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { unixContract } from '../../src/testing/contracts/unix/unix-contract.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { LACKS, needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('UNIX ports and connectors ($name)', ({ make }) => {
  const makeStage = inRealTime(() => make(), { deadlineMs: DEADLINE_MS });
  for (const { name, run } of unixContract(makeStage, { files: LACKS.socketFiles === undefined })) {
    it(name, async () => {
      if (name.includes('path in use') || name.startsWith('frees')) needs('exclusivePipes');
      await run();
    });
  }
});
