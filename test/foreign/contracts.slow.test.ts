/**
 * The contract suites over reactors that a busy GLib context is attached to: its timeouts, idle sources and descriptors change
 * nothing. The resolver's, the transports' and the threads' suites have no part that such a context could change.
 */
import { afterEach, describe, it } from 'vitest';
import { attachForeignLoop, type ForeignAttachment, GLibLoop } from '../../src/foreign/index.js';
import { createReactor, type Reactor } from '../../src/index.js';
import { adoptionContract } from '../../src/testing/contracts/adoption/adoption-contract.js';
import { clockContract } from '../../src/testing/contracts/clock/clock-contract.js';
import { descriptorsContract } from '../../src/testing/contracts/descriptors/descriptors-contract.js';
import { pipeContract } from '../../src/testing/contracts/pipes/pipe-contract.js';
import { processContract } from '../../src/testing/contracts/processes/process-contract.js';
import { reactorContract } from '../../src/testing/contracts/reactor/reactor-contract.js';
import { clocksOver, inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { udpContract } from '../../src/testing/contracts/udp/udp-contract.js';
import { unixContract } from '../../src/testing/contracts/unix/unix-contract.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';
import { type GLib, loadGLib } from './glib.js';

const found = loadGLib();
const skipped = found.glib === undefined ? ` (skipped: ${found.why})` : '';

describe.skipIf(found.glib === undefined).each(REACTORS)(
  `with a GLib context attached ($name)${skipped}`,
  ({ name: reactorName, native, make }) => {
    const g = found.glib as GLib;
    const attachments: ForeignAttachment[] = [];

    afterEach(() => {
      for (const attachment of attachments.splice(0)) attachment.detach();
      g.release();
    });

    /** A reactor beside a context that is never idle for long. */
    const makeBusy = (): Reactor => {
      const reactor = make();
      const loop = new GLibLoop({ context: 'new' });
      const attachment = attachForeignLoop(reactor, loop, { keepAlive: false });
      attachments.push(attachment);
      g.timeoutAddTo(loop.address, 3, () => attachment.attached);
      g.timeoutAddTo(loop.address, 0, () => attachment.attached);
      return reactor;
    };
    const makeStage = inRealTime(makeBusy, { deadlineMs: DEADLINE_MS });
    const contracts = {
      clock: clockContract(clocksOver(makeStage)),
      reactor: reactorContract(makeStage),
      UDP: udpContract(makeStage),
      UNIX: unixContract(makeStage),
      descriptors: descriptorsContract(makeStage, { supported: native }),
      adoption: adoptionContract(makeStage, () => createReactor({ kind: 'native' }), {
        duplicates: native,
      }),
      pipes: pipeContract(makeStage, { noticesReaders: native && process.platform === 'linux' }),
      processes: processContract(makeStage),
    };
    for (const [contract, cases] of Object.entries(contracts)) {
      if (reactorName === 'native+poll' && contract !== 'reactor') continue; // the sockets are the same
      describe(contract, () => {
        for (const { name, run } of cases) it(name, run);
      });
    }
  },
);
