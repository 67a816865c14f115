// Logs to the terminal and, as lines of JSON, to a file: `node --import tsx examples/logging.ts chat.log`.
import { createReactor } from 'ropewalk';
import {
  globalLogBeginner,
  globalLogPublisher,
  jsonLinesObserver,
  LogFile,
  Logger,
  logReportedErrors,
  textObserver,
} from 'ropewalk/logger';

const log = new Logger({ namespace: 'chat.rooms' });
log.info('starting with {argv}', { argv: process.argv.slice(2) }); // kept until logging begins

const file = new LogFile(process.argv[2] ?? 'chat.log', { maxBytes: 10_000_000, keep: 5 });
globalLogBeginner.beginLoggingTo([textObserver(process.stdout), jsonLinesObserver(file)]);
using _bridge = logReportedErrors(); // exceptions of callbacks are events too

log.debug('not shown: the threshold is info');
globalLogPublisher.levels.set('chat', 'debug');
log.debug('shown from now on');
log.info('{user.name} joined {room}', { user: { name: 'ann', password: 'hunter2' }, room: 'a' });
log.warn('{count} messages wait, {percent:.1%}', { count: 120, percent: 0.6 });
log.failure('while saving {room}', new Error('disk is full'), { room: 'a' }, 'error');

const reactor = createReactor();
reactor.callLater(10, () => {
  throw new Error('of a callback');
});
reactor.callLater(20, () => reactor.stop());
await reactor.run();
await file.close();
