/** The transport contract over TLS, seen from both ends. */
import { describe, it } from 'vitest';
import { inRealTime, pairsOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { REACTORS, type ReactorMaker } from '../support/reactors.js';
import { ENGINES, type Engine, securedPairs } from './secured.js';

/** @param includes Whether the contract is checked with this reactor and engine. */
export function transportContractOverTLS(
  includes: (reactor: ReactorMaker, engine: Engine) => boolean,
): void {
  const combinations = REACTORS.flatMap((reactor) =>
    ENGINES.filter((engine) => includes(reactor, engine)).map((engine) => ({ reactor, engine })),
  );
  describe.each(combinations)('TLS by $engine on $reactor.name', ({ reactor, engine }) => {
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
}
