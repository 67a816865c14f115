/** The transport contract over a reactor, for connections of one kind, seen from both ends. */
import { describe, it } from 'vitest';
import {
  inRealTime,
  type PairOptions,
  pairsOver,
} from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { DEADLINE_MS } from './deadline.js';
import { HUGE, HUGE_UNIX } from './pairs.js';
import { LACKS, RESET_RETRIES } from './platform.js';
import type { ReactorMaker } from './reactors.js';

export function describeTransports(
  { make }: ReactorMaker,
  via: NonNullable<PairOptions['via']>,
): void {
  const makePair = pairsOver(
    inRealTime(() => make(), { deadlineMs: DEADLINE_MS }),
    { via },
  );
  const options = {
    overflowBytes: via === 'tcp' ? HUGE : HUGE_UNIX,
    resets: via === 'tcp',
    halfClose: via === 'tcp' || LACKS.pipeHalves === undefined,
  };
  const ends: readonly [string, MakePair][] = [
    ['that was connected', makePair],
    ['that was accepted', (client, server) => makePair(server, client)],
  ];
  describe.each(ends)('%s', (_end, makeEnds) => {
    const told = transportContract(makeEnds, options);
    for (const { name, run } of told) {
      it(name, { retry: name.includes('reset') ? RESET_RETRIES : 0 }, run);
    }
  });
}
