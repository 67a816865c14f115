// Jobs shared among workers, kept by Redis until they are done: `node --import tsx examples/job-queue.ts work one` in one terminal, `work
// two` in another, and `node --import tsx examples/job-queue.ts add paint sand varnish` in a third. Kill a worker: others do its jobs.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor } from 'ropewalk';
import { RedisStreams } from 'ropewalk/pubsub';

const { values, positionals } = parseArgs({
  options: {
    redis: { type: 'string', default: 'tcp:127.0.0.1:6379' },
    seconds: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});
const [command, ...names] = positionals;
const reactor = createReactor();
const endpoint = clientFromString(reactor, values.redis);
const jobs = new RedisStreams(endpoint, { clock: reactor, prefix: 'example:' });
try {
  if (command === 'add') {
    for (const name of names) console.log(`${name} is job ${await jobs.publish('jobs', name)}`);
  } else if (command === 'work') {
    const [worker = `${process.pid}`] = names;
    const work = async (name: string): Promise<void> => {
      await new Promise((done) => void setTimeout(done, Number(values.seconds) * 1_000));
      console.log(`${worker}: ${name} is done`);
    };
    const subscription = jobs.subscribe('jobs', ({ text }) => work(text), {
      group: 'workers',
      consumer: worker,
      after: 'oldest', // jobs that were added before the first worker
      claimAfterMs: 10_000, // longer than a job takes
      maxQueued: 1, // take a job when the last one is done
    });
    await subscription.ready();
    console.log(`${worker} is ready`);
    await reactor.run(); // until SIGINT or SIGTERM
  } else {
    throw new TypeError('the command is add or work');
  }
} catch (error) {
  console.error(`job-queue: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await jobs.close();
}
