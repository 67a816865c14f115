// An echo server on all processors: `node --import tsx examples/worker-group.ts --port 7011 --workers 2`.
// SIGHUP replaces the workers, SIGUSR2 prints metrics, SIGINT and SIGTERM end them.
import { parseArgs } from 'node:util';
import { runWorkers, type WorkerEvent } from 'ropewalk/workers';

function log(event: WorkerEvent): void {
  if (event.type === 'exited' && !event.asked) console.log(`worker ${event.worker} is gone`);
  if (event.type === 'ready') console.log(`worker ${event.worker} is ready`);
}

try {
  const options = {
    port: { type: 'string' },
    workers: { type: 'string' },
    threads: { type: 'boolean' },
  } as const;
  const { port = '7011', workers, threads } = parseArgs({ options }).values;
  const group = runWorkers(new URL('./worker-echo.ts', import.meta.url), {
    ...(workers === undefined ? {} : { workers: Number(workers) }),
    kind: threads ? 'threads' : 'processes',
    data: { port: Number(port) },
    drainMs: 5_000,
    onEvent: log,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => group.stop());
  process.on('SIGHUP', () => group.restartAll());
  process.on('SIGUSR2', async () => {
    const { counters, gauges } = await group.metrics();
    console.log(`${counters.messages} messages, ${gauges.visitors} visitors`);
  });
  await group.ready;
  console.log(`echo workers listening on port ${group.addresses[0]?.port}`);
} catch (error) {
  console.error(`worker-group: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
