// Runs a command of the shell and prints its output: `node --import tsx examples/process-output.ts 'date -u'`.
import { createReactor } from 'ropewalk';
import { getProcessOutput } from 'ropewalk/process';

const [command = 'date -u'] = process.argv.slice(2);
const reactor = createReactor();
try {
  const output = await getProcessOutput(reactor, '/bin/sh', {
    args: ['-c', command],
    env: null, // that of this program
    session: true, // so that the time limit also ends what the shell has started
    timeoutMs: 10_000,
    maxBytes: 1024 * 1024,
  });
  process.stdout.write(output);
} catch (error) {
  console.error(`process-output: ${(error as Error).message}`);
  process.exitCode = 1;
}
