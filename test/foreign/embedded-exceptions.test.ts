/** Exceptions of Node's callbacks inside another loop end the process, or reach its handlers, as they do in Node's own. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';

const PROGRAM = new URL('./programs/uncaught.ts', import.meta.url);

describe.each(['glib', 'poll', 'interleaved'])('with the thread owned by %s', (owner) => {
  it('reach the handlers of uncaught exceptions, and nothing else is disturbed', async () => {
    const { code, stdout, stderr } = await runProgram(PROGRAM, [owner, 'handled']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'immediate uncaughtException true',
      'file uncaughtException true',
      'tick uncaughtException true',
      'timer uncaughtException true',
      'microtask uncaughtException true',
      'rejection unhandledRejection true',
    ]);
  });

  it('end the process with their stack, if there is no handler', async () => {
    const { code, signal, stderr } = await runProgram(PROGRAM, [owner]);
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain('Error: immediate\n    at ');
  });
});
