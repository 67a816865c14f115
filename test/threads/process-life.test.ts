import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';

const PROGRAM = new URL('./programs/process-life.ts', import.meta.url);

describe('a process with threads', () => {
  it.each([
    ['ends while they are idle', 'nothing', ''],
    ['waits for a call, and ends', 'later', 'a result\n'],
    [
      'waits for the failure of a call',
      'exit',
      'the thread ropewalk pool ended with exit code 3\n',
    ],
  ])('%s', async (_name, call, printed) => {
    const { code, stdout, stderr } = await runProgram(PROGRAM, [call]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: printed, stderr: '' });
  });
});
