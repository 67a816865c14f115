// Runs a command of the shell when files have changed: `node --import tsx examples/run-on-change.ts src 'npm test'`.
import { createReactor } from 'ropewalk';
import { watchFiles } from 'ropewalk/files';
import { getProcessOutputAndValue } from 'ropewalk/process';

const [folder = '.', command = 'date'] = process.argv.slice(2);
const reactor = createReactor();
const watcher = watchFiles(reactor, folder, {
  ignore: ['.git', 'node_modules', '*~'],
  settleMs: 100, // one event for each path, when nothing has happened for this long
});
const run = reactor.run();
try {
  await watcher.ready();
  console.log(`watching ${watcher.directories} directories`);
  for await (const event of watcher) {
    if (event.kind === 'attributes' || event.kind === 'lost') continue;
    console.log(`${event.kind} ${event.path}`);
    const { exitCode, stdout, stderr } = await getProcessOutputAndValue(reactor, '/bin/sh', {
      args: ['-c', command],
      env: null,
      timeoutMs: 60_000,
    });
    process.stdout.write(Buffer.concat([stdout, stderr]));
    if (exitCode !== 0) console.error(`run-on-change: exit code ${exitCode}`);
  }
} catch (error) {
  console.error(`run-on-change: ${(error as Error).message}`);
  process.exitCode = 1;
  if (reactor.running) reactor.stop();
}
await run;
