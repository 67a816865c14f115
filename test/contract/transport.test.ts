/** The transport contract over each reactor. What needs sockets of the system's own is in the files beside this one. */
import { describe, it } from 'vitest';
import { inRealTime, pairsOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { REACTORS } from '../support/reactors.js';

describe.each(REACTORS)('a transport ($name)', ({ make }) => {
  const makePair = pairsOver(inRealTime(() => make()));
  const ends: readonly [string, MakePair][] = [
    ['that was connected', makePair],
    ['that was accepted', (client, server) => makePair(server, client)],
  ];
  describe.each(ends)('%s', (_end, makeEnds) => {
    for (const { name, run } of transportContract(makeEnds)) {
      it(name, run);
    }
  });
});
