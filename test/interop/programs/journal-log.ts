/** Logs two events to the journal of systemd: see ../logger.test.ts. */
import { createReactor } from '../../../src/index.js';
import { Journal, Logger } from '../../../src/logger/index.js';

const reactor = createReactor();
const journal = new Journal(reactor, { identifier: 'ropewalk-test' });
const log = new Logger({ namespace: 'chat', observer: journal.observe });
log.info('{user} joined', {
  user: 'ann\nPRIORITY=0',
  password: 'hunter2',
  big: 'x'.repeat(50_000),
});
log.failure('broken', new Error('bad'));
// Datagrams leave at the end of the turn.
reactor.callLater(1, () => {
  journal.close();
  reactor.stop();
});
await reactor.run();
process.exitCode = journal.dropped;
