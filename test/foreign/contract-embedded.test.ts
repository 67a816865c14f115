/** The reactor contract while another loop owns the thread: all of vitest runs inside it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { reactorContract } from '../../src/testing/contracts/reactor/reactor-contract.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import { beginOwning, OWNERS, type OwnedThread } from './thread-owners.js';

describe.each(OWNERS)('with the thread owned by $name', (owner) => {
  let owned: OwnedThread;
  beforeAll(async () => {
    owned = await beginOwning(owner, createReactor({ kind: 'node' }));
  });
  afterAll(() => owned.end());

  describe.each(ONE_POLLER)('a reactor ($name)', ({ make }) => {
    for (const { name, run } of reactorContract(
      inRealTime(() => make(), { deadlineMs: DEADLINE_MS }),
    )) {
      it(name, async () => {
        expect(owned.inside()).toBe(true);
        await run();
        expect(owned.inside()).toBe(true);
      });
    }
  });
});
