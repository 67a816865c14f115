/** The UNIX datagram contract over each reactor: the pure-JS one has to say that it has no such sockets. */
import { describe, it } from 'vitest';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { unixDatagramContract } from '../../src/testing/contracts/unix-datagram/unix-datagram-contract.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { LACKS } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('UNIX datagrams ($name)', ({ make, native }) => {
  const makeStage = inRealTime(() => make(), { deadlineMs: DEADLINE_MS });
  const supported = native && LACKS.unixDatagrams === undefined;
  for (const { name, run } of unixDatagramContract(makeStage, { supported })) it(name, run);
});
