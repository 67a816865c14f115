/** However a process ends while sockets are open, it ends with its own exit code and without a crash. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import type { ReactorMaker } from '../support/reactors.js';

const PROGRAM = new URL('./programs/endings.ts', import.meta.url);

export function checkEndings(reactors: readonly ReactorMaker[]): void {
  describe.each(reactors.map(({ name }) => name))('a process ends (%s)', (name) => {
    it.each([
      ['by process.exit inside dataReceived', 'exit-in-callback'],
      ['by process.exit in a timer', 'exit-in-timer'],
      ['with unsent data', 'exit-with-unsent-data'],
      ['with a reactor that is used in an exit handler', 'exit-in-exit-handler'],
      ['by itself once all is closed', 'natural'],
      ['with reactors that were never disposed of', 'never-disposed'],
      ['in mid write', 'peer-mid-write'],
    ])('%s', async (_how, scene) => {
      const { code, signal, stdout, stderr } = await runProgram(PROGRAM, [name, scene]);
      expect({ code, signal, stdout, stderr }).toEqual({
        code: 7,
        signal: null,
        stdout: 'ok\n',
        stderr: '',
      });
    });

    it('by an uncaught error, which is shown', async () => {
      const { code, signal, stdout, stderr } = await runProgram(PROGRAM, [name, 'uncaught']);
      expect({ code, signal, stdout }).toEqual({ code: 1, signal: null, stdout: 'ok\n' });
      expect(stderr).toContain('nobody catches this');
    });

    it.each([
      ['keeps what only the reactor refers to', 'garbage'],
      ['collects reactors that were disposed of', 'garbage-reactors'],
    ])('and until then %s', async (_what, scene) => {
      const nodeFlags = ['--expose-gc'];
      const { code, stdout, stderr } = await runProgram(PROGRAM, [name, scene], { nodeFlags });
      expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'ok\n', stderr: '' });
    });
  });
}
