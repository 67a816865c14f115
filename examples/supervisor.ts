// Keeps commands running: `node --import tsx examples/supervisor.ts --run 'web=node web.js' --run 'clock=date; sleep 5'`.
// On SIGTERM or SIGINT it stops them, the last one first.
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { type ProcessEvent, ProcessMonitor } from 'ropewalk/process';

function report(event: ProcessEvent): void {
  const { type, name } = event;
  if (type === 'started') console.log(`${name}: started, process ${event.pid}`);
  else if (type === 'stopped') console.log(`${name}: stopped`);
  else {
    const { message } = type === 'failed' ? event.error : event.reason;
    console.log(`${name}: ${message}; starts again in ${event.delayMs} ms`);
  }
}

try {
  const { run, 'restart-ms': restartMs } = parseArgs({
    options: {
      run: { type: 'string', multiple: true, default: ['hello=echo hello; sleep 2'] },
      'restart-ms': { type: 'string', default: '1000' },
    },
  }).values;
  const reactor = createReactor();
  const monitor = new ProcessMonitor(reactor, {
    minRestartDelayMs: Number(restartMs),
    onEvent: report,
  });
  for (const text of run) {
    const [, name = text, command = text] = /^([\w-]+)=(.*)$/s.exec(text) ?? [];
    monitor.addProcess(name, '/bin/sh', { args: ['-c', command], env: null });
  }
  reactor.callWhenRunning(() => monitor.start());
  reactor.addSystemEventTrigger('before', 'shutdown', () => monitor.stop());
  await reactor.run();
} catch (error) {
  console.error(`supervisor: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 2;
}
