/** The transport contract over TLS, on each reactor, by each engine, seen from both ends. */
import { describe, it } from 'vitest';
import { inRealTime, pairsOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';
import { ENGINES, securedPairs } from './secured.js';

const COMBINATIONS = REACTORS.flatMap((reactor) => ENGINES.map((engine) => ({ reactor, engine })));

describe.each(COMBINATIONS)('TLS by $engine on $reactor.name', ({ reactor, engine }) => {
  const makePair = securedPairs(
    pairsOver(inRealTime(() => reactor.make(), { deadlineMs: DEADLINE_MS })),
    engine,
  );
  const ends: readonly [string, MakePair][] = [
    ['a client', makePair],
    ['a server', (client, server) => makePair(server, client)],
  ];
  describe.each(ends)('%s', (_end, makeEnds) => {
    const contract = transportContract(makeEnds, { halfClose: 'closes' });
    for (const { name, run } of contract) it(name, run);
  });
});
