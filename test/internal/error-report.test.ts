import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';

describe('reportError', () => {
  it('publishes the error, and prints it unless a subscriber silenced it', async () => {
    const program = new URL('./programs/report.ts', import.meta.url);
    const { stdout, stderr } = await runProgram(program);
    expect(stdout.trim().split('\n')).toEqual(['somebody listens: second', 'silenced: third']);
    expect(stderr.match(/^ropewalk: .*/gm)).toEqual([
      'ropewalk: nobody listens: Error: first',
      'ropewalk: somebody listens: Error: second',
    ]);
  });
});
