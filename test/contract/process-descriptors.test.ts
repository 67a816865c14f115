/** Child processes when the process has few descriptors left. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { ONE_POLLER } from '../support/reactors.js';

const PROGRAM = new URL('./programs/few-descriptors.ts', import.meta.url);

describe.skipIf(process.platform !== 'linux').each(ONE_POLLER)('processes ($name)', ({ name }) => {
  it('leave no descriptor behind if there are too few for their pipes', async () => {
    const { stdout, stderr } = await runProgram(PROGRAM, [name], { before: 'ulimit -n 300' });
    expect({ stdout, stderr }).toEqual({ stdout: 'true 0\n', stderr: '' });
  });
});
