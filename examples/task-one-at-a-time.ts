// Works if no other process does: `node --import tsx examples/task-one-at-a-time.ts work.lock`. Exit code 3: another does.
import {
  createReactor,
  DeferredFilesystemLock,
  ExitError,
  type Reactor,
  react,
  ticks,
} from 'ropewalk';

async function main(reactor: Reactor, path = 'work.lock'): Promise<void> {
  const lock = new DeferredFilesystemLock(path, reactor, { pollMs: 100 });
  await lock.deferUntilLocked(500).addErrback((failure) => {
    throw failure.check('ERR_TIMEOUT') ? new ExitError(3) : failure.value;
  });
  try {
    if (lock.clean === false) console.log('the last one died at work');
    let left = 3;
    for await (const count of ticks(reactor, 50)) {
      left -= count; // more than 1 if this process was delayed
      console.log(left > 0 ? 'working' : 'done');
      if (left <= 0) break;
    }
  } finally {
    lock.unlock();
  }
}

await react(main, { reactor: createReactor(), argv: process.argv.slice(2) as [string?] });
